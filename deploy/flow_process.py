"""One process of the dataflow, alone or in a Bytewax cluster.

Across machines: `python -m bytewax.run deploy.flow_process:flow -i 0 -a "host-a:2101;host-b:2101"`, each process with its number `-i`
and the same list of addresses.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack

import prometheus_client
import structlog
from bytewax.dataflow import Dataflow

from deploy import log_retention
from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.flow_lock import flow_lock, wait_for_last_flow
from deploy.logs import configure_logs
from deploy.settings import Settings, read_settings
from deploy.wiring import open_log, open_store, open_transitions, require_migrated
from flows import live
from flows.lost import RecordsLost

log = structlog.get_logger()
_HELD = ExitStack()
"""What the process holds until it ends."""


def flow() -> Dataflow:
    """The dataflow over the log and the store of this process's settings, for `bytewax.run`. Raises `UserError`."""
    return prepared(read_settings(), int(os.environ.get("BYTEWAX_PROCESS_ID", "0")))


def run_process(
    settings: Settings, number: int = 0, addresses: list[str] | None = None, *, accept_loss: bool = False
) -> None:
    """Run the dataflow, as process `number` of those at `addresses`; without addresses alone. Does not come back.

    `accept_loss`: go on where records were deleted from the log before they were read. Raises `UserError`.
    """
    if addresses is None:
        wait_for_last_flow(settings)
    service = "flow" if addresses is None else f"flow-{number}"
    try:
        live.run(prepared(settings, number, service, accept_loss=accept_loss), number, addresses)
    except RecordsLost as error:
        raise UserError(error.what, error.advice) from None


def prepared(settings: Settings, number: int, service: str = "flow", *, accept_loss: bool = False) -> Dataflow:
    """The dataflow, with logs, metrics and lock of the process that runs it. Raises `UserError` and `RecordsLost`."""
    configure_logs(settings, service)
    store = open_store(settings)
    require_migrated(settings, store)
    event_log = open_log(settings)
    if settings.flow_metrics_port:
        _serve_metrics(settings.flow_metrics_host, settings.flow_metrics_port + number)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _HELD.enter_context(flow_lock(settings, alone=False))
    if number == 0:
        log_retention.watch(settings, event_log, store)
    log.info("reading", log=settings.log_place, partitions=event_log.partitions)
    return live.live(
        event_log,
        store,
        now_ms,
        transitions=open_transitions(settings),
        online_minutes=settings.online_minutes,
        accept_loss=accept_loss,
    )


def _serve_metrics(host: str, port: int) -> None:
    try:
        prometheus_client.start_http_server(port, host)
    except OSError as error:
        raise UserError(
            f"The flow's metrics cannot listen on {host}:{port}: {error.strerror}.",
            "Set SONNIM_FLOW_METRICS_PORT to a free port (each process takes the next one), or to 0 for none.",
        ) from None
