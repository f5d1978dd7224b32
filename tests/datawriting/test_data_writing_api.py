"""Data writing over HTTP: body forms, the members of the answer, limits, errors, CORS."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from publishers.models import Key, LogEntry, StoredTag
from tests.factories import make_key, make_ready_key
from tests.pinging import CALLER, dial, logged
from tests.writing import NO_CALL, on_calls, waiting_for_a_call, waiting_on_calls

pytestmark = pytest.mark.django_db
ANSWER = (
    f'{{"tag_values":{{"zip":"90210","ok":""}},"caller_number":"{CALLER}","status":"{NO_CALL}"}}'
)
XML = (
    "<hash><caller-number>12025550102</caller-number><tag-values>"
    "<tag-value><key>zip</key><value>90210</value></tag-value>"
)
BOUNDARY = "".join(
    f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
    for name, text in (("caller_number", "12025550102"), ("zip", "90210"), ("ok", ""))
)
FORM = "caller_number=12025550102&zip=90210&ok="
JSON = '{"caller_number": 12025550102, "zip": 90210, "ok": ""}'
BODIES = {
    "form": ("application/x-www-form-urlencoded", FORM),
    "json": ("application/json", JSON),
    "json called a form": ("application/x-www-form-urlencoded", JSON),
    "json called a text": ("text/plain", JSON),
    "multipart": ("multipart/form-data; boundary=b", f"{BOUNDARY}--b--\r\n"),
    "xml": ("text/xml", f"{XML}<tag-value><key>ok</key><value/></tag-value></tag-values></hash>"),
    "xml members": (
        "application/xml",
        "<hash><caller-number>12025550102</caller-number><zip>90210</zip><ok/></hash>",
    ),
}


@pytest.fixture
def key() -> Key:
    return make_key("call_data_writing")


def send(
    key: Key, query: str = "", path: str = "/data_writing.json", method: str = "POST", **more: Any
) -> Any:
    """Send a request with the key among its parameters; `body` and `content_type` are raw."""
    body, content_type = more.pop("body", ""), more.pop("content_type", "")
    address = f"{path}?{query}&key={key.key}" if "data_writing/" not in path else f"{path}?{query}"
    return Client().generic(method, address, body, content_type, **more)


# --- forms ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_in_the_query(key: Key, method: str) -> None:
    assert send(key, FORM, method=method).content.decode() == ANSWER


@pytest.mark.parametrize(("content_type", "body"), BODIES.values(), ids=BODIES)
def test_in_the_body(key: Key, content_type: str, body: str) -> None:
    assert send(key, body=body, content_type=content_type).content.decode() == ANSWER


@pytest.mark.parametrize(("content_type", "body"), BODIES.values(), ids=BODIES)
def test_with_the_key_in_the_path(key: Key, content_type: str, body: str) -> None:
    answer = send(key, path=f"/data_writing/{key.key}.json", body=body, content_type=content_type)
    assert answer.content.decode() == ANSWER


def test_by_a_link_with_the_key_in_the_path(key: Key) -> None:
    assert send(key, FORM, f"/data_writing/{key.key}", "GET").content.decode() == ANSWER


def test_the_key_in_the_path_wins_and_stands_in_the_log_by_its_end(key: Key) -> None:
    other = make_key("call_data_writing")
    send(key, f"{FORM}&key={other.key}", f"/data_writing/{key.key}.json")
    assert logged().key_pk == key.pk
    assert logged().path == f"/data_writing/…{key.key[-4:]}.json"


def test_a_valid_parameter_does_not_help_a_bad_key_in_the_path(key: Key) -> None:
    answer = send(key, f"{FORM}&key={key.key}", "/data_writing/0b1c.json")
    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorized"}


def test_in_xml_with_names_that_are_no_elements(key: Key) -> None:
    answer = send(key, f"{FORM}&<b>=1&0=", "/data_writing.xml")
    assert answer.content.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n<hash><tag-values type="array">'
        "<tag-value><key>zip</key><value>90210</value></tag-value><tag-value><key>ok</key><value></value></tag-value>"
        "<tag-value><key>&lt;b&gt;</key><value>1</value></tag-value><tag-value><key>0</key><value></value></tag-value>"
        f"</tag-values><caller-number>{CALLER}</caller-number><status>{NO_CALL}</status></hash>"
    )


def test_without_a_tag_there_is_an_answer_and_nothing_else(key: Key) -> None:
    answer = send(key, "caller_number=12025550102").json()
    assert answer["tag_values"] == {}
    assert answer["status"] == NO_CALL
    assert waiting_for_a_call() == {}


def test_an_unknown_publisher_is_a_tag_and_noted(key: Key) -> None:
    answer = send(key, f"{FORM}&affiliate_id=nobody").json()
    assert answer["tag_values"] == {"zip": "90210", "ok": "", "publisher_id": "nobody"}
    assert logged().notes == ["No publisher is called “nobody”: kept as the tag publisher_id."]


def test_a_repeat_with_its_idempotency_key_writes_nothing_more(key: Key) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = [send(key, FORM, headers=headers)]
    StoredTag.objects.all().delete()
    answers.append(send(key, FORM, headers=headers))
    assert [answer.content.decode() for answer in answers] == [ANSWER, ANSWER]
    assert waiting_for_a_call() == {}


# --- limits ---------------------------------------------------------------------------------------
def tags(count: int) -> str:
    return "&".join(f"t{number}=1" for number in range(count))


@pytest.mark.parametrize(
    "query", [tags(100), f"{'n' * 100}=1", f"a={'v' * 1000}"], ids=["tags", "name", "value"]
)
def test_at_a_limit_it_is_written(key: Key, query: str) -> None:
    answer = send(key, f"caller_number=12025550102&{query}").json()
    assert answer["status"] == NO_CALL
    assert waiting_for_a_call() == answer["tag_values"]


LIMITS = {
    "tags": (tags(101), "at most 100 tags in a request, these are 101"),
    "name": (f"a=1&{'n' * 101}=1", f"a tag's name has at most 100 characters: {'n' * 40}…"),
    "value": (f"a=1&b={'v' * 1001}", "a tag's value has at most 1000 characters: b"),
    "NUL": ("a=1&b=%00", "a parameter holds a NUL character, or bytes that are not UTF-8"),
    "NUL in a name": (
        "a=1&%00=1",
        "a parameter holds a NUL character, or bytes that are not UTF-8",
    ),
    "not UTF-8": ("a=1&b=%FF", "a parameter holds a NUL character, or bytes that are not UTF-8"),
    "line in a name": ("a=1&b%0Ac=1", "a parameter's name holds a control character"),
    "caller": ("a=1&caller_number=hello", "caller_number must be a phone number of 7 to 15 digits"),
}


@pytest.mark.parametrize(("query", "error"), LIMITS.values(), ids=LIMITS)
def test_past_a_limit_nothing_is_stored(key: Key, query: str, error: str) -> None:
    answer = send(key, f"caller_number=12025550102&{query}")
    assert answer.status_code == 422
    assert answer.json() == {"error": error}
    assert waiting_for_a_call() == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"a": [1, {"b": None}]}, {"a": '[1,{"b":null}]'}),
        ({"a": {"b": ["é", 1.50]}}, {"a": '{"b":["é",1.5]}'}),
        ({"a": True, "b": None, "c": 1.0}, {"a": "true", "c": "1.0"}),
        ({"": "1", "a": "undefined"}, {"a": "undefined"}),
        (
            {"<script>": "<&>", "'; DROP TABLE calls; --": "' OR 1=1"},
            {"<script>": "<&>", "'; DROP TABLE calls; --": "' OR 1=1"},
        ),
        ({"caller_number": "undefined", "publisher_id": None}, None),
    ],
    ids=["array", "object", "plain", "empty name", "markup and SQL", "undefined caller"],
)
def test_what_becomes_of_odd_values(
    key: Key, said: Mapping[str, Any], kept: dict[str, str] | None
) -> None:
    body = json.dumps({"caller_number": "12025550102", **said})
    answer = send(key, body=body, content_type="application/json").json()
    assert answer.get("tag_values") == kept
    assert waiting_for_a_call() == (kept or {})


# --- the call of a caller -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "about",
    ["", "caller_number=", "caller_number=undefined", "caller_number=anonymous", "call_uuid="],
)
def test_without_a_caller_or_a_call_it_is_refused(key: Key, about: str) -> None:
    answer = send(key, f"{about}&zip=1")
    assert answer.status_code == 422
    assert answer.json() == {"error": "FAILED must include caller_number (string)"}


@pytest.mark.parametrize("uuid", ["0", "undefined", "00000000-0000-4000-8000-000000000000", "%00"])
def test_an_unknown_call_is_not_found(key: Key, uuid: str) -> None:
    answer = send(key, f"{FORM}&call_uuid={uuid}")
    assert answer.status_code == 404
    assert answer.json() == {"error": "call not found"}
    assert waiting_for_a_call() == {}


def test_a_ringing_call_is_found_by_a_number_in_any_spelling() -> None:
    ready = make_ready_key()
    dial(ready.campaign.numbers.get().number)
    send(
        make_key("call_data_writing", campaign=ready.campaign), "caller_number=(202) 555-0102&zip=1"
    )
    assert waiting_on_calls() == {"zip": "1"}
    assert on_calls() == {}
    assert logged().caller_number == CALLER


# --- authorization --------------------------------------------------------------------------------
REFUSED: dict[str, tuple[int, str, Any]] = {
    "unknown": (401, "not authorized", lambda key: key.delete()),
    "of another kind": (
        401,
        "not authorized",
        lambda key: Key.objects.update(type="rtb", settings={}),
    ),
    "paused": (403, "this key is paused", lambda key: set_on(key, paused=True)),
    "publisher paused": (
        403,
        "the publisher of this key is paused",
        lambda key: set_on(key.publisher, paused=True),
    ),
    "switched off": (
        403,
        "call data writing is switched off for this company",
        lambda key: set_on(key.company, call_data_writing_enabled=False),
    ),
    "publisher deleted": (
        410,
        "the owner of this key was deleted",
        lambda key: key.publisher.retire(now=timezone.now()),
    ),
}


def set_on(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


@pytest.mark.parametrize(("status", "error", "before"), REFUSED.values(), ids=REFUSED)
def test_a_refused_writer_gets_the_reason(key: Key, status: int, error: str, before: Any) -> None:
    before(key)
    answer = send(key, FORM)
    assert answer.status_code == status
    assert answer.json() == {"error": error}
    assert waiting_for_a_call() == {}


def test_a_paused_campaigns_key_still_writes() -> None:
    key = make_key("call_data_writing", campaign=make_ready_key().campaign)
    set_on(key.campaign, paused=True)
    assert send(key, FORM).json()["status"] == NO_CALL


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
def test_other_verbs_do_nothing(key: Key, method: str) -> None:
    answer = send(key, FORM, method=method)
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST"
    assert waiting_for_a_call() == {}


# --- the log --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("query", "result"), [(FORM, "stored"), ("zip=1", "refused")])
def test_each_request_leaves_one_row(key: Key, query: str, result: str) -> None:
    send(key, query)
    row = LogEntry.objects.get()
    assert row.key_pk == key.pk
    assert row.type == "call_data_writing"
    assert row.result == result
    assert row.parameters["key"] == f"…{key.key[-4:]}"


# --- from other pages of the web ------------------------------------------------------------------
ORIGIN = {"Origin": "https://publisher.example"}


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("POST", "/data_writing.json", FORM, 200),
        ("GET", "/data_writing.xml", FORM, 200),
        ("POST", "/data_writing", "", 422),
        ("POST", "/data_writing.csv", FORM, 406),
        ("PUT", "/data_writing", FORM, 405),
        ("POST", "/data_writing/unknown.json", FORM, 401),
        ("POST", "/data_writing.json", f"{FORM}&call_uuid=0", 404),
    ],
)
def test_every_answer_may_be_read_by_any_page(
    key: Key, method: str, path: str, query: str, status: int
) -> None:
    answer = send(key, query, path, method, headers=ORIGIN)
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    ["/data_writing", "/data_writing.json", "/data_writing/any-key", "/data_writing/any-key.xml"],
)
def test_a_browser_may_ask_first_without_a_key(client: Client, path: str) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options(path, headers=ORIGIN | asked)
    told = [answer[f"Access-Control-Allow-{what}"] for what in ("Origin", "Methods", "Headers")]
    assert answer.status_code == 204
    assert answer.content == b""
    assert LogEntry.objects.count() == 0
    assert told == [
        "*",
        "GET, POST",
        "Accept, Authorization, Content-Type, Idempotency-Key, X-Api-Key",
    ]


@pytest.mark.parametrize(
    "path",
    ["/rtbs.json", "/call_reservations.json", "/conversions.json", "/calls.json", "/healthz", "/x"],
)
@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_no_other_path_says_so(client: Client, method: str, path: str) -> None:
    answer = client.generic(method, path, headers=ORIGIN)
    assert [name for name in answer.headers if name.startswith("Access-Control")] == []
