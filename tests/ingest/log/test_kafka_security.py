"""TLS and SASL are passed through: a broker that lets in nobody else."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Place, command, prepare
from deploy.kafka.jars import default_cache
from ingest.log import KafkaLog, LogUnavailable
from tests.broker.broker import Broker
from tests.conftest import free_port

PATIENCE_SECONDS = 90
LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="broker" password="b" user_broker="b" user_sonnim="secret";'
)


class Guarded:
    """A broker with TLS and SASL, on its own certificate."""

    def __init__(self, directory: Path) -> None:
        self.place = Place(directory, free_port(), free_port(), default_cache())
        self.bootstrap = f"127.0.0.1:{self.place.port}"
        self.certificate = directory / "certificate.pem"
        self._keys = directory / "keys.p12"
        directory.mkdir()
        self._make_certificate()
        prepare(self.place)
        configuration = directory / "server.properties"
        configuration.write_text(configuration.read_text() + self._guards())
        self.process = subprocess.Popen(command(self.place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settings(self, **more: str) -> dict[str, str | int | float]:
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self.certificate),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "sonnim",
            "sasl.password": "secret",
            **more,
        }

    def _guards(self) -> str:
        lines = {
            "listeners": f"SASL_SSL://{self.bootstrap},CONTROLLER://127.0.0.1:{self.place.controller_port}",
            "advertised.listeners": f"SASL_SSL://{self.bootstrap}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": LOGIN,
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": self._keys,
            "ssl.keystore.password": "changeit",
            "ssl.truststore.type": "PKCS12",
            "ssl.truststore.location": self._keys,
            "ssl.truststore.password": "changeit",
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())

    def _make_certificate(self) -> None:
        keytool = ["keytool", "-keystore", str(self._keys), "-storepass", "changeit", "-alias", "broker"]
        named = [
            "-dname",
            "CN=127.0.0.1",
            "-ext",
            "san=ip:127.0.0.1,dns:localhost",
            "-keyalg",
            "RSA",
            "-storetype",
            "PKCS12",
        ]
        subprocess.run([*keytool, "-genkeypair", *named], check=True, capture_output=True)
        shown = subprocess.run([*keytool, "-exportcert", "-rfc"], check=True, capture_output=True)
        self.certificate.write_bytes(shown.stdout)


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory, _no_broker: str | None) -> Iterator[Guarded | None]:
    if _no_broker is not None:
        yield None
        return
    broker = Guarded(tmp_path_factory.mktemp("guarded") / "kafka")
    yield broker
    broker.process.kill()
    broker.process.wait()


@pytest.fixture
def guarded(breakable_kafka: Broker, _guarded: Guarded | None) -> Guarded:
    """The broker; tests are left out where `breakable_kafka` is."""
    assert _guarded is not None
    return _guarded


def opened(broker: Guarded, topic: str) -> KafkaLog:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return KafkaLog(broker.bootstrap, topic, 2, settings=broker.settings())
        except LogUnavailable:
            assert time.monotonic() < until
            assert broker.process.poll() is None


def test_who_knows_the_password_and_the_certificate_is_let_in(guarded: Guarded, topic: str) -> None:
    log = opened(guarded, topic)
    log.append([(0, b'{"a":1}'), (1, b'{"b":2}')])
    assert [log.read(number, 0, 1 << 20).lines for number in range(2)] == [b'{"a":1}\n', b'{"b":2}\n']
    log.close()


@pytest.mark.parametrize("wrong", [{"sasl.password": "guessed"}, {"security.protocol": "PLAINTEXT"}])
def test_nobody_else_is(guarded: Guarded, topic: str, wrong: dict[str, str]) -> None:
    opened(guarded, f"{topic}-first").close()
    settings = guarded.settings(**wrong) if "sasl.password" in wrong else wrong
    with pytest.raises(LogUnavailable) as refused:
        KafkaLog(guarded.bootstrap, topic, 2, settings=settings)
    assert "guessed" not in str(refused.value)
