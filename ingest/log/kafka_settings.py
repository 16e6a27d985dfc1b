"""What is told to librdkafka: the operator's settings, Sonnim's own where the promises of the log rest on them."""

import logging
from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaException

Setting = str | int | float | bool

MOST_RECORD_BYTES: Final = 16 << 20
"""The largest record a topic of Sonnim's takes."""

LOGGER: Final = logging.getLogger("sonnim.kafka")
"""librdkafka's own lines: connections that fail and come back."""

_QUIET_SECONDS: Final = 10.0


class _NotAgain(logging.Filter):
    """Lets a kind of line through once in ten seconds: an absent broker is told of at every attempt, by every client."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = str(record.args[0]) if isinstance(record.args, tuple) and record.args else record.getMessage()
        if record.created - self.told.get(kind, 0.0) < _QUIET_SECONDS:
            return False
        self.told[kind] = record.created
        return True


LOGGER.addFilter(_NotAgain())

_COMMON: Final[dict[str, Setting]] = {
    "client.id": "sonnim",
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1_000,
    "socket.connection.setup.timeout.ms": 5_000,
    "socket.timeout.ms": 10_000,
}
_PRODUCER: Final[dict[str, Setting]] = {
    "compression.type": "lz4",
    "linger.ms": 2,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 128 << 10,
    "message.max.bytes": MOST_RECORD_BYTES,
    "retry.backoff.ms": 50,
}
_CONSUMER: Final[dict[str, Setting]] = {
    # A partition taken up anew waits for the answer to the fetch that is under way: an idle one must not be long.
    "fetch.wait.max.ms": 20,
    "fetch.error.backoff.ms": 100,
    "fetch.queue.backoff.ms": 5,
    "fetch.message.max.bytes": 4 << 20,
    "fetch.max.bytes": 32 << 20,
    "receive.message.max.bytes": 64 << 20,
    "message.max.bytes": MOST_RECORD_BYTES,
    "queued.max.messages.kbytes": 64 << 10,
}
_OWN_PRODUCER: Final[dict[str, Setting]] = {"enable.idempotence": True, "acks": "all"}
_OWN_CONSUMER: Final[dict[str, Setting]] = {
    "group.id": "sonnim",  # asked for by the client, never joined: partitions are assigned, checkpoints are ours
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
}


class KafkaSettingsRefused(Exception):
    """librdkafka does not take the settings, or one of them is not the operator's to set. No value is ever in the text."""


class KafkaSettings:
    """The bootstrap servers and the operator's settings (TLS, SASL, tuning: any name librdkafka knows)."""

    def __init__(self, bootstrap: str, settings: Mapping[str, Setting] | None = None) -> None:
        """Raises KafkaSettingsRefused if `settings` names one that Sonnim's promises rest on."""
        self.bootstrap = bootstrap
        self._settings = dict(settings or {})
        own = {"bootstrap.servers", "request.required.acks", *_OWN_PRODUCER, *_OWN_CONSUMER} - {"group.id"}
        if refused := sorted(own & self._settings.keys()):
            raise KafkaSettingsRefused(f"{refused[0]} is Sonnim's own to set; leave it out")

    def __repr__(self) -> str:
        return f"KafkaSettings({self.bootstrap!r}, settings not shown)"

    def admin(self) -> dict[str, Setting]:
        return {"bootstrap.servers": self.bootstrap, **_COMMON, **self._settings}

    def producer(self, message_timeout_s: float) -> dict[str, Setting]:
        """`message_timeout_s`: how long librdkafka tries to deliver a record."""
        timeout = {"message.timeout.ms": int(message_timeout_s * 1000)}
        return {
            "bootstrap.servers": self.bootstrap,
            **_COMMON,
            **_PRODUCER,
            **self._settings,
            **timeout,
        } | _OWN_PRODUCER

    def consumer(self) -> dict[str, Setting]:
        return {"bootstrap.servers": self.bootstrap, **_COMMON, **_CONSUMER, **_OWN_CONSUMER, **self._settings}

    def refused(self, error: KafkaException) -> KafkaSettingsRefused:
        """`error` of making a client, without any of the operator's values in it."""
        text = told(error)
        for value in sorted(map(str, self._settings.values()), key=len, reverse=True):
            text = text.replace(value, "...") if len(value) > 1 else text
        return KafkaSettingsRefused(f"the Kafka client does not take its settings: {text}")


def told(error: KafkaException) -> str:
    """What an exception of the client says, for people."""
    first = error.args[0] if error.args else error
    return str(first.str()) if hasattr(first, "str") else str(first)
