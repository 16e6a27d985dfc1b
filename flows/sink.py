"""Bytewax sink: hands what the shards put out to the process's writer."""

from __future__ import annotations

from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows.writer import Write, Writer


class _Sink(StatelessSinkPartition[tuple[int, Write]]):
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write_batch(self, items: list[tuple[int, Write]]) -> None:
        for shard, write in items:
            self._writer.submit(shard, write)

    def close(self) -> None:
        self._writer.settle()


class StoreSink(DynamicSink[tuple[int, Write]]):
    """Items of one shard arrive in order, so a flush is written after the records it relies on."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Sink:
        return _Sink(self._writer)
