"""Files of events -> raw items for the door: one file a format; `read` chooses."""

from ingest.importers.files import NotThisFormat, Unreadable
from ingest.importers.formats import FORMATS, read, size

__all__ = ["FORMATS", "NotThisFormat", "Unreadable", "read", "size"]
