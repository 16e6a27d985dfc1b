"""The OpenAPI document is true: schemathesis throws at it what it allows and what it does not, and finds no 5xx."""

from __future__ import annotations

from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from tests.api.conftest import MINUTE, NOW, Clock, Shop, World
from tests.api.memory_log import MemoryLog
from tests.api.visitors import Visit, Visitor, insert_visitors

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 5
LONGEST_QUERY = 60_000
"""Characters: the client sends no longer one, and no server takes it."""
DOCUMENT = create_app(None, MemoryLog(), Clock()).openapi()  # type: ignore[arg-type]
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_input_makes_a_server_error_and_answers_are_as_declared(
    world: World, shop: Shop, method: str, path: str
) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(f"v{n}", [Visit(NOW - MINUTE, NOW)]) for n in range(3)])
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method.upper()]
    may_be_wrong = operation.body or operation.query or operation.path_parameters
    modes = [schemathesis.GenerationMode.POSITIVE, *([schemathesis.GenerationMode.NEGATIVE] if may_be_wrong else [])]

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @hypothesis.given(st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]))
    def run(case: Any) -> None:
        told = case.as_transport_kwargs(base_url="http://sonnim.test")
        sent = {
            name: told[name] for name in ("params", "json", "content", "data", "files") if told.get(name) is not None
        }
        if isinstance(sent.get("data"), bytes | str):
            sent["content"] = sent.pop("data")
        headers = {name: value for name, value in dict(told["headers"]).items() if name.lower() != "authorization"}
        hypothesis.assume(len(str(httpx.QueryParams(sent.get("params") or {}))) < LONGEST_QUERY)
        answer = world.client.request(told["method"], told["url"], headers={**headers, **shop.reads}, **sent)
        case.validate_response(answer, checks=CHECKS)

    run()
