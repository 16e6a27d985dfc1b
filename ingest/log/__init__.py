"""The event log: `log.py` is its interface, `files.py` its embedded implementation."""

from ingest.log.files import FileLog
from ingest.log.log import Block, EventLog, LogUnavailable, OffsetOutOfRange

__all__ = ["Block", "EventLog", "FileLog", "LogUnavailable", "OffsetOutOfRange"]
