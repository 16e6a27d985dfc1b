"""`sonnim rebuild` at the terminal."""

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.errors import UserError
from deploy.flow_lock import flow_lock
from deploy.settings import Settings, read_settings
from ingest.log.files import FileLog
from tests.flows.shop import Shop
from tests.flows.test_rebuild import stream


@pytest.fixture
def settings(clickhouse_url, database, tmp_path, monkeypatch) -> Settings:
    values = {"CLICKHOUSE_URL": clickhouse_url, "CLICKHOUSE_DATABASE": database, "DATA_DIR": str(tmp_path)}
    for name, value in {**values, "LOG_PARTITIONS": "2"}.items():
        monkeypatch.setenv("SONNIM_" + name, value)
    return read_settings()


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rebuild", *arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_rebuild_checks_swaps_and_says_what_differs(settings):
    shop = Shop(settings.clickhouse_url, settings.clickhouse_database, FileLog(settings.log_dir, 2))
    with pytest.raises(UserError, match="nothing to rebuild"):
        run("--from", "log")
    for event in stream(61, 60)[1]:
        shop.send(event)
    shop.drain()
    visitors = len(shop.state()["visitors"])
    for source in ("log", "events"):
        code, output = run("--from", source, "--check")
        assert (code, f"Equal: {visitors} visitors" in output) == (0, True), output
    shop.store.command("INSERT INTO visitors SELECT * REPLACE (toInt64(77) AS revenue) FROM visitors FINAL")
    code, output = run("--from", "events", "--check")
    assert code == 1
    assert "revenue" in output
    assert "live 77, rebuilt" in output
    code, output = run("--from", "events")
    assert (code, "in their place" in output) == (0, True), output
    assert run("--from", "log", "--check")[0] == 0
    shop.log.close()


def test_a_rebuild_and_a_flow_keep_out_of_each_others_way(settings):
    Shop(settings.clickhouse_url, settings.clickhouse_database, FileLog(settings.log_dir, 2)).log.close()
    flows = flow_lock(settings, alone=False), flow_lock(settings, alone=False)
    with flows[0], flows[1], pytest.raises(UserError, match="A flow or another rebuild runs"):
        run("--from", "log")
    rebuild, flow = flow_lock(settings, alone=True), flow_lock(settings, alone=False)
    with rebuild, pytest.raises(UserError, match="A rebuild runs"), flow:
        pass
