from __future__ import annotations

from pathlib import Path

import pytest

from deploy.errors import UserError
from deploy.settings import Settings, child_environment, read_settings


def test_everything_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SONNIM_API_PORT", raising=False)
    settings = Settings()
    assert settings.data_dir == Path(".sonnim")
    assert settings.api_url == f"http://127.0.0.1:{settings.api_port}"
    assert settings.clickhouse_address == ("127.0.0.1", 8123)


def test_the_environment_is_read_by_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONNIM_API_PORT", "9000")
    monkeypatch.setenv("SONNIM_API_HOST", "0.0.0.0")
    monkeypatch.setenv("SONNIM_CLICKHOUSE_URL", "https://clickhouse.example")
    settings = read_settings()
    assert settings.api_url == "http://127.0.0.1:9000"
    assert settings.clickhouse_address == ("clickhouse.example", 8443)


def test_a_value_that_cannot_be_understood_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONNIM_API_PORT", "many")
    with pytest.raises(UserError, match=r"^SONNIM_API_PORT cannot be understood"):
        read_settings()


def test_another_api_is_called_by_its_url() -> None:
    assert Settings(url="https://sonnim.example/").api_url == "https://sonnim.example"


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(Settings(key="hush", clickhouse_password="hush"))


def test_a_child_is_told_settings_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONNIM_API_PORT", "9000")
    environment = child_environment({"key": "snm_s_x"})
    assert environment["SONNIM_KEY"] == "snm_s_x"
    assert environment["SONNIM_API_PORT"] == "9000"
