"""The chaos test: the same events through a calm stack and through one whose every part is killed at random moments.

The calm one keeps its log in files and runs one flow process. The other one has Kafka and 1, then 3, then 2 flow processes;
while the events are sent, processes of the flow, the whole flow, the api, ClickHouse and the broker are killed with
`kill -9`. Afterwards every table and report of both has to be the same.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.sender import Event, Sender, batches
from deploy.settings import Settings
from deploy.up import answers, healthy
from deploy.wiring import open_log
from ingest.log import EventLog, LogUnavailable
from sql.store import Store, StoreUnavailable
from tests.broker.broker import Broker
from tests.chaos.services import Service
from tests.chaos.tables import Compared, compare, reports
from tests.chaos.traffic import streams
from tests.conftest import free_port
from tests.e2e.stack import PROJECT, environment

SITE = "shop"
SENDERS = 3
PARTITIONS = 8
PATIENCE_SECONDS = 600.0
PROCESSES = (1, 3, 2)
KINDS = ("a flow process", "a flow process", "the flow", "the api", "clickhouse", "the broker")
"""What is killed: each of them, in another order every time, as often as it stands here."""


@dataclass(frozen=True)
class Plan:
    """What to do: `seconds` is how long the sending takes at least, `outage` for how long ClickHouse, then the broker stay away."""

    events: int
    seconds: float
    outage: float = 0.0
    seed: int = 1
    pause: tuple[float, float] = (1.0, 4.0)
    rebuilds: tuple[str, ...] = ("log", "events")


@dataclass
class Outcome:
    """What happened, and what differs."""

    sent: int = 0
    repeated: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    tables: list[Compared] = field(default_factory=list)
    reports: int = 0
    reports_differ: int = 0
    rebuilt: dict[str, str] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        same = not self.reports_differ and not any(table.lost or table.added for table in self.tables)
        return same and "DIFFERENT" not in self.rebuilt.values()

    def lines(self) -> Iterator[str]:
        """The figures, for people."""
        yield f"events sent            {self.sent:>10,}   of them a second time {self.repeated:,}"
        for name, seconds in self.seconds.items():
            yield f"seconds, {name:<14}{seconds:>10.1f}"
        for name, count in sorted(self.kills.items()):
            yield f"kill -9 of {name:<12}{count:>10}"
        for name, counts in self.answers.items():
            told = ", ".join(f"{count} x {answer}" for answer, count in counts.most_common())
            yield f"reads while {name}: {told}"
        yield f"{'table':<16}{'rows':>10}{'lost':>8}{'added':>8}"
        for table in self.tables:
            yield f"{table.name:<16}{table.rows:>10,}{table.lost:>8}{table.added:>8}"
        yield f"{'reports':<16}{self.reports:>10,}{self.reports_differ:>8}"
        for source, told in self.rebuilt.items():
            yield f"rebuild from {source:<10} {told}"


class Stack:
    """ClickHouse, api and flow on ports of their own, over one log and one database. The site is made at the start."""

    def __init__(self, directory: Path, database: str, clickhouse_url: str, **settings: str) -> None:
        directory.mkdir()
        self.directory, self.database = directory, database
        self.url = f"http://127.0.0.1:{free_port()}"
        self._values = {
            "data_dir": str(directory),
            "api_port": self.url.rpartition(":")[2],
            "clickhouse_url": clickhouse_url,
            "clickhouse_database": database,
            "log_partitions": str(PARTITIONS),
            "kafka_partitions": str(PARTITIONS),
            **settings,
        }
        self.environment = environment(**self._values)
        self.store = Store(clickhouse_url, database)
        self._log: EventLog | None = None

    def service(self, name: str, *arguments: str) -> Service:
        """Keep a command running."""
        return Service(name, [*(arguments or (name,))], self.environment, self.directory)

    def run(self, *arguments: str, well: bool = True) -> str:
        """What a command that ends prints; it has to end well, unless `well` is false."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not well or done.returncode == 0, f"sonnim {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def add_site(self) -> str:
        """The site; returns its secret key."""
        self.run("migrate")
        words = self.run("site", "add", SITE, "--currency", "KRW").split()
        return words[words.index("secret") + 1]

    def behind(self) -> int | None:
        """How much of the log is not committed; None while one of the two does not answer."""
        try:
            if self._log is None:
                self._log = open_log(Settings(**self._values))  # type: ignore[arg-type]
            told = sum(row["to_offset"] for row in self.store.rows("checkpoints"))
            return sum(self._log.ends()) - int(told)
        except (StoreUnavailable, LogUnavailable, UserError):
            return None

    def close(self) -> None:
        """Let go of log and store."""
        if self._log is not None:
            self._log.close()
        self.store.close()


def run(plan: Plan, directory: Path, say: Callable[[str], None] = lambda line: None) -> Outcome:
    """Both runs, and what differs. Leaves everything in `directory`."""
    outcome, end = Outcome(), now_ms()
    sent = streams(plan.events, SENDERS, end, plan.seed)
    outcome.sent = sum(map(len, sent))
    outcome.repeated = outcome.sent - len({event["event_id"] for stream in sent for event in stream})
    clickhouse_url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as open_things:
        broker = Broker(directory / "kafka")
        broker.start()
        open_things.callback(broker.kill)
        calm = Stack(directory / "calm", "calm", clickhouse_url)
        chaos = Stack(
            directory / "chaos", "chaos", clickhouse_url, kafka_bootstrap=broker.bootstrap, kafka_topic="chaos"
        )
        clickhouse = calm.service("clickhouse")
        server = Store(clickhouse_url, "default")
        open_things.callback(server.close)
        open_things.callback(clickhouse.end)
        _until("ClickHouse answers", lambda: answers(server), [clickhouse])
        open_things.callback(calm.close)
        open_things.callback(chaos.close)
        with _timed(outcome, "calm run", say):
            _calm(calm, sent)
        with _timed(outcome, "chaos run", say):
            _chaos(plan, chaos, clickhouse, broker, sent, outcome, say)
        at = now_ms()
        outcome.tables = compare(calm.store, "calm", "chaos")
        one, other = reports(calm.store, SITE, at), reports(chaos.store, SITE, at)
        outcome.reports = len(one)
        outcome.reports_differ = sum(a != b for a, b in zip(one, other, strict=True))
        with _timed(outcome, "rebuilds", say):
            for source in plan.rebuilds:
                printed = chaos.run("rebuild", "--from", source, "--check", well=False).splitlines()
                outcome.rebuilt[source] = next((line for line in printed if line.startswith("Equal")), "DIFFERENT")
    return outcome


def _calm(stack: Stack, sent: Sequence[Sequence[Event]]) -> None:
    key = stack.add_site()
    services = [stack.service("api"), stack.service("flow")]
    try:
        _until("the api answers", lambda: healthy(stack.url), services)
        sending = Sending(stack, key, sent, 0.0)
        sending.start()
        sending.wait(services)
        _settle(stack, services)
    finally:
        for service in services:
            service.end()


def _chaos(
    plan: Plan,
    stack: Stack,
    clickhouse: Service,
    broker: Broker,
    sent: Sequence[Sequence[Event]],
    outcome: Outcome,
    say: Callable[[str], None],
) -> None:
    key = stack.add_site()
    api = stack.service("api")
    flows = [stack.service("flow", "flow", "--processes", str(PROCESSES[0]))]
    chance = random.Random(plan.seed)
    sending = Sending(stack, key, sent, plan.seconds)
    if not plan.outage:
        sending.hold()

    def kill(kind: str) -> None:
        outcome.kills[kind] += 1
        if kind == "a flow process":
            if not flows[-1].kill_child(chance):
                flows[-1].kill()
        elif kind == "the broker":
            broker.restart()
        else:
            {"the flow": flows[-1], "the api": api, "clickhouse": clickhouse}[kind].kill()

    def rage() -> None:
        kinds: list[str] = []
        while not sending.finished(chance.uniform(*plan.pause)):
            wanted = PROCESSES[min(len(PROCESSES) - 1, int(sending.progress * len(PROCESSES)))]
            if flows[-1].arguments[-1] != str(wanted):
                say(f"{sending.progress:.0%} sent: {wanted} flow processes from now on")
                outcome.kills["the flow"] += 1
                flows[-1].end()
                flows.append(stack.service("flow", "flow", "--processes", str(wanted)))
                continue
            if not kinds:
                kinds = list(KINDS)
                chance.shuffle(kinds)
            kind = kinds.pop()
            say(f"{sending.progress:.0%} sent: kill -9 of {kind}")
            kill(kind)
            if outcome.kills.keys() == set(KINDS):
                sending.release()

    def outages() -> None:
        for share, name, away, back in (
            (0.2, "clickhouse is away", clickhouse.hold, clickhouse.release),
            (0.6, "the broker is away", broker.kill, broker.start),
        ):
            while sending.progress < share and not sending.finished(0.5):
                pass
            outcome.answers[f"all is well, before {name}"] = _reads(stack.url, key, 2.0)
            say(f"{sending.progress:.0%} sent: {name} for {plan.outage:.0f} s")
            away()
            outcome.answers[name] = _reads(stack.url, key, plan.outage)
            back()

    services = [api, clickhouse, flows[-1]]
    try:
        _until("the api answers", lambda: healthy(stack.url), services)
        sending.start()
        if plan.outage:
            outages()
        else:
            rage()
        sending.wait(services)
        _settle(stack, [api, clickhouse, flows[-1]])
        if plan.outage:
            outcome.answers["all is well again"] = _reads(stack.url, key, 2.0)
    finally:
        sending.release()
        for service in [api, *flows]:
            service.end()


class Sending:
    """Every stream by a sender of its own, each batch until it got its 202; all of it in `seconds` at least, and while it is held its last
    batches wait."""

    def __init__(self, stack: Stack, key: str, sent: Sequence[Sequence[Event]], seconds: float) -> None:
        self._url, self._key, self._sent, self._seconds = stack.url, key, sent, seconds
        self._counts, self._failures = [0] * len(sent), list[BaseException]()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(len(sent))]
        self._began = 0.0
        self._may_end = threading.Event()
        self._may_end.set()

    def hold(self) -> None:
        self._may_end.clear()

    def release(self) -> None:
        self._may_end.set()

    @property
    def progress(self) -> float:
        """The share that is sent."""
        return sum(self._counts) / sum(map(len, self._sent))

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def finished(self, seconds: float) -> bool:
        """Whether all is sent, after so many seconds at most."""
        until = time.monotonic() + seconds
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < until:
            time.sleep(0.05)
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self, services: Sequence[Service]) -> None:
        """Until all is sent. Raises what a sender failed with."""
        for thread in self._threads:
            thread.join()
        assert not self._failures, [*self._failures, *(service.last_lines() for service in services)]

    def _send(self, number: int) -> None:
        sender = Sender(self._url, self._key, history=True, patience_seconds=3600, sleep=_at_most(2.0))
        try:
            for batch in batches(self._sent[number]):
                if self._counts[number] + len(batch) == len(self._sent[number]):
                    self._may_end.wait()
                answer = sender.send(batch)
                assert answer.refused == [], answer.refused[:3]
                self._counts[number] += len(batch)
                share = self._counts[number] / len(self._sent[number])
                time.sleep(max(0.0, self._seconds * share - (time.monotonic() - self._began)))
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            sender.close()


def _settle(stack: Stack, services: Sequence[Service]) -> None:
    """Until the commits cover the log's ends, and nothing follows from that."""
    calm = [0]

    def settled() -> bool:
        calm[0] = calm[0] + 1 if stack.behind() == 0 else 0
        return calm[0] >= 8

    _until("the flow has applied everything", settled, services)


def _reads(url: str, key: str, seconds: float) -> Counter[str]:
    """How Live answers, asked twice a second: its status, and what it says of its age."""
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        while time.monotonic() < until:
            try:
                answer = client.get(f"{url}/v1/live/visitors", params={"limit": 1})
                body = answer.json()
                said = f"stale={body['stale']}" if answer.status_code == 200 else body["title"]
                found[f"{answer.status_code} {said}"] += 1
            except httpx.TransportError as error:
                found[type(error).__name__] += 1
            time.sleep(0.5)
    return found


def _until(what: str, holds: Callable[[], bool], services: Sequence[Service]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("\n".join([f"not so: {what}", *(f"{s.name}: {s.last_lines()}" for s in services)]))
        time.sleep(0.25)


def _at_most(longest: float) -> Callable[[float], None]:
    """A sleep for senders that ask again soon: here the pauses are not theirs to choose."""
    return lambda seconds: time.sleep(min(seconds, longest))


@contextmanager
def _timed(outcome: Outcome, name: str, say: Callable[[str], None]) -> Iterator[None]:
    say(f"{name} ...")
    began = time.monotonic()
    yield
    outcome.seconds[name] = time.monotonic() - began
