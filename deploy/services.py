"""The services, each run in this process until it is told to stop."""

from __future__ import annotations

import structlog
import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from api.stream.serving import Server
from deploy import clickhouse, log_retention
from deploy.clickhouse.request import Credentials
from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.logs import configure_logs
from deploy.secret import installation_secret
from deploy.settings import Settings
from deploy.wiring import hooks_allowed_networks, open_log, open_store, open_transitions, require_migrated

log = structlog.get_logger()


def run_api(settings: Settings) -> None:
    """The HTTP API. Takes events also while ClickHouse is away."""
    configure_logs(settings, "api")
    store = open_store(settings)
    require_migrated(settings, store)
    transitions = open_transitions(settings)
    log_retention.watch(settings, transitions, store, "dispatch_positions")
    app = create_app(
        store,
        open_log(settings),
        now_ms,
        ApiSettings(
            online_minutes=settings.online_minutes,
            stale_after_ms=settings.stale_after_seconds * 1000,
            address_secret=installation_secret(settings),
            hooks_allowed_networks=hooks_allowed_networks(settings),
        ),
        transitions=transitions,
    )
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=5,
    )
    log.info("listening", url=settings.api_url)
    Server(config).run()


def run_clickhouse(settings: Settings) -> None:
    """The embedded ClickHouse."""
    configure_logs(settings, "clickhouse")
    host, port = settings.clickhouse_address
    login = Credentials(settings.clickhouse_user, settings.clickhouse_password)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    log.info("listening", url=f"http://{host}:{port}", data=str(settings.clickhouse_dir))
    try:
        clickhouse.serve(settings.clickhouse_dir, host, port, login=login)
    except clickhouse.PathInUseError as error:
        raise UserError(str(error), "Stop the other one, or choose another SONNIM_DATA_DIR.") from None
    except OSError as error:
        raise UserError(
            f"ClickHouse cannot listen on {host}:{port}: {error.strerror}.", "Set SONNIM_CLICKHOUSE_URL to a free port."
        ) from None
