"""Habits of deployed clients that must work, over a real socket, one test each."""

import json
from typing import Any

import httpx
import pytest

from publishers.models import Key, LogEntry
from reservations.models import Reservation
from tests.factories import make_company, make_ready_key

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "caller_number=12025550102"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def key() -> Key:
    return make_ready_key()


def post(
    http: httpx.Client, key: Key, query: str = "", body: str | bytes = b"", **headers: str
) -> dict[str, Any]:
    """Send a request with the key in the query; return the answer."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    answer: dict[str, Any] = http.post(
        f"/rtbs.json?key={key.key}&{query}", content=body, headers=given
    ).json()
    return answer


def tags() -> Any:
    return Reservation.objects.get().tags


def caller() -> str | None:
    return Reservation.objects.get().caller_number


# --- where parameters stand -----------------------------------------------------------------------
def test_all_in_the_query(http: httpx.Client, key: Key) -> None:
    assert post(http, key, f"{NUMBER}&caller_zip=90210")["status"] == "reserved"
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "90210"}


def test_all_in_a_form(http: httpx.Client, key: Key) -> None:
    http.post(
        "/rtbs.json", data={"key": key.key, "caller_number": "+12025550102", "caller_zip": "90210"}
    )
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "90210"}


def test_all_in_json(http: httpx.Client, key: Key) -> None:
    http.post(
        "/rtbs.json", json={"key": key.key, "caller_number": "+12025550102", "caller_zip": "90210"}
    )
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "90210"}


def test_all_in_xml(http: httpx.Client, key: Key) -> None:
    body = f"<hash><key>{key.key}</key><caller-number>+12025550102</caller-number><caller_zip>02134</caller_zip></hash>"
    answer = http.post("/rtbs", content=body, headers={"Content-Type": "application/xml"})
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "02134"}


def test_all_in_multipart(http: httpx.Client, key: Key) -> None:
    fields = {"key": key.key, "caller_number": "+12025550102", "caller_zip": "90210"}
    http.post("/rtbs.json", files={name: (None, text) for name, text in fields.items()})
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "90210"}


def test_the_query_wins_over_the_body(http: httpx.Client, key: Key) -> None:
    post(
        http,
        key,
        f"{NUMBER}&caller_zip=90210",
        json.dumps({"caller_zip": "10001", "age": "40"}),
        **JSON,
    )
    assert tags() == {"caller_zip": "90210", "age": "40"}


def test_the_path_wins_over_the_query(http: httpx.Client, key: Key) -> None:
    uuid = post(http, key, NUMBER)["uuid"]
    answer = http.put(f"/rtbs/{uuid}.json?key={key.key}&status=confirmed&uuid=7&format=xml")
    assert answer.json()["uuid"] == uuid
    assert answer.json()["status"] == "confirmed"


@pytest.mark.parametrize(
    "body",
    ["zip=1&zip=2&zip=3", '{"zip": "1", "zip": "3"}', "<hash><zip>1</zip><zip>3</zip></hash>"],
)
def test_of_a_repeated_one_the_last_in_a_body(http: httpx.Client, key: Key, body: str) -> None:
    post(http, key, NUMBER, body, Content_Type="text/xml" if body[0] == "<" else "text/plain")
    assert tags() == {"zip": "3"}


def test_of_a_repeated_one_the_last_in_a_query(http: httpx.Client, key: Key) -> None:
    post(http, key, f"caller_number=12025550101&{NUMBER}&zip=1&zip=2")
    assert caller() == "+12025550102"
    assert tags() == {"zip": "2"}


def test_json_that_is_announced_and_empty(http: httpx.Client, key: Key) -> None:
    assert post(http, key, NUMBER, b"", **JSON)["status"] == "reserved"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_json_under_another_label(http: httpx.Client, key: Key, content_type: str) -> None:
    post(
        http,
        key,
        "",
        '{"caller_number": "12025550102", "caller_zip": 12344}',
        Content_Type=content_type,
    )
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "12344"}


@pytest.mark.parametrize("content_type", ["text/plain", ""])
def test_a_form_under_another_label(http: httpx.Client, key: Key, content_type: str) -> None:
    post(http, key, "", f"{NUMBER}&caller_zip=90210", Content_Type=content_type)
    assert caller() == "+12025550102"
    assert tags() == {"caller_zip": "90210"}


# --- how numbers are written ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "written",
    [
        "+12025550102",  # a raw plus, which decodes to a space
        "%2B12025550102",
        "12025550102",
        "2025550102",
        "(202)%20555-0102",
        "1-202-555-0102",
        "+1+(202)+555+0102",
        "%2B1.202.555.0102",
        "2025550102%20",
    ],
)
def test_a_number_as_it_is_written(http: httpx.Client, key: Key, written: str) -> None:
    post(http, key, f"caller_number={written}")
    assert caller() == "+12025550102"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("020 7946 0018", "+442079460018"),
        ("12025550102", "+12025550102"),
        ("442079460018", "+442079460018"),
        ("+10123456789", "+10123456789"),
    ],
)
def test_a_number_for_a_british_company(http: httpx.Client, written: str, kept: str) -> None:
    key = make_ready_key(company=make_company(region="GB"))
    http.post("/rtbs.json", data={"key": key.key, "caller_number": written})
    assert caller() == kept


def test_numbers_of_json_where_texts_are_expected(http: httpx.Client, key: Key) -> None:
    body = '{"caller_number": 12025550102, "zip": 12344, "price": 1.50, "old": true, "parts": {"a": [1, 2.50]}}'
    post(http, key, "", body, **JSON)
    assert caller() == "+12025550102"
    assert tags() == {"zip": "12344", "price": "1.50", "old": "true", "parts": '{"a":[1,2.5]}'}


@pytest.mark.parametrize(
    "written",
    ["anonymous", "Restricted", "private", "unknown", "unavailable", "+266696687", "%2B266696687"],
)
def test_a_withheld_caller_is_none(http: httpx.Client, written: str) -> None:
    key = make_ready_key(allow_no_caller_number=True)
    answers = [post(http, key, f"caller_number={written}") for _ in range(2)]
    assert [row.caller_number for row in Reservation.objects.all()] == [None, None]
    assert answers[0]["inbound_number"] == f"sip:{answers[0]['uuid']}@rtb.sip.localhost"


# --- what counts as not sent ----------------------------------------------------------------------
@pytest.mark.parametrize("nothing", ["", "%20", "undefined", "null"])
def test_a_blank_number_is_not_sent(http: httpx.Client, key: Key, nothing: str) -> None:
    assert post(http, key, f"caller_number={nothing}") == {
        "error": "FAILED must include caller_number (string)"
    }


def test_a_null_is_not_sent(http: httpx.Client, key: Key) -> None:
    assert post(http, key, "", '{"caller_number": null}', **JSON) == {
        "error": "FAILED must include caller_number (string)"
    }


def test_a_blank_reserved_one_hides_no_other(http: httpx.Client, key: Key) -> None:
    post(
        http,
        key,
        "caller_number=&publisher_id=",
        json.dumps({"caller_number": "12025550102", "key": ""}),
        **JSON,
    )
    assert caller() == "+12025550102"
    assert tags() == {}


def test_a_blank_tag_is_kept_and_an_empty_name_is_not(http: httpx.Client, key: Key) -> None:
    post(http, key, f"{NUMBER}&caller_zip=&=nameless", '{"old": null}', **JSON)
    assert tags() == {"caller_zip": ""}


# --- reserved parameters --------------------------------------------------------------------------
def test_an_accounts_key_and_company_are_no_tags_and_not_logged_in_clear(
    http: httpx.Client, key: Key
) -> None:
    post(http, key, f"{NUMBER}&api_key=0123456789abcdef&company_id=54321")
    row = LogEntry.objects.get()
    assert tags() == {}
    assert row.parameters["api_key"] == "…cdef"
    assert row.parameters["company_id"] == "…4321"


def test_reserved_names_are_no_tags(http: httpx.Client, key: Key) -> None:
    post(
        http,
        key,
        f"{NUMBER}&call_uuid=7&format=xml&controller=a&action=b&utf8=%E2%9C%93&inbound_number=18335550101",
    )
    assert tags() == {}


def test_an_unknown_publisher_is_a_tag(http: httpx.Client, key: Key) -> None:
    post(http, key, f"{NUMBER}&affiliate_id=nobody")
    assert tags() == {"publisher_id": "nobody"}
    assert Reservation.objects.get().publisher_id is None


# --- the format of the answer ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/rtbs.json", "text/xml", "application/json"),
        ("/rtbs.xml", "application/json", "text/xml; charset=utf-8"),
        ("/rtbs.JSON", "image/png", "application/json"),
        ("/rtbs", "*/*", "application/json"),
        ("/rtbs", "text/html,application/xml;q=0.9", "application/json"),
        ("/rtbs", "application/xml", "text/xml; charset=utf-8"),
        ("/rtbs", "text/xml;q=0.4, application/json;q=0.5", "application/json"),
    ],
)
def test_the_format_of_the_answer(
    http: httpx.Client, key: Key, path: str, accept: str, content_type: str
) -> None:
    answer = http.post(f"{path}?key={key.key}&{NUMBER}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type


def test_the_answer_in_xml(http: httpx.Client, key: Key) -> None:
    answer = http.post(f"/rtbs.xml?key={key.key}&{NUMBER}").text
    row = Reservation.objects.get()
    moment = row.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert answer == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<hash><uuid>{row.uuid}</uuid><status>reserved</status>"
        '<retreaver-payout type="float">0.0</retreaver-payout><retreaver-seconds type="integer">0</retreaver-seconds>'
        f'<inbound-number>{row.inbound_number}</inbound-number><expires-at type="datetime">{moment}</expires-at></hash>'
    )
