"""Format `segment`: calls of Segment's spec, one a line, each with its `type` (or a `batch` of such)."""

from collections.abc import Iterator
from pathlib import Path

from ingest.door import Broken, decode_item
from ingest.importers.files import Progress, RawItem, Unreadable, lines, unreadable
from ingest.segment import segment_item, segment_items


def read(path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]:
    for number, line in lines(path, progress):
        message = decode_item(line)
        is_batch = isinstance(message, dict) and "batch" in message
        items = (
            segment_items("batch", message, currency=currency)
            if is_batch
            else [segment_item(message, currency=currency)]
        )
        for item in items:
            if isinstance(item, Broken):
                yield unreadable(number, f"{item.reason}: {item.detail}", line)
            elif isinstance(item, dict):
                yield item
