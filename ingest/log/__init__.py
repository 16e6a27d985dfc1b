"""The event log: `log.py` is its interface, `files.py` its embedded implementation, `kafka.py` the one on Apache Kafka."""

from ingest.log.files import FileLog
from ingest.log.kafka import KafkaLog
from ingest.log.kafka_settings import KafkaSettingsRefused
from ingest.log.log import Block, EventLog, LogUnavailable, OffsetOutOfRange, PartitionsDiffer

__all__ = [
    "Block",
    "EventLog",
    "FileLog",
    "KafkaLog",
    "KafkaSettingsRefused",
    "LogUnavailable",
    "OffsetOutOfRange",
    "PartitionsDiffer",
]
