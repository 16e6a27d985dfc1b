"""A rebuild from the log or from events gives the live rows, and the flow goes on from it as if nothing had happened."""

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from flows.erasure import OPEN, Range, records
from flows.lookup import commits_of
from flows.membership.definitions import SETTLING
from flows.membership.memberships import COLUMNS
from flows.rebuild import RebuildRefused, from_events, from_log, swap, waiting_facts
from flows.rebuild_check import compare
from flows.rebuild_replay import Pace
from flows.visitors.limits import DAY, SECOND
from flows.writer import partition_of
from ingest.log.files import FileLog
from sql.store import Store
from tests.flows.shop import DenseLog, Shop
from tests.laws.events import CURRENCIES, arrivals, random_world
from tests.laws.machine import differences
from tests.laws.model import visitor_rows
from tests.laws.people import people_rows

BUILD = {"log": from_log, "events": from_events}
PACE = Pace(stretch=40, write=90)
DAYS = [0, 0, 0, 1, 6, 7, 8, 9, 9, 12, 17, 18, 18]


class Quiet:
    """Progress that only counts, and may end the process (kill -9) at one of its calls."""

    def __init__(self, dies_at: int = -1) -> None:
        self.dies_at, self.calls, self.units, self.total, self.steps = dies_at, 0, 0, 0, []

    def begin(self, step: str, total: int) -> None:
        self.steps.append(step)
        self.total += total

    def advance(self, units: int, records: int) -> None:
        self.units += units
        self.calls += 1
        if self.calls == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def stream(seed: int, size: int = 300) -> tuple[list[dict], list[dict]]:
    """A world, and its events as they arrive."""
    rng = np.random.default_rng(seed)
    world = random_world(rng, size, sites=("alpha", "beta"), visitors=8, items=5, transactions=14, days=DAYS)
    return world, arrivals(world, rng)


def check(shop: Shop, world: list[dict]) -> None:
    """The rows of visitors and people are the model's."""
    stints, people = visitor_rows(world, currencies=CURRENCIES), people_rows(world, currencies=CURRENCIES)
    model = {(*key, ""): row for key, row in stints.items()}
    model |= {(site_id, "", 0, member_id): row for (site_id, member_id), row in people.items()}
    rows = shop.state()["visitors"]
    for key, row in rows.items():
        if key[3]:
            del row["stint_end"], row["logout_at"]
    found = differences(rows, model)
    assert not found, "\n".join(found)


def same(before: dict, after: dict) -> None:
    for table in before:
        assert before[table], table
        found = differences(after[table], before[table])
        assert not found, table + "\n" + "\n".join(found)


@pytest.mark.parametrize(("seed", "sources"), [(0, ("log", "events")), (1, ("events", "log"))])
def test_a_rebuild_is_the_live_state_and_the_flow_goes_on_from_it(clickhouse_url, database, seed, sources):
    world, events = stream(seed, 240)
    rng = np.random.default_rng(seed)
    shop = Shop(clickhouse_url, database, DenseLog(3))
    half = len(events) * 2 // 3
    shop.play(events[:half], rng)
    shop.drain()
    before, targets = shop.state(), commits_of(shop.store)
    for source in sources:
        progress = Quiet()
        BUILD[source](shop.log, shop.store, targets, progress, PACE)
        assert progress.units == progress.total > 0
        found = compare(shop.store, targets)
        assert found.equal, [table.examples for table in found.tables]
        assert found.visitors == len(before["visitors"])
        swap(shop.store, targets)
        after = shop.state()
        same(before, after)
        for table in ("visitors", "orders"):
            for row in after[table].values():
                assert row["version"] <= targets[row["shard"]].to_offset
    shop.start()
    shop.play(events[half:], rng)
    shop.drain()
    check(shop, world)
    assert left_beside(shop.store) == set()


def test_a_rebuild_from_a_log_that_still_tells_of_erased_people_brings_nobody_back(clickhouse_url, database):
    """As a log in Kafka does: there the lines of erased people stay, and the erase records after them."""
    world, events = stream(3, 200)
    shop = Shop(clickhouse_url, database, DenseLog(3))
    for event in events:
        shop.send(event)
    shop.drain()
    order = next(
        key for key, row in shop.rows("orders", "site_id", "transaction_id").items() if row["visitor_id"] == "v1"
    )
    copies = [(e["visitor_id"], e["event_id"]) for e in world if (e["site_id"], e.get("transaction_id")) == order]
    for member in ("", "m1", "m2", "v0"):
        told = records(order[0], member, [Range("v1", 0, OPEN)], {order[1]: copies}, "mark")
        shop._append(
            [record for record in told if record.key != f"{order[0]}/{member}"]
        )  # other devices of theirs stay
    shop.drain()
    shop._append([record for record in told if record.key == "/".join(order)])  # orders that were on their way
    shop.drain()
    before, targets = shop.state(), commits_of(shop.store)
    assert not [key for key in before["visitors"] if key[:2] == (order[0], "v1")]
    from_log(shop.log, shop.store, targets, Quiet(), PACE)
    assert compare(shop.store, targets).equal
    swap(shop.store, targets)
    del before["orders"][order]  # nothing is left of it
    same(before, shop.state())
    for table in ("visitors", "visits"):
        sql = f"SELECT count() AS n FROM {table} WHERE site_id = {{site:String}} AND visitor_id = 'v1'"
        assert shop.store.rows_of(sql, {"site": order[0]}) == [{"n": 0}], table
    sql = "SELECT count() AS n FROM orders WHERE (site_id, transaction_id) = ({site:String}, {id:String})"
    assert shop.store.rows_of(sql, {"site": order[0], "id": order[1]}) == [{"n": 0}]


@pytest.mark.parametrize("seed", [12, 17])
@pytest.mark.parametrize("source", BUILD)
def test_a_rebuild_in_the_middle_of_everything_loses_nothing(clickhouse_url, database, source, seed):
    """Partitions at commits of their own, records between shards on their way, writes cut short."""
    world, events = stream(seed, 120)
    rng = np.random.default_rng(seed)
    shop = Shop(clickhouse_url, database, DenseLog(3))
    half = len(events) // 2
    shop.play(events[:half], rng)
    for number in rng.permutation(3)[:2].tolist():
        shop.step(number, 1 << 20)
        shop.flush(number, upto=[None, 1, 3, 5][int(rng.integers(4))])
    targets = commits_of(shop.store)
    assert any(waiting_facts(shop.log, number, target.to_offset) for number, target in targets.items())
    BUILD[source](shop.log, shop.store, targets, Quiet(), PACE)
    if source == "log":
        found = compare(shop.store, targets)
        assert found.equal, [table.examples for table in found.tables]
    swap(shop.store, targets)
    shop.start()
    shop.play(events[half:], rng)
    shop.drain()
    check(shop, world)


@pytest.mark.parametrize("source", BUILD)
def test_an_order_on_its_way_does_not_undo_a_refund_that_waits(clickhouse_url, database, source):
    """The buyer's shard has yet to read the order, the transaction's shard has yet to read a refund by somebody else."""
    shop = Shop(clickhouse_url, database, DenseLog(3))

    def of(number: int, prefix: str) -> str:
        return next(f"{prefix}{i}" for i in range(100) if partition_of(f"alpha/{prefix}{i}", 3) == number)

    buyer, refunder, transaction, others = of(0, "buyer"), of(1, "desk"), of(2, "T"), of(2, "other")
    world = []

    def send(visitor: str, name: str, **told: object) -> None:
        at = 1_762_128_000_000 + len(world) * 60_000
        who = {"site_id": "alpha", "visitor_id": visitor, "event_id": f"e{len(world)}", "name": name}
        world.append({**who, "occurred_at": at, "received_at": at, "bot": False, "pageview": False, **told})
        shop.send(world[-1])

    def write(number: int) -> None:
        shop.step(number, 1 << 20)
        shop.flush(number)

    for _ in range(5):
        send(others, "heartbeat")
    send(buyer, "purchase", transaction_id=transaction, value=900, items=[{"item_id": "i1", "quantity": 1}])
    write(0)
    write(2)  # the order goes to the buyer's shard
    send(refunder, "refund", transaction_id=transaction)
    write(1)  # the refund goes to the transaction's shard
    targets = commits_of(shop.store)
    BUILD[source](shop.log, shop.store, targets, Quiet(), PACE)
    swap(shop.store, targets)
    shop.start()
    shop.drain()
    check(shop, world)


def test_a_rebuild_forgets_visitors_as_it_goes(clickhouse_url, database):
    """Visitors who return after weeks are looked up in the rebuilt table, many in one look-up."""
    shop = Shop(clickhouse_url, database, DenseLog(2))
    for week in (0, 3):
        for number in range(600):
            at = 1_762_128_000_000 + week * 7 * DAY + number * 60_000
            visit = {"site_id": "alpha", "visitor_id": f"visitor-{number:04d}", "event_id": f"{week}-{number}"}
            shop.send({**visit, "name": "page_view", "occurred_at": at, "received_at": at, "pageview": True})
        shop.drain()
    before, targets = shop.state(), commits_of(shop.store)
    for build in BUILD.values():
        build(shop.log, shop.store, targets, Quiet(), Pace(stretch=600, write=600))
        swap(shop.store, targets)
        same({"visitors": before["visitors"], "visits": before["visits"]}, shop.state())
    assert {row["visits"] for row in shop.state()["visitors"].values()} == {2}


def die(url: str, database: str, log_dir: Path, source: str, at: int) -> None:
    store = Store(url, database)
    BUILD[source](FileLog(log_dir), store, commits_of(store), Quiet(at), PACE)


def test_a_killed_rebuild_changes_nothing_and_the_next_starts_clean(clickhouse_url, database, tmp_path):
    shop = Shop(clickhouse_url, database, FileLog(tmp_path / "log", 3))
    for event in stream(31, 150)[1]:
        shop.send(event)
    shop.drain()
    before, targets = shop.state(), commits_of(shop.store)
    for source, at in (("log", 5), ("events", 9)):
        arguments = (clickhouse_url, database, tmp_path / "log", source, at)
        process = multiprocessing.get_context("spawn").Process(target=die, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert shop.state() == before
        assert left_beside(shop.store) == {"visitors_rebuilt", "visits_rebuilt", "orders_rebuilt"}

    from_events(shop.log, shop.store, targets, Quiet(), PACE)
    shop.store.command(shop.store.text("rebuild_swap"))  # and dies before it drops the old ones
    same(before, shop.state())
    from_log(shop.log, shop.store, targets, Quiet(), PACE)
    assert compare(shop.store, targets).equal
    swap(shop.store, targets)
    same(before, shop.state())
    assert left_beside(shop.store) == set()
    shop.log.close()


def test_planted_differences_are_found(clickhouse_url, database):
    _, events = stream(41, 200)
    shop = Shop(clickhouse_url, database, DenseLog(2))
    for event in events:
        shop.send(event)
    shop.drain()
    targets = commits_of(shop.store)
    from_events(shop.log, shop.store, targets, Quiet(), PACE)
    assert compare(shop.store, targets).equal
    first = (
        "(SELECT (visitor_id, stint_start, person) FROM visitors FINAL WHERE site_id = 'alpha' AND NOT gone LIMIT 1)"
    )
    shop.store.command(
        "INSERT INTO visitors SELECT * REPLACE (revenue + 1 AS revenue, [7] AS visit_pageviews) FROM visitors FINAL "
        f"WHERE site_id = 'alpha' AND (visitor_id, stint_start, person) = {first}"
    )
    shop.store.command("INSERT INTO orders SELECT * REPLACE ('never' AS transaction_id) FROM orders FINAL LIMIT 1")
    shop.store.command("INSERT INTO visits SELECT * REPLACE (pageviews + 1 AS pageviews) FROM visits FINAL LIMIT 1")
    found = compare(shop.store, targets)
    visitors, orders, visits = found.tables
    assert not found.equal
    assert (visitors.changed, visitors.columns) == (1, {"revenue": 1, "visit_pageviews": 1})
    assert any("revenue: live" in line for line in visitors.examples)
    assert (orders.live_only, orders.changed) == (1, 0)
    assert visits.columns == {"pageviews": 1}


def test_a_trimmed_log_is_refused_with_what_to_do(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(2))
    for event in stream(51, 30)[1]:
        shop.send(event)
    shop.drain()
    shop.log.trimmed = 3
    with pytest.raises(RebuildRefused, match="trimmed") as refused:
        from_log(shop.log, shop.store, commits_of(shop.store), Quiet(), PACE)
    assert "--from events" in refused.value.advice


def test_nothing_is_swapped_in_once_the_flow_has_written(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(2))
    for event in stream(52, 30)[1]:
        shop.send(event)
    shop.drain()
    targets = commits_of(shop.store)
    from_events(shop.log, shop.store, targets, Quiet(), PACE)
    shop.now += 1_000
    shop.flush(0)
    with pytest.raises(RebuildRefused, match="The flow runs"):
        swap(shop.store, targets)


def left_beside(store: Store) -> set[str]:
    rows = store.rows_of(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_rebuilt')"
    )
    return {row["name"] for row in rows}


@pytest.mark.parametrize("source", ["log", "events"])
def test_a_rebuild_keeps_who_is_in_which_segment(clickhouse_url, database, source):
    shop = Shop(clickhouse_url, database, DenseLog(2))
    shop.now = 1_790_000_000_000
    shop.define("viewed", {"field": "pageviews", "op": ">=", "value": 1}, fire_for_current=True)
    at = shop.now + SETTLING
    for number in range(6):
        member = {"member_id": f"m{number}"} if number % 2 else {}
        event = {
            "site_id": "alpha",
            "visitor_id": f"v{number}",
            "event_id": f"e{number}",
            "name": "page_view",
            **member,
        }
        shop.send({**event, "occurred_at": at, "received_at": at, "pageview": True})
    shop.now += SECOND
    for _ in range(3):
        for partition in shop.partitions:
            while shop.step(partition.number, 1 << 20):
                pass
            partition.advance(shop.now, shop.now, shop.now)
            shop.flush(partition.number)
    names = ", ".join(COLUMNS)
    query = f"SELECT visitor_id, person, {names} FROM visitors FINAL ORDER BY visitor_id, person"
    before = shop.store.arrow_of(query).to_pylist()
    assert sum(row["in_segments"] == ["viewed"] for row in before) == 6
    targets = commits_of(shop.store)
    BUILD[source](shop.log, shop.store, targets, Quiet(), PACE)
    swap(shop.store, targets)
    assert shop.store.arrow_of(query).to_pylist() == before
