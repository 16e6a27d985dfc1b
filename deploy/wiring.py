"""Builds the parts from the settings, and puts their failures in words for the person at the terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.dispatch.addresses import Network, networks
from deploy.errors import UserError
from deploy.settings import Settings
from ingest.log import EventLog, FileLog, KafkaLog, KafkaSettingsRefused, LogUnavailable, PartitionsDiffer
from sql import migrate
from sql.cluster import ClusterStore
from sql.migrate import MigrationError
from sql.sites import SiteError
from sql.store import Store, StoreError, StoreUnavailable

START_SECONDS = 60.0


def open_store(settings: Settings) -> Store:
    """The store; it connects at its first call."""
    place = (
        settings.clickhouse_url,
        settings.clickhouse_database,
        settings.clickhouse_user,
        settings.clickhouse_password,
    )
    if settings.clickhouse_cluster:
        return ClusterStore(*place, cluster=settings.clickhouse_cluster, replicas=settings.clickhouse_replicas)
    return Store(*place)


def open_log(settings: Settings) -> EventLog:
    """The event log, in files or in Kafka; made if it is not there. Raises `UserError`."""
    return _open(settings, settings.log_dir, settings.kafka_topic, "event log")


def open_transitions(settings: Settings) -> EventLog:
    """The log of transitions, with as many partitions as the event log and beside it: files in a directory `transitions`, in
    Kafka a topic `<topic>-transitions`. Made if it is not there. Raises `UserError`."""
    return _open(settings, settings.transitions_dir, settings.transitions_topic, "log of transitions")


def _open(settings: Settings, directory: Path, topic: str, what: str) -> EventLog:
    if settings.kafka_bootstrap:
        return open_kafka(
            settings.kafka_bootstrap,
            topic,
            settings.kafka_partitions,
            settings.kafka_settings,
            settings.kafka_replication,
        )
    try:
        return FileLog(directory, settings.log_partitions)
    except PartitionsDiffer as error:
        raise UserError(f"SONNIM_LOG_PARTITIONS does not fit the {what}.", f"{error}.") from None
    except LogUnavailable as error:
        raise UserError(
            f"The {what} cannot be opened: {error}", "Check SONNIM_DATA_DIR and who may write there."
        ) from None


def open_kafka(bootstrap: str, topic: str, partitions: int, settings_json: str, replication: int | None) -> KafkaLog:
    """The event log in Kafka; the topic is made if it is not there. Raises `UserError`, never with a value of a setting.

    `settings_json`: a JSON object of librdkafka's settings, as for TLS and SASL; empty for none.
    """
    try:
        settings = json.loads(settings_json or "{}")
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or not all(isinstance(v, str | int | float) for v in settings.values()):
        raise UserError(
            "SONNIM_KAFKA_SETTINGS is not a JSON object of texts and numbers.",
            'For example {"security.protocol": "SASL_SSL", "sasl.username": "sonnim"}: docs/kafka.md.',
        )
    try:
        return KafkaLog(bootstrap, topic, partitions, settings=settings, replication=replication)
    except KafkaSettingsRefused as error:
        raise UserError(f"SONNIM_KAFKA_SETTINGS: {error}.", "docs/kafka.md tells which can be set.") from None
    except PartitionsDiffer as error:
        raise UserError("SONNIM_KAFKA_PARTITIONS does not fit the topic.", f"{error}.") from None
    except LogUnavailable as error:
        raise UserError(
            f"The event log cannot be opened: {error}",
            f"Is Kafka at {bootstrap}? Check SONNIM_KAFKA_BOOTSTRAP and SONNIM_KAFKA_SETTINGS.",
        ) from None


def hooks_allowed_networks(settings: Settings) -> tuple[Network, ...]:
    """Networks that hooks may be in beside the public internet. Raises `UserError`."""
    try:
        return networks(settings.hooks_allowed_networks)
    except ValueError as error:
        raise UserError(
            f"SONNIM_HOOKS_ALLOWED_NETWORKS cannot be understood: {error}.",
            "Write networks like 10.1.0.0/16, fd00::/8.",
        ) from None


@contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Turns failures of the store into `UserError`."""
    try:
        yield
    except StoreUnavailable as error:
        if error.why == "away":
            raise UserError(
                f"ClickHouse does not answer at {settings.clickhouse_url}.",
                "Start everything with `sonnim up`, or set SONNIM_CLICKHOUSE_URL; `sonnim doctor` looks closer.",
            ) from None
        raise UserError(
            f"ClickHouse cannot do it now ({error.why.replace('_', ' ')}): {str(error).partition(chr(10))[0]}",
            "Try again when that is over; `sonnim doctor` looks closer.",
        ) from None
    except StoreError as error:
        if error.code in (60, 81):  # no such table, no such database
            raise UserError(
                "The tables are not there, or are older than this version.", "Run `sonnim migrate`."
            ) from None
        raise UserError(
            f"ClickHouse refuses: {str(error).strip().splitlines()[0]}", "`sonnim doctor` looks closer."
        ) from None
    except MigrationError as error:
        raise UserError("The tables and this version of Sonnim do not fit together.", str(error)) from None
    except SiteError as error:
        raise UserError(f"{error}.") from None


def require_migrated(settings: Settings, store: Store) -> None:
    """Raise `UserError` if migrations are pending. ClickHouse being away is no reason to stop: it may come back."""
    with told(settings):
        try:
            pending = migrate.plan(store)
        except StoreUnavailable:
            return
    if pending:
        raise UserError(f"{len(pending)} migrations have not been applied yet.", "Run `sonnim migrate` first.")


def wait_until(
    what: str, answers: Callable[[], bool], stopped: Callable[[float], bool], seconds: float = START_SECONDS
) -> bool:
    """Ask until it answers; False if `stopped(pause)` said so meanwhile. Raises `UserError` after `seconds`."""
    until = time.monotonic() + seconds
    while not answers():
        if stopped(0.1):
            return False
        if time.monotonic() > until:
            raise UserError(
                f"{what} did not answer within {seconds:.0f} s.",
                "Its lines above tell why; `sonnim doctor` looks closer.",
            )
    return True
