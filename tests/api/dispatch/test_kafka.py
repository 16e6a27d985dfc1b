"""Hooks told from a log of transitions in a real Kafka."""

from __future__ import annotations

from api.dispatch.transition import webhook_id
from ingest.log import KafkaLog
from tests.api.dispatch.stage import PARTITIONS, Stage, until


def test_processes_share_a_topic_and_the_next_one_goes_on_where_they_were(stage: Stage, kafka: str, topic: str) -> None:
    logs = [KafkaLog(kafka, topic, PARTITIONS, append_seconds=20, read_seconds=20) for _ in range(3)]
    stage.log.close()
    stage.log = logs[0]  # type: ignore[assignment]
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    one, other = stage.dispatcher(log=logs[0]), stage.dispatcher(log=logs[1])
    until(lambda: len(one.partitions) == len(other.partitions) == 2, 40)
    lines = stage.happen(50)
    until(lambda: stage.statuses(hook) == ["delivered"] * 50, 40)
    for dispatcher in (one, other):
        dispatcher.stop()
    lines += stage.happen(50)
    stage.dispatcher(log=logs[2])
    until(lambda: stage.statuses(hook) == ["delivered"] * 100, 40)
    assert receiver.ids == {webhook_id(line["id"], hook.hook_id) for line in lines}
    assert set(receiver.tries().values()) == {1}
    stage.dispatchers[-1].stop()
    for log in logs[1:]:
        log.close()
