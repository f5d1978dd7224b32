"""Bodies in every form that clients send, and what is refused: `read_body` and the parsers."""

from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request

from config.http.bodies import MAX_BODY_BYTES, Pairs, read_body
from config.http.errors import ApiError
from config.http.negotiation import ContentNegotiation
from config.http.parsers import PARSER_CLASSES

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=XX"


PARSERS = [parser() for parser in PARSER_CLASSES]


def under_drf(request: WSGIRequest) -> Request:
    return Request(request, parsers=PARSERS, negotiator=ContentNegotiation())


def posted(body: bytes | str, content_type: str = JSON) -> Request:
    raw = body.encode() if isinstance(body, str) else body
    request = RequestFactory().generic("POST", "/rtbs", raw, content_type=content_type or "x/y")
    if not content_type:  # the factory always names one
        request.META.pop("CONTENT_TYPE", None)
    return under_drf(request)


def streamed(stream: BytesIO, length: int) -> Request:
    return under_drf(
        WSGIRequest(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": JSON,
                "CONTENT_LENGTH": str(length),
                "wsgi.input": stream,
            }
        )
    )


def read(body: bytes | str, content_type: str = JSON) -> Pairs:
    return read_body(posted(body, content_type))


def refused(body: bytes | str, content_type: str = JSON) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        read(body, content_type)
    return refusal.value.status, refusal.value.text


def part(name: str, value: str, more: str = "") -> str:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


# --- JSON -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        ('{"caller_zip": 12344}', [("caller_zip", "12344")]),
        (
            '{"a": 1.50, "b": -0.0, "c": 1E-3, "d": 1e2}',
            [("a", "1.50"), ("b", "-0.0"), ("c", "1E-3"), ("d", "1e2")],
        ),
        ('{"hold_caller": true, "b": false}', [("hold_caller", "true"), ("b", "false")]),
        ('{"caller_number": null, "b": ""}', [("b", "")]),
        ('{"a": "1", "a": "2"}', [("a", "2")]),
        (
            '{"a": {"b": [1, "é", null, true, 2.5]}, "c": [ ]}',
            [("a", '{"b":[1,"é",null,true,2.5]}'), ("c", "[]")],
        ),
        ('{"a": "\\u00e9\\ud83d\\ude00"}', [("a", "é😀")]),
        ('{"a": ["\\\\u0000"]}', [("a", '["\\\\u0000"]')]),
        ("\ufeff{}", []),
        (' \n{"0": ""}\n', [("0", "")]),
        (f'{{"a": {"9" * 4_000}}}', [("a", "9" * 4_000)]),
    ],
)
def test_json_members_become_text(body: str, pairs: Pairs) -> None:
    assert read(body) == pairs


@pytest.mark.parametrize(
    "content_type",
    [JSON, "text/json", "application/vnd.api+json", "Application/JSON; charset=UTF-8"],
)
def test_json_by_any_of_its_names(content_type: str) -> None:
    assert read('{"a": "é"}', content_type) == [("a", "é")]


@pytest.mark.parametrize("body", ["[1]", '"text"', "12", "null", "true", "[]"])
@pytest.mark.parametrize("content_type", [JSON, "text/plain", ""])
def test_json_that_is_no_object(body: str, content_type: str) -> None:
    assert refused(body, content_type) == (400, "unreadable body: the JSON is no object")


def test_a_list_that_is_called_a_form() -> None:
    assert refused("[1]", FORM) == (400, "unreadable body: the JSON is no object")


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1',
        "a=1",
        "{'a': 1}",
        '{"a": "\t"}',
        '{"a": ' * 10_000,
        '{"a":' + "[" * 60_000,
        f'{{"a": {"9" * 5_000}}}',
    ],
)
def test_unreadable_json(body: str) -> None:
    assert refused(body) == (400, "unreadable body: not JSON")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("content_type", [JSON, FORM, "text/plain", ""])
def test_numbers_that_are_not_finite(number: str, content_type: str) -> None:
    assert refused(f'{{"a": [{number}]}}', content_type) == (
        400,
        f"unreadable body: {number} is no finite number",
    )


@pytest.mark.parametrize("body", ['{"a": ["\\u0000"]}', '{"a": {"\\\\\\u0000": 1}}'])
def test_a_nul_inside_a_nested_value(body: str) -> None:
    assert refused(body) == (422, "a value holds a NUL character")


# --- forms, and what is called one ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        ("caller_number=%2B12025550102&zip=", [("caller_number", "+12025550102"), ("zip", "")]),
        ("a=+1&a=2&b", [("a", " 1"), ("a", "2"), ("b", "")]),
        ("name=Zo%C3%AB+x&q=1;2", [("name", "Zoë x"), ("q", "1;2")]),
        ("a=1\r\n", [("a", "1")]),
        ("=x&&a=%zz", [("", "x"), ("a", "%zz")]),
    ],
)
@pytest.mark.parametrize("content_type", [FORM, "text/plain", ""])
def test_a_form(body: str, pairs: Pairs, content_type: str) -> None:
    assert read(body, content_type) == pairs


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", "text/plain", ""])
def test_json_that_is_called_a_form_or_nothing(content_type: str) -> None:
    assert read(' {"caller_number": "+12025550102"}', content_type) == [
        ("caller_number", "+12025550102")
    ]


def test_a_number_that_is_called_a_form_is_a_form() -> None:
    assert read("0", FORM) == [("0", "")]


def test_broken_json_that_is_called_a_form_is_a_form() -> None:
    assert read('{"a": 1', FORM) == [('{"a": 1', "")]


def test_a_form_that_is_not_in_its_charset() -> None:
    assert refused("a=%ff", FORM) == (400, "unreadable body: the form is not in its charset")


# --- multipart ------------------------------------------------------------------------------------
def test_multipart_fields_in_their_order() -> None:
    body = part("b", "1") + part("a", "é\r\n2") + part("b", "") + "--XX--\r\n"
    assert read(body, MULTIPART) == [("b", "1"), ("b", ""), ("a", "é\r\n2")]


def test_multipart_in_capitals() -> None:
    assert read(part("a", "1") + "--XX--", "Multipart/Form-Data ; boundary=XX") == [("a", "1")]


def test_a_file_is_refused() -> None:
    body = part("a", "x", '; filename="a.txt"') + "--XX--\r\n"
    assert refused(body, MULTIPART) == (422, "files are not accepted")


def test_a_file_field_left_empty_is_nothing() -> None:
    assert read(part("a", "", '; filename=""') + part("b", "1") + "--XX--\r\n", MULTIPART) == [
        ("a", ""),
        ("b", "1"),
    ]


def test_multipart_without_a_boundary() -> None:
    expected = (400, "unreadable body: not multipart with the boundary that it names")
    assert refused(part("a", "1"), "multipart/form-data") == expected


def test_multipart_with_another_boundary_than_it_names() -> None:
    expected = (400, "unreadable body: not multipart with the boundary that it names")
    assert refused(part("a", "1"), "multipart/form-data; boundary=YY") == expected


# --- XML ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "application/soap+xml"])
def test_xml_by_any_of_its_names(content_type: str) -> None:
    assert read("<hash><caller-zip>02134</caller-zip></hash>", content_type) == [
        ("caller_zip", "02134")
    ]


def test_the_headers_charset_wins_over_the_documents() -> None:
    document = '<?xml version="1.0" encoding="utf-8"?><hash><a>é</a></hash>'
    assert read(document.encode("latin-1"), "text/xml; charset=iso-8859-1") == [("a", "é")]


# --- all of them ----------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "content_type", [JSON, "text/xml", FORM, MULTIPART, "multipart/form-data", "image/png", ""]
)
def test_an_empty_body_is_never_an_error(body: bytes, content_type: str) -> None:
    assert read(body, content_type) == []


@pytest.mark.parametrize("charset", ["iso-8859-1", "cp1252", "utf-16"])
def test_a_charset_that_python_knows(charset: str) -> None:
    assert read('{"a": "é"}'.encode(charset), f"{JSON}; charset={charset}") == [("a", "é")]


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "ascii", "nonsense", "hex", "punycode", "idna", "undefined", "unicode_escape"],
)
@pytest.mark.parametrize("content_type", [JSON, FORM, "text/xml", "text/plain"])
def test_a_charset_that_does_not_fit(charset: str, content_type: str) -> None:
    expected = (
        400,
        "unreadable body: not in the charset that it names, or in UTF-8 if it names none",
    )
    assert refused(b'{"a": "\xff"}', f"{content_type}; charset={charset}") == expected


def test_an_unknown_content_type() -> None:
    assert refused("a", "application/pdf") == (415, "unknown content type: application/pdf")


def test_a_body_at_the_limit_is_read() -> None:
    body = '{"a": "' + "x" * (MAX_BODY_BYTES - 9) + '"}'
    assert read(body) == [("a", "x" * (MAX_BODY_BYTES - 9))]


@pytest.mark.parametrize("content_type", [JSON, "image/png", ""])
def test_a_body_over_the_limit_is_refused_before_all_else(content_type: str) -> None:
    assert refused(b"x" * (MAX_BODY_BYTES + 1), content_type) == (413, "body over 64 KiB")


def test_a_body_over_the_limit_is_not_read() -> None:
    stream = BytesIO(b"x" * (MAX_BODY_BYTES + 1))
    with pytest.raises(ApiError):
        read_body(streamed(stream, MAX_BODY_BYTES + 1))
    assert stream.tell() == 0


def test_a_length_that_is_no_number() -> None:
    request = posted("{}")
    request.META["CONTENT_LENGTH"] = "many"
    with pytest.raises(ApiError) as refusal:
        read_body(request)
    assert refusal.value.status == 400
    assert refusal.value.text == "unreadable body"


class BrokenStream(BytesIO):
    """What is left of a connection when the client has gone."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


def test_a_client_that_goes_away() -> None:
    with pytest.raises(ApiError) as refusal:
        read_body(streamed(BrokenStream(), 2))
    assert refusal.value.status == 400
    assert refusal.value.text == "unreadable body"


def test_a_body_may_be_read_twice() -> None:
    request = posted('{"a": "1"}')
    assert read_body(request) == read_body(request) == [("a", "1")]


TYPES = st.sampled_from([JSON, "text/xml", FORM, MULTIPART, "text/plain", "", "a/b"])
CHARSETS = st.sampled_from(
    ["utf-8", "utf-7", "utf-16", "utf-32", "shift_jis", "hz", "iso2022_kr", "base64", "mbcs"]
)
HEADS = st.sampled_from([b"", b"{", b"<hash>", b"--XX\r\n", b"a="])
BODIES = st.builds(lambda head, rest: head + rest, HEADS, st.binary())


@given(BODIES, TYPES, st.none() | CHARSETS)
def test_no_bytes_are_more_than_refused(
    body: bytes, content_type: str, charset: str | None
) -> None:
    request = posted(body, f"{content_type}; charset={charset}" if charset else content_type)
    try:
        pairs = read_body(request)
    except ApiError as refusal:
        assert refusal.status in (400, 415, 422)  # noqa: PT017 - both ends are fine, a crash is not
    else:
        assert all(isinstance(text, str) for pair in pairs for text in pair)


@given(st.text(st.characters(codec="latin-1")))
def test_no_content_type_is_more_than_refused(content_type: str) -> None:
    request = posted(b'{"a": 1}')
    request.META["CONTENT_TYPE"] = content_type
    try:
        read_body(request)
    except ApiError as refusal:
        assert refusal.status in (400, 415)  # noqa: PT017 - as above
