import base64

import pytest

from deploy.clickhouse.errors import QueryError
from deploy.clickhouse.request import Credentials, from_web_page, read_request


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_parameter_that_is_not_the_interfaces_own_is_a_setting() -> None:
    request = read_request(
        "POST", b"query=SELECT+1&database=d&param_x=%EA%B0%80&max_threads=2&session_id=s&wait_end_of_query=1", {}
    )
    assert request.query == "SELECT 1"
    assert request.database == "d"
    assert request.parameters == {"x": "가"}
    assert request.settings == {"max_threads": "2"}
    assert request.session_id == "s"
    assert request.wait_end_of_query
    assert not request.read_only


def test_get_may_only_read() -> None:
    assert read_request("GET", b"", {}).read_only


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        (b"", {}, Credentials("default", "")),
        (b"user=a&password=b", {}, Credentials("a", "b")),
        (b"", {"x-clickhouse-user": "a", "x-clickhouse-key": "b"}, Credentials("a", "b")),
        (b"", {"authorization": basic("a:b:c")}, Credentials("a", "b:c")),
        (b"", {"authorization": basic("default:")}, Credentials("default", "")),
    ],
)
def test_credentials_come_as_parameters_headers_or_basic(
    query: bytes, headers: dict[str, str], expected: Credentials
) -> None:
    assert read_request("POST", query, headers).credentials == expected


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        (b"user=a", {"authorization": basic("a:b")}, 516),
        (b"", {"authorization": "Bearer x"}, 516),
        (b"", {"authorization": "Basic %"}, 516),
        (b"role=boss", {}, 511),
        (b"a%20b=1", {}, 36),
        (b"buffer_size=x", {}, 36),
        (b"session_timeout=99999", {}, 374),
    ],
)
def test_a_request_that_contradicts_itself_has_a_code(query: bytes, headers: dict[str, str], code: int) -> None:
    with pytest.raises(QueryError) as caught:
        read_request("POST", query, headers)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({"host": "127.0.0.1:8123"}, False),
        ({"host": "localhost:8123"}, False),
        ({"host": "[::1]:8123"}, False),
        ({"host": "clickhouse:8123"}, False),
        ({"host": "localhost:8123", "origin": "http://localhost:8123"}, False),
        ({"host": "localhost:8123", "origin": "http://shop.example"}, True),
        ({"host": "rebound.example:8123", "origin": "http://rebound.example:8123"}, True),
    ],
)
def test_a_page_of_another_host_is_known_by_origin_or_host(headers: dict[str, str], foreign: bool) -> None:
    assert from_web_page(headers) is foreign
