"""Refused requests by a key in both formats, and the headers of each answer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Buyer, Route
from publishers.keys import rotation
from publishers.models import Key, LogEntry
from reservations.models import Reservation
from tests.factories import make_company, make_ready_key
from tests.publishers.refused import BY_KEY, NUMBER, REFUSED_KEY, Case

pytestmark = pytest.mark.django_db
ALL = {**BY_KEY, **REFUSED_KEY}
every_case = pytest.mark.parametrize("case", ALL.values(), ids=ALL)


def ping(client: Client, key: Key, query: str = NUMBER, **more: Any) -> Any:
    return client.post(f"/rtbs.json?{query}&key={key.key}", **more)


# --- each row of the status table -----------------------------------------------------------------
@every_case
def test_a_refusal_in_each_format_stores_nothing(client: Client, key: Key, case: Case) -> None:
    case.before(key)
    xml = f'<?xml version="1.0" encoding="utf-8"?>\n<hash><error>{case.error}</error></hash>'
    for extension, content_type, body in (
        ("json", "application/json", f'{{"error":"{case.error}"}}'),
        ("xml", "text/xml; charset=utf-8", xml),
    ):
        answer = case.request(client, key, extension)
        assert answer.status_code == case.status
        assert answer["Content-Type"] == content_type
        assert answer.content.decode() == body
    assert Reservation.objects.count() == 0


@pytest.mark.parametrize(
    "case", {case.status: case for case in ALL.values()}.values(), ids=lambda case: case.status
)
def test_a_refusal_is_not_cached(client: Client, key: Key, case: Case) -> None:
    answer = case.send(client, key)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_an_answer_is_never_kept_by_a_browser(client: Client, key: Key) -> None:
    answer = ping(client, key)
    assert answer.json()["status"] == "reserved"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_a_missing_key_is_not_authorized_and_leaves_no_row(client: Client, key: Key) -> None:
    answer = client.post(f"/rtbs.json?{NUMBER}&key=")
    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorized"}
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("GET", "/rtbs", "POST"), ("OPTIONS", "/rtbs", "POST"), ("POST", "/rtbs/7", "PUT, PATCH")],
)
def test_405_lists_the_allowed_methods(
    client: Client, key: Key, method: str, path: str, allow: str
) -> None:
    answer = client.generic(method, f"{path}?{NUMBER}&key={key.key}")
    assert answer.status_code == 405
    assert answer["Allow"] == allow
    assert Reservation.objects.count() == 0


def test_a_link_preview_does_nothing(client: Client, key: Key) -> None:
    answer = client.head(f"/rtbs?{NUMBER}&key={key.key}")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert Reservation.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "accept", "error"),
    [
        ("/rtbs.csv", "text/xml", "unknown format: .csv"),
        ("/rtbs.csv.json", "*/*", "unknown format: .csv.json"),
        ("/rtbs", "image/png", "unknown format: Accept asks for neither JSON nor XML"),
    ],
)
def test_an_unknown_format_is_refused_in_json(
    client: Client, key: Key, path: str, accept: str, error: str
) -> None:
    answer = client.post(f"{path}?{NUMBER}&key={key.key}", headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"error": error}


@pytest.mark.parametrize(
    "given", [{"format": "csv"}, {"method": "PUT"}, {"content_type": "image/png"}], ids=str
)
def test_the_key_of_a_malformed_request_is_found_in_its_body(
    client: Client, key: Key, given: dict[str, str]
) -> None:
    path = f"/rtbs.{given.get('format', 'json')}"
    body = json.dumps({"key": key.key}).encode()
    query = f"?key={key.key}" if "content_type" in given else ""  # what can't be read names no key
    client.generic(
        given.get("method", "POST"),
        path + query,
        body,
        given.get("content_type", "application/json"),
    )
    assert [row.key_pk for row in LogEntry.objects.all()] == [key.pk]


def test_429_has_retry_after(client: Client) -> None:
    key = make_ready_key(requests_per_second=1, burst=2)
    answers = [ping(client, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"error": "too many requests"}
    assert answers[2]["Retry-After"] == "1"


# --- the key --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer {}"}, {"Authorization": "bearer  {} "}, {"X-Api-Key": "{}"}],
    ids=str,
)
def test_a_key_in_a_header_is_read(client: Client, key: Key, headers: dict[str, str]) -> None:
    given = {name: text.format(key.key) for name, text in headers.items()}
    assert client.post(f"/rtbs.json?{NUMBER}", headers=given).json()["status"] == "reserved"


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer nobody"}, {"X-Api-Key": "nobody"}, {"Authorization": "Basic bm86"}],
    ids=str,
)
def test_a_header_is_ignored_beside_a_key(
    client: Client, key: Key, headers: dict[str, str]
) -> None:
    assert ping(client, key, headers=headers).json()["status"] == "reserved"


def test_a_good_header_does_not_help_a_bad_key(client: Client, key: Key) -> None:
    answer = client.post(
        f"/rtbs.json?{NUMBER}&key=nobody", headers={"Authorization": f"Bearer {key.key}"}
    )
    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorized"}


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_key_in_the_body_is_read(client: Client, key: Key, content_type: str) -> None:
    body = json.dumps({"key": key.key, "caller_number": "12025550102"})
    assert client.post("/rtbs.json", body, content_type).json()["status"] == "reserved"


def test_a_key_from_an_allowed_network_is_let_in(client: Client) -> None:
    key = make_ready_key(allowed_networks=["no network", "10.0.0.0/8", "127.0.0.1/32"])
    assert ping(client, key).json()["status"] == "reserved"


def test_revoking_holds_from_the_next_request(client: Client, key: Key) -> None:
    before = ping(client, key)
    rotation.revoke_key(key=key, now=timezone.now())
    assert [answer.status_code for answer in (before, ping(client, key))] == [200, 401]


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 401)])
def test_a_key_that_was_rolled_over_is_good_for_the_overlap(
    client: Client, key: Key, seconds: int, status: int
) -> None:
    now = datetime(2026, 5, 5, 6, 25, tzinfo=UTC)
    new = rotation.roll_key(key=key, overlap=timedelta(seconds=60), now=now)
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert [ping(client, one).status_code for one in (key, new)] == [status, 200]


def test_a_revoked_key_of_a_deleted_owner_is_unknown(client: Client, key: Key) -> None:
    BY_KEY["campaign gone"].before(key)
    answer = REFUSED_KEY["revoked"].send(client, key)
    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorized"}


def test_an_invalid_network_allows_no_address(client: Client) -> None:
    answer = ping(client, make_ready_key(allowed_networks=["no network"]))
    assert answer.status_code == 403
    assert answer.json() == {"error": "this key may not be used from this address"}


# --- refused keys a minute ------------------------------------------------------------------------
def test_sixty_refused_keys_a_minute_and_no_more(client: Client, key: Key) -> None:
    answers = [client.post("/rtbs.json?key=nobody") for _ in range(62)]
    assert [answer.status_code for answer in answers] == [401] * 60 + [429] * 2
    assert answers[60].json() == {"error": "too many refused keys"}
    assert LogEntry.objects.count() == 60
    assert 55 <= int(answers[60]["Retry-After"]) <= 60


def test_an_address_that_guesses_keys_may_still_use_its_own(client: Client, key: Key) -> None:
    for _ in range(61):
        client.post("/rtbs.json?key=nobody")
    assert ping(client, key).json()["status"] == "reserved"


# --- over a real socket ---------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "name", ["10 MB", "deep JSON", "a DTD", "NUL in a name", "GET", "no UUID in the path"]
)
def test_refused_over_a_socket(http: httpx.Client, name: str) -> None:
    case, key = BY_KEY[name], make_ready_key()
    address = f"{case.path}.json?{case.query}&key={key.key}"
    answer = http.request(
        case.method, address, content=case.body, headers={"Content-Type": case.content_type}
    )
    assert answer.status_code == case.status
    assert answer.json() == {"error": case.error}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "path", ["/nowhere", "/rtbs/", "/rtbs/1/2", "/nowhere.html", "/%00", "/%ff", "/rtbs.json/"]
)
def test_an_unknown_path_is_no_html_page(http: httpx.Client, path: str) -> None:
    answer = http.post(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"error": "not found"}


@pytest.mark.django_db(transaction=True)
def test_an_unknown_path_in_xml(http: httpx.Client) -> None:
    answer = http.get("/nowhere.xml")
    assert answer.status_code == 404
    assert (
        answer.text
        == '<?xml version="1.0" encoding="utf-8"?>\n<hash><error>not found</error></hash>'
    )


@pytest.mark.django_db(transaction=True)
def test_after_a_link_preview_the_connection_still_serves(http: httpx.Client) -> None:
    key = make_ready_key()
    assert http.head(f"/rtbs?{NUMBER}&key={key.key}").status_code == 405
    assert http.post(f"/rtbs?{NUMBER}&key={key.key}").json()["status"] == "reserved"


# --- the company's region -------------------------------------------------------------------------
def test_a_national_number_is_of_the_companys_region_from_the_first_request_on(
    client: Client,
) -> None:
    key = make_ready_key(company=make_company(region="GB"))
    answers = [ping(client, key, "caller_number=020 7946 0018").json()["uuid"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert Reservation.objects.get().caller_number == "+442079460018"
    assert [row.caller_number for row in LogEntry.objects.all()] == ["+442079460018"] * 3


def test_a_company_that_moves_is_followed(client: Client) -> None:
    key = make_ready_key(company=make_company(region="GB"))
    ping(client, key, "caller_number=020 7946 0018")
    key.company.region = "US"
    key.company.save()
    ping(client, key, "caller_number=202 555 0102")
    assert [row.caller_number for row in LogEntry.objects.order_by("id")] == [
        "+442079460018",
        "+12025550102",
    ]


# --- the hot path ---------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("more_buyers", [0, 999])
def test_a_ping_is_three_statements_in_one_transaction(client: Client, more_buyers: int) -> None:
    key = make_ready_key()
    add_buyers(key, more_buyers)
    ping(client, key, "caller_number=12025550101")
    with CaptureQueriesContext(connection) as captured:
        answer = ping(client, key, "caller_number=12025550102")
    said = [" ".join(query["sql"].split()[:3]) for query in captured]
    assert answer.json()["status"] == "reserved"
    assert [text.replace("BEGIN IMMEDIATE", "BEGIN") for text in said] == [
        "SELECT 'key', CAST(k.id",
        "BEGIN",
        'INSERT INTO "reservations_reservation"',
        'INSERT INTO "publishers_logentry"',
        "COMMIT",
    ]


def add_buyers(key: Key, count: int) -> None:
    campaign, company = key.campaign, key.company
    buyers = Buyer.objects.bulk_create(
        [Buyer(company=company, name="B", number="+12025550100") for _ in range(count)]
    )
    Route.objects.bulk_create([Route(campaign=campaign, buyer=buyer) for buyer in buyers])
