"""Settings: the only place that reads the environment. docs/operations.md lists them all; a test holds the two together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.errors import UserError

PREFIX = "SONNIM_"


class Settings(BaseSettings):
    """Each field is the variable SONNIM_<NAME>; a description is its line in docs/operations.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(default=Path(".sonnim"), description="directory of everything that is kept")
    log_partitions: int = Field(
        default=4, ge=1, le=1024, description="partitions of the event log; fixed once it is made"
    )
    log_retention_days: int = Field(
        default=9, ge=0, description="days that the log's files are kept once they are applied; 0: for ever"
    )
    kafka_bootstrap: str = Field(
        default="", description="Kafka brokers, host:port, that hold the event log; empty: files"
    )
    kafka_topic: str = Field(default="sonnim-events", description="topic of the event log")
    kafka_partitions: int = Field(
        default=64, ge=1, le=1024, description="partitions of that topic; fixed once it is made"
    )
    kafka_replication: int | None = Field(
        default=None, ge=1, le=9, description="copies of that topic when it is made; empty: what the brokers do"
    )
    kafka_settings: str = Field(
        default="", repr=False, description="more settings of librdkafka as a JSON object: TLS, SASL"
    )
    clickhouse_embedded: bool = Field(default=True, description="whether `sonnim up` runs the embedded ClickHouse")
    clickhouse_url: str = Field(
        default="http://127.0.0.1:8123", pattern=r"^https?://", description="HTTP interface of ClickHouse"
    )
    clickhouse_database: str = Field(
        default="sonnim", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="database in it"
    )
    clickhouse_user: str = Field(default="default", description="user of it")
    clickhouse_password: str = Field(default="", repr=False, description="password of that user")
    clickhouse_cluster: str = Field(
        default="",
        pattern=r"^([A-Za-z_][A-Za-z0-9_.-]*)?$",
        description="cluster of ClickHouse the tables lie on; empty: one machine",
    )
    clickhouse_replicas: int = Field(
        default=2,
        ge=1,
        le=9,
        description="replicas of each shard of that cluster; all of them have a write before it counts",
    )
    api_host: str = Field(default="127.0.0.1", description="address the API listens on")
    api_port: int = Field(default=8080, ge=1, le=65535, description="port the API listens on")
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, with commas; empty: none",
    )
    flow_processes: int = Field(default=1, ge=1, le=256, description="processes of the flow on this machine")
    flow_metrics_host: str = Field(default="127.0.0.1", description="address the flow's metrics listen on")
    flow_metrics_port: int = Field(
        default=0,
        ge=0,
        le=65000,
        description="port of the flow's metrics for Prometheus, of further processes the next ones; 0: none",
    )
    online_minutes: int = Field(
        default=5, ge=1, le=1440, description="how long after the last event a visitor is online"
    )
    stale_after_seconds: int = Field(default=10, ge=1, description="age from which figures say that they are stale")
    secret: str = Field(
        default="",
        repr=False,
        description="secret that addresses of opt-outs are hashed with; empty: one that is made in the data directory",
    )
    hooks_allowed_networks: str = Field(
        default="",
        description="networks that hooks may be in beside the public internet, like `10.1.0.0/16, fd00::/8`; empty: none",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level of log lines"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="log lines for people, or JSON for machines"
    )
    demo_visits_per_minute: float = Field(default=6.0, gt=0, le=600, description="visits a minute of the demo shop")
    demo_days: float = Field(
        default=7.0, ge=0, le=7, description="days of past the demo shop is given at its first start"
    )
    url: str = Field(default="", description="the API as commands call it; empty: the one on api_host and api_port")
    key: str = Field(default="", repr=False, description="key of commands that are given none by --key")

    @property
    def api_url(self) -> str:
        """The API as commands call it, without a slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.api_host, self.api_host)
        return self.url.rstrip("/") or f"http://{host}:{self.api_port}"

    @property
    def clickhouse_address(self) -> tuple[str, int]:
        """Host and port of ClickHouse's HTTP interface."""
        parts = urlsplit(self.clickhouse_url)
        return parts.hostname or "127.0.0.1", parts.port or (8443 if parts.scheme == "https" else 8123)

    @property
    def log_place(self) -> str:
        """Where the event log is, in words."""
        if self.kafka_bootstrap:
            return f"topic {self.kafka_topic} of Kafka at {self.kafka_bootstrap}"
        return str(self.log_dir)

    @property
    def transitions_place(self) -> str:
        """Where the log of transitions is, in words."""
        if self.kafka_bootstrap:
            return f"topic {self.transitions_topic} of Kafka at {self.kafka_bootstrap}"
        return str(self.transitions_dir)

    @property
    def transitions_topic(self) -> str:
        """Topic of the log of transitions."""
        return f"{self.kafka_topic}-transitions"

    @property
    def log_unit(self) -> str:
        """What the log's offsets count."""
        return "records" if self.kafka_bootstrap else "bytes"

    @property
    def log_dir(self) -> Path:
        """Directory of the event log."""
        return self.data_dir / "log"

    @property
    def transitions_dir(self) -> Path:
        """Directory of the log of transitions."""
        return self.data_dir / "transitions"

    @property
    def clickhouse_dir(self) -> Path:
        """Directory of the embedded ClickHouse."""
        return self.data_dir / "clickhouse"

    @property
    def run_dir(self) -> Path:
        """Directory of what tells of the processes that run now."""
        return self.data_dir / "run"


def read_settings() -> Settings:
    """The settings of this process. Raises `UserError` naming the variable that cannot be understood."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise UserError(
            f"{name} cannot be understood: {first['msg']}.", "docs/operations.md lists the settings."
        ) from None


def child_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process this one starts: its own, and settings by field name (`{"key": ...}`)."""
    return {**os.environ, **{PREFIX + name.upper(): value for name, value in values.items()}}
