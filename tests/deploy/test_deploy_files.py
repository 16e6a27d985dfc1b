"""Dockerfile, compose and Kubernetes files: what they name exists, fits together, and is open to nobody who was not meant."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from deploy.cli import app
from deploy.settings import PREFIX, Settings

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
MANIFESTS = [
    document
    for path in KUBERNETES
    for document in yaml.safe_load_all(path.read_text())
    if document["kind"] != "Kustomization"
]
WORKLOADS = {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] in ("Deployment", "StatefulSet", "Job")}
FILES = [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", DEPLOY / "env.example", *KUBERNETES]


def manifest(kind: str, name: str) -> Any:
    return next(one for one in MANIFESTS if (one["kind"], one["metadata"]["name"]) == (kind, name))


def container(workload: Any) -> Any:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def told_in_kubernetes(workload: Any) -> dict[str, str]:
    """What a pod's process finds in its environment, as far as the files tell."""
    told: dict[str, str] = {}
    for source in container(workload)["envFrom"]:
        (kind, reference), *_ = source.items()
        name = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]
        found = manifest(name, reference["name"])
        told |= found.get("data", {}) | found.get("stringData", {})
    return told


def commands() -> Iterator[list[str]]:
    """Arguments of `sonnim` in every file."""
    yield from (service["command"] for service in COMPOSE["services"].values() if "command" in service)
    yield from (container(one)["args"] for one in WORKLOADS.values() if "args" in container(one))
    yield re.findall(r'"(\w+)"', re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[1])


def images() -> Iterator[str]:
    yield from re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    yield from (service["image"] for service in COMPOSE["services"].values())
    yield from (f"{one['name']}:{one['newTag']}" for one in KUSTOMIZATION["images"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_exists(path):
    names = set(re.findall(rf"\b{PREFIX}([A-Z_]+)\b", path.read_text()))
    assert names <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("arguments", list(commands()), ids=" ".join)
def test_every_command_and_option_exists(arguments):
    command = typer.main.get_command(app).commands[arguments[0]]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= options


def test_what_processes_are_told_can_be_understood(monkeypatch):
    told = [told_in_kubernetes(one) for one in WORKLOADS.values()]
    told += [one["environment"] for one in COMPOSE["services"].values() if one["image"].startswith("sonnim:")]
    assert len(told) == 6
    for values in told:
        with monkeypatch.context() as patch:
            for name, value in values.items():
                patch.setenv(name, str(value))
            settings = Settings()
        assert settings.kafka_bootstrap
        assert settings.clickhouse_url != Settings().clickhouse_url


@pytest.mark.parametrize("image", sorted(set(images())))
def test_every_image_has_a_version(image):
    name, _, version = image.rpartition(":")
    assert name
    assert re.match(r"\d+\.\d+", version)


def test_the_image_has_the_version_of_the_project():
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert KUSTOMIZATION["images"][0]["newTag"] == version
    assert {one["image"] for one in COMPOSE["services"].values() if "sonnim" in one["image"]} == {f"sonnim:{version}"}


def test_the_image_is_made_of_every_package_and_nothing_is_left_at_the_door():
    packages = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"][
        "include"
    ]
    copied = {word for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()}
    assert {package.rstrip("*") for package in packages} <= copied
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed
    assert all((PROJECT / name).exists() for name in copied)


def test_nothing_runs_as_root():
    user = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)[-1]
    assert int(user) > 0
    for one in WORKLOADS.values():
        pod = one["spec"]["template"]["spec"]["securityContext"]
        assert (pod["runAsNonRoot"], pod["runAsUser"]) == (True, int(user))
        own = container(one)["securityContext"]
        assert own["readOnlyRootFilesystem"]
        assert not own["allowPrivilegeEscalation"]
        assert own["capabilities"] == {"drop": ["ALL"]}


def test_compose_is_reachable_from_this_machine_only():
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_holds_a_secret(path):
    for value in re.findall(r"(?m)^\s*\w*(?:PASSWORD|SETTINGS|KEY)\w*[:=] *(.*)", path.read_text()):
        assert value.strip().startswith(("${", '""')) or not value.strip()


def test_ports_fit_in_compose():
    services = COMPOSE["services"]
    settings = services["api"]["environment"]
    assert settings["SONNIM_KAFKA_BOOTSTRAP"] in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert settings["SONNIM_CLICKHOUSE_URL"] == "http://clickhouse:8123"
    assert settings["SONNIM_CLICKHOUSE_USER"] == services["clickhouse"]["environment"]["CLICKHOUSE_USER"]
    port = Settings().api_port
    assert services["api"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"127.0.0.1:{port}/healthz" in DOCKERFILE
    assert int(services["flow"]["command"][-1]) <= settings["SONNIM_KAFKA_PARTITIONS"]
    for service in ("api", "flow"):
        assert services[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_ports_fit_in_kubernetes():
    api = WORKLOADS["sonnim-api"]
    assert container(api)["ports"] == [{"name": "http", "containerPort": Settings().api_port}]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = manifest(kind, "sonnim-api")["spec"]["selector"]
        assert (selector.get("matchLabels") or selector) == api["spec"]["template"]["metadata"]["labels"]


def test_the_flows_processes_find_each_other():
    flow = WORKLOADS["sonnim-flow"]
    addresses = told_in_kubernetes(flow)["BYTEWAX_ADDRESSES"].split(";")
    port = container(flow)["ports"][0]["containerPort"]
    service = flow["spec"]["serviceName"]
    assert addresses == [f"sonnim-flow-{number}.{service}:{port}" for number in range(flow["spec"]["replicas"])]
    headless = manifest("Service", service)["spec"]
    assert (headless["clusterIP"], headless["publishNotReadyAddresses"]) == ("None", True)
    assert headless["selector"] == flow["spec"]["template"]["metadata"]["labels"]
    module, _, name = container(flow)["command"][-1].partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert flow["spec"]["replicas"] <= int(told_in_kubernetes(flow)["SONNIM_KAFKA_PARTITIONS"])


def test_kustomize_takes_every_file_but_the_example_of_the_secret():
    listed = {*KUSTOMIZATION["resources"], "kustomization.yaml", "secret.example.yaml"}
    assert listed == {path.name for path in KUBERNETES}


def test_every_volume_that_is_mounted_is_there():
    for one in WORKLOADS.values():
        volumes = {volume["name"] for volume in one["spec"]["template"]["spec"]["volumes"]}
        assert {mount["name"] for mount in container(one)["volumeMounts"]} == volumes
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
