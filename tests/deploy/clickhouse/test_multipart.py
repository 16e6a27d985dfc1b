import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from deploy.clickhouse.errors import QueryError
from deploy.clickhouse.multipart import Part, read_parts


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_the_parts_of_a_form_come_out_as_they_went_in(values: list[bytes]) -> None:
    fields = [(f"field{number}", (f"file{number}", value)) for number, value in enumerate(values)]
    body, content_type = encode_multipart_formdata([("query", "SELECT 1"), *fields], boundary="b0undary-of-the-test")
    expected = [Part("query", b"SELECT 1", False)] + [Part(name, value, True) for name, (_, value) in fields]
    assert read_parts(content_type, body) == expected


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut'),
    ],
)
def test_a_body_that_is_no_form_is_an_error(content_type: str, body: bytes) -> None:
    with pytest.raises(QueryError):
        read_parts(content_type, body)
