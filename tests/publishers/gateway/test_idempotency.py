"""`Idempotency-Key`: which answers are kept, per key and path, how long, and races."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, ClassVar

import httpx
import pytest
import time_machine
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import StillRunning
from campaigns.models import Campaign
from publishers.gateway import idempotency
from publishers.gateway.idempotency import KeptResponse
from publishers.gateway.viewset import KeyedViewSet, logged
from publishers.models import IdempotencyRecord, Key, LogEntry
from reservations.models import Reservation
from tests.factories import make_ready_key

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 6, 25, tzinfo=UTC)
SECONDS = timedelta(seconds=1)
ONCE = {"Idempotency-Key": "once"}
NAMES: dict[str, Any] = {
    "scope": "key:1",
    "method": "POST",
    "path": "/rtbs",
    "idempotency_key": "once",
    "parameters": {"a": "1"},
}


class Overtaken(KeyedViewSet):
    """A request so slow that a later one has taken its place when it ends."""

    key_types: ClassVar = ("rtb",)

    @logged
    def create(self, request: Request) -> Response:
        Campaign.objects.update(name="renamed")
        IdempotencyRecord.objects.all().delete()
        return Response({})

    @logged
    def list(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("overtaken.json", Overtaken.as_view({"get": "list", "post": "create"}))]


@pytest.fixture
def key() -> Key:
    """Without callers no shield answers a repeat."""
    return make_ready_key(allow_no_caller_number=True)


def ping(
    client: Client, key: Key, query: str = "", extension: str = ".json", **headers: str
) -> Any:
    return client.post(f"/rtbs{extension}?key={key.key}{query}", headers={**ONCE, **headers})


def replayed(answer: Any) -> str | None:
    found: str | None = answer.headers.get("Idempotency-Replayed")
    return found


# --- what is kept ---------------------------------------------------------------------------------
def test_a_repeat_gets_the_first_answer(client: Client, key: Key) -> None:
    first, second = ping(client, key), ping(client, key)
    assert second.content == first.content
    assert replayed(first) is None
    assert replayed(second) == "true"
    assert Reservation.objects.count() == 1
    assert [row.result for row in LogEntry.objects.order_by("id")] == ["reserved", "replayed"]


def test_without_the_header_each_acts(client: Client, key: Key) -> None:
    for _ in range(2):
        client.post(f"/rtbs.json?key={key.key}")
    assert Reservation.objects.count() == 2


@pytest.mark.parametrize(
    "accepts", [("application/json", "text/xml"), ("text/xml", "application/json")]
)
def test_a_kept_answer_stays_in_its_format(
    client: Client, key: Key, accepts: tuple[str, str]
) -> None:
    first, second = (ping(client, key, extension="", Accept=accept) for accept in accepts)
    assert second.content == first.content
    assert second["Content-Type"] == first["Content-Type"]
    assert first["Content-Type"].startswith(accepts[0])


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("&caller_number=hello", "caller_number must be a phone number of 7 to 15 digits"),
        ("&zip=%00", "a parameter holds a NUL character, or bytes that are not UTF-8"),
        (
            "&inbound_number=office",
            "inbound_number must be a phone number of 7 to 15 digits, or a SIP address",
        ),
    ],
)
def test_what_was_unusable_is_kept_too(client: Client, key: Key, query: str, error: str) -> None:
    first, second = ping(client, key, query), ping(client, key, query)
    assert first.json() == {"error": error}
    assert second.status_code == 422
    assert second.json() == {"error": error}
    assert replayed(second) == "true"


def test_after_an_unusable_request_other_parameters_are_refused(client: Client, key: Key) -> None:
    ping(client, key, "&caller_number=hello")
    answer = ping(client, key, "&caller_number=12025550102")
    assert answer.status_code == 422
    assert answer.json() == {"error": "this Idempotency-Key was used with other parameters"}


def test_the_order_of_parameters_does_not_matter(client: Client, key: Key) -> None:
    first, second = ping(client, key, "&a=1&b=2"), ping(client, key, "&b=2&a=1")
    assert second.json() == first.json()
    assert replayed(second) == "true"


# --- scopes ---------------------------------------------------------------------------------------
def test_other_keys_and_paths_are_other_scopes(client: Client, key: Key) -> None:
    answers = [
        ping(client, key),
        ping(client, key, extension=".xml"),
        ping(client, make_ready_key(allow_no_caller_number=True)),
    ]
    assert Reservation.objects.count() == 3
    assert [replayed(answer) for answer in answers] == [None] * 3


def test_other_methods_are_other_scopes(client: Client, key: Key) -> None:
    uuid = ping(client, key).json()["uuid"]
    address = f"/rtbs/{uuid}.json?key={key.key}&status=confirmed"
    answers = [
        client.put(address, headers=ONCE),
        client.patch(address, headers=ONCE),
        client.patch(address, headers=ONCE),
    ]
    assert [replayed(answer) for answer in answers] == [None, None, "true"]


@pytest.mark.urls(__name__)
def test_reading_is_never_replayed(client: Client, key: Key) -> None:
    answers = [client.get(f"/overtaken.json?key={key.key}", headers=ONCE) for _ in range(2)]
    assert [replayed(answer) for answer in answers] == [None, None]
    assert IdempotencyRecord.objects.count() == 0


# --- what is never kept ---------------------------------------------------------------------------
def test_a_paused_keys_403_is_not_kept(client: Client, key: Key) -> None:
    Key.objects.update(paused=True)
    refused = ping(client, key)
    Key.objects.update(paused=False)
    assert refused.status_code == 403
    assert ping(client, key).json()["status"] == "reserved"


def test_a_429_is_not_kept(client: Client) -> None:
    key = make_ready_key(allow_no_caller_number=True, requests_per_second=1)
    with time_machine.travel(NOW, tick=False) as clock:
        client.post(f"/rtbs.json?key={key.key}")
        refused = ping(client, key)
        clock.shift(1)
        assert refused.status_code == 429
        assert ping(client, key).json()["status"] == "reserved"


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
def test_such_an_answer_leaves_the_key_free(status: int) -> None:
    row = idempotency.begin_request(**NAMES, now=NOW)
    idempotency.finish_request(row=row, answer=KeptResponse(status, "{}", "json"))  # type: ignore[arg-type]
    assert IdempotencyRecord.objects.count() == 0


# --- how long -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("hours", "made"), [(23.9, 1), (24, 2)])
def test_an_answer_is_kept_a_day(client: Client, key: Key, hours: float, made: int) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        ping(client, key)
        clock.shift(timedelta(hours=hours))
        ping(client, key)
    assert Reservation.objects.count() == made


@pytest.mark.parametrize(("seconds", "status"), [(59, 409), (60, 200)])
def test_the_lock_of_a_killed_process_runs_out(
    client: Client, key: Key, seconds: int, status: int
) -> None:
    idempotency.begin_request(
        **{**NAMES, "scope": f"key:{key.pk}", "path": "/rtbs.json", "parameters": {}}, now=NOW
    )
    with time_machine.travel(NOW + seconds * SECONDS, tick=False):
        answer = ping(client, key)
    assert answer.status_code == status
    assert Reservation.objects.count() == int(status == 200)


def test_still_running_says_when_to_come_again(client: Client, key: Key) -> None:
    with time_machine.travel(NOW, tick=False):
        idempotency.begin_request(
            **{**NAMES, "scope": f"key:{key.pk}", "path": "/rtbs.json", "parameters": {}}, now=NOW
        )
        assert ping(client, key)["Retry-After"] == "1"


def test_how_the_key_is_sent_is_no_parameter(client: Client, key: Key) -> None:
    first = ping(client, key).json()
    again = client.post("/rtbs.json", headers={**ONCE, "Authorization": f"Bearer {key.key}"})
    assert again.json() == first
    assert replayed(again) == "true"


def test_an_abandoned_request_may_not_finish() -> None:
    slow = idempotency.begin_request(**NAMES, now=NOW)
    idempotency.begin_request(**NAMES, now=NOW + 60 * SECONDS)
    with pytest.raises(StillRunning, match="took too long"):
        idempotency.finish_request(row=slow, answer=KeptResponse(200, "{}", "json"))  # type: ignore[arg-type]


@pytest.mark.urls(__name__)
def test_an_overtaken_request_undoes_what_it_did(client: Client, key: Key) -> None:
    answer = client.post(f"/overtaken.json?key={key.key}", headers=ONCE)
    assert answer.status_code == 409
    assert Campaign.objects.get().name == "Roofing"
    assert [row.status for row in LogEntry.objects.all()] == [409]


def test_what_is_over_is_dropped_in_bounded_batches() -> None:
    for number in range(3):
        idempotency.begin_request(**{**NAMES, "path": f"/{number}"}, now=NOW + number * SECONDS)
    day = NOW + timedelta(days=1, seconds=1)
    assert [idempotency.drop_expired_records(now=day, limit=1) for _ in range(3)] == [1, 1, 0]
    assert IdempotencyRecord.objects.get().path == "/2"


# --- at the same time -----------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_twelve_at_once_exactly_one_acts(http: httpx.Client) -> None:
    key, barrier = make_ready_key(allow_no_caller_number=True), Barrier(12)

    def send(_: int) -> tuple[int, str | None]:
        barrier.wait()
        answer = http.post(f"/rtbs.json?key={key.key}", headers=ONCE)
        return answer.status_code, replayed(answer)

    with ThreadPoolExecutor(12) as threads:
        answers = Counter(threads.map(send, range(12)))
    assert Reservation.objects.count() == 1
    assert answers[200, None] == 1
    assert LogEntry.objects.count() == 12
    assert set(answers) <= {(200, None), (200, "true"), (409, None)}
