"""Several processes that send share the log; any may die, and ClickHouse may be away: nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from api.dispatch.transition import webhook_id
from api.erasure_claim import Claim
from api.erasure_receipts import Work, new_receipt, save
from sql.store import Store, StoreUnavailable
from tests.api.conftest import MINUTE
from tests.api.dispatch.receiver import OK, Received
from tests.api.dispatch.stage import Stage, until


class Faulty(Store):
    """A store that can be told to be away: for everything, or for writing."""

    away = False
    read_only = False

    def rows_of(self, *arguments: Any, **more: Any) -> list[dict[str, Any]]:
        if self.away:
            raise StoreUnavailable("away")
        return super().rows_of(*arguments, **more)

    def insert(self, *arguments: Any, **more: Any) -> None:
        if self.away or self.read_only:
            raise StoreUnavailable("away")
        super().insert(*arguments, **more)


@pytest.fixture
def faulty(hooks_store: Store) -> Iterator[Faulty]:
    store = Faulty(hooks_store.url, hooks_store.database)
    yield store
    store.close()


def wanted(lines: list[dict[str, Any]], hook: Any) -> set[str]:
    return {webhook_id(line["id"], hook.hook_id) for line in lines}


def once_each(receiver: Any) -> bool:
    return all(len(bodies) == 1 for bodies in receiver.bodies().values())


def test_two_processes_share_the_partitions_and_one_that_stops_leaves_them(stage: Stage) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    one, other = stage.dispatcher(), stage.dispatcher()
    until(lambda: len(one.partitions) == len(other.partitions) == 2 and one.partitions != other.partitions)
    lines = stage.happen(40)
    until(lambda: receiver.ids == wanted(lines, hook))
    until(lambda: stage.statuses(hook) == ["delivered"] * 40)
    one.stop()
    until(lambda: other.partitions == [0, 1, 2, 3])
    lines += stage.happen(40)
    until(lambda: receiver.ids == wanted(lines, hook))
    assert set(receiver.tries().values()) == {1}


def test_a_process_that_is_killed_under_way_loses_nothing(stage: Stage) -> None:
    slow = False

    def answer(request: Received) -> Any:
        time.sleep(0.05 if slow else 0.01)
        return OK

    receiver = stage.receiver(answer)
    hook = stage.hook(receiver)
    store = stage.store
    command = [sys.executable, "-m", "tests.api.dispatch.process", store.url, store.database, str(stage.directory)]
    process = subprocess.Popen(command)
    try:
        until(lambda: len(stage.store.rows("dispatch_living", {"lease": 1_500})) == 1)
        other = stage.dispatcher()
        until(lambda: len(other.partitions) == 2)
        slow = True
        lines = stage.happen(200)
        until(lambda: len(receiver.received) > 60)
    finally:
        process.kill()
        process.wait()
    until(lambda: other.partitions == [0, 1, 2, 3])
    stage.clock.now += 2 * MINUTE  # what the dead one held is free
    until(lambda: receiver.ids == wanted(lines, hook))
    until(lambda: stage.statuses(hook) == ["delivered"] * 200)
    assert once_each(receiver)
    assert max(receiver.tries().values()) <= 2


def test_while_clickhouse_is_away_nothing_is_read_and_everything_is_told_afterwards(
    stage: Stage, faulty: Faulty
) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    stage.dispatcher(faulty)
    lines = stage.happen(10)
    until(lambda: stage.statuses(hook) == ["delivered"] * 10)
    faulty.away = True
    time.sleep(0.2)
    lines += stage.happen(10)
    time.sleep(0.3)
    assert len(receiver.received) == 10
    faulty.away = False
    until(lambda: receiver.ids == wanted(lines, hook))
    until(lambda: stage.statuses(hook) == ["delivered"] * 20)
    assert set(receiver.tries().values()) == {1}


def test_what_was_told_and_could_not_be_written_is_told_again_by_the_next_process(stage: Stage, faulty: Faulty) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    first = stage.dispatcher(faulty)
    until(lambda: first.partitions == [0, 1, 2, 3])
    until(lambda: first._catalogue is not None and bool(first._catalogue.hooks))
    faulty.read_only = True
    lines = stage.happen(10)
    until(lambda: receiver.ids == wanted(lines, hook))
    first.stop()
    assert stage.deliveries(hook) == []
    stage.dispatcher()
    until(lambda: stage.statuses(hook) == ["delivered"] * 10)
    assert set(receiver.tries().values()) == {2}
    assert once_each(receiver)


def test_a_log_that_was_trimmed_is_read_from_where_it_begins(stage: Stage) -> None:
    receiver = stage.receiver()
    stage.hook(receiver)
    first = stage.dispatcher()
    stage.happen(1)
    until(lambda: len(receiver.received) == 1)
    first.stop()
    beyond = dict.fromkeys(range(4), 1 << 40)
    first._ledger.write_positions(beyond, stage.clock.now * 2)
    second = stage.dispatcher()
    until(lambda: second.partitions == [0, 1, 2, 3])
    stage.happen(1)
    until(lambda: len(receiver.ids) == 2)


def test_who_is_being_erased_is_neither_told_of_nor_written(stage: Stage) -> None:
    receiver = stage.receiver(lambda request: (500, {}))
    hook = stage.hook(receiver)
    stage.append(stage.line("anna"), stage.line("bert"))
    stage.dispatcher()
    until(lambda: [one.attempts for one in stage.deliveries(hook)] == [1, 1])
    receipt = new_receipt(stage.site_id, Work(Claim(stage.site_id, "anna")), stage.clock.now)
    save(stage.store, receipt, new=True)
    time.sleep(0.3)
    stage.append(stage.line("anna"), stage.line("bert"))
    stage.clock.now += MINUTE
    until(lambda: len(receiver.received) == 4)
    time.sleep(0.2)
    told = [one.body for one in receiver.received]
    assert sum(b"anna" in body for body in told) == 1
    assert sorted(one.person_id for one in stage.deliveries(hook)) == ["member:anna", "member:bert", "member:bert"]
    stage.store.command("TRUNCATE TABLE erasures")
