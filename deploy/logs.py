"""Log lines of the services: one shape everywhere, text for people or JSON for machines, to standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from deploy.settings import Settings

LONGEST_TEXT = 160
"""Characters of a value in a line for people."""


def configure_logs(settings: Settings, service: str) -> None:
    """Set up structlog, and bring what libraries log (warnings and worse) into the same shape."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]

    def named(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"service": service, **event}

    shared: list[structlog.typing.Processor] = [
        named,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor]
    if settings.log_format == "json":
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    for library in ("urllib3", "clickhouse_connect"):  # a retry is no news: who calls tells when it fails for good
        logging.getLogger(library).setLevel(logging.ERROR)
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _cut(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A line for people stays a line; exceptions keep their trace."""
    return {
        name: value[:LONGEST_TEXT] + "…"
        if isinstance(value, str) and name != "exception" and len(value) > LONGEST_TEXT
        else value
        for name, value in event.items()
    }
