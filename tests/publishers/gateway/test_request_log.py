"""The postback log: one row for every request that names a key, in its transaction."""

import io
import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Campaign
from config import logs
from publishers.gateway.viewset import KeyedViewSet, logged
from publishers.models import Key, LogEntry
from reservations.models import Reservation
from tests.factories import make_publisher, make_ready_key
from tests.publishers.refused import BY_KEY, NUMBER, REFUSED_KEY, Case

pytestmark = pytest.mark.django_db
by_key = pytest.mark.parametrize("case", BY_KEY.values(), ids=BY_KEY)
by_a_refused_key = pytest.mark.parametrize("case", REFUSED_KEY.values(), ids=REFUSED_KEY)


class Crashing(KeyedViewSet):
    """Renames the key's campaign, then fails."""

    key_types: ClassVar = ("rtb",)

    @logged
    def create(self, request: Request) -> Response:
        key_request = self.key_request
        Campaign.objects.update(name="renamed")
        key_request.result, key_request.trace = "reserved", {"order": []}
        raise RuntimeError(f"cannot serve {key_request.key_text} for {key_request.caller_number}")


class Silent(KeyedViewSet):
    """Does nothing, and says no more than that it was done."""

    key_types: ClassVar = ("rtb",)

    @logged
    def create(self, request: Request) -> Response:
        return Response({"done": True}, status=201)


urlpatterns = [
    path("crash.json", Crashing.as_view({"post": "create"})),
    path("silent.json", Silent.as_view({"get": "create", "post": "create"})),
    path("silent/<str:key>.json", Silent.as_view({"get": "create", "post": "create"})),
]
in_small = pytest.mark.urls(__name__)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the log's files would hold."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def ping(client: Client, key: Key, query: str = NUMBER) -> Any:
    return client.post(f"/rtbs.json?{query}&key={key.key}")


def crash(client: Client, key: Key) -> Any:
    client.raise_request_exception = False
    return client.post(f"/crash.json?{NUMBER}&key={key.key}")


# --- one row, whatever became of the request ------------------------------------------------------
@by_key
def test_a_refusal_by_a_known_key_is_one_row_of_the_key(
    client: Client, key: Key, case: Case
) -> None:
    answer = case.send(client, key)
    row = LogEntry.objects.get()
    assert row.key_pk == key.pk
    assert row.company_pk == key.company_id
    assert row.type == "rtb"
    assert row.status == case.status
    assert row.response == answer.content.decode()
    assert row.result == "refused"
    assert row.method == case.method


@by_a_refused_key
def test_a_refused_key_is_one_row_without_a_company(client: Client, key: Key, case: Case) -> None:
    answer = case.send(client, key)
    row = LogEntry.objects.get()
    assert row.key_pk is None
    assert row.company_pk is None
    assert row.type == ""
    assert row.result == "refused"
    assert row.status == case.status
    assert row.response == answer.content.decode()
    assert len(row.key_end) == 4


def test_of_a_refused_key_four_characters_are_kept(client: Client) -> None:
    client.post("/rtbs.json?key=f38240dd-7f65-4e17-a4d7-2e09ccafad0e")
    row = LogEntry.objects.get()
    assert row.key_end == "ad0e"
    assert row.parameters == {"key": "…ad0e"}


def test_over_the_rate_is_a_row(client: Client) -> None:
    key = make_ready_key(requests_per_second=1)
    ping(client, key), ping(client, key)
    assert list(LogEntry.objects.order_by("id").values_list("status", "key_pk")) == [
        (200, key.pk),
        (429, key.pk),
    ]


def test_a_link_preview_is_a_row(client: Client, key: Key) -> None:
    client.head(f"/rtbs?key={key.key}")
    assert LogEntry.objects.values_list("method", "status").get() == ("HEAD", 405)


# --- what the row holds ---------------------------------------------------------------------------
def test_a_ping_leaves_all_that_is_known_of_it(client: Client, key: Key) -> None:
    answer = ping(client, key, f"{NUMBER}&caller_zip=90210&api_key=account-key&company_id=12345")
    row = LogEntry.objects.get()
    assert row.method == "POST"
    assert row.path == "/rtbs.json"
    assert row.format == "json"
    assert row.address == "127.0.0.1"
    assert row.caller_number == "+12025550102"  # fmt: skip
    assert row.status == 200
    assert row.result == "reserved"
    assert row.response == answer.content.decode()
    assert str(row.reservation_uuid) == answer.json()["uuid"]


def test_secrets_are_masked(client: Client, key: Key) -> None:
    ping(client, key, f"{NUMBER}&caller_zip=90210&api_key=account-key&company_id=12345")
    assert LogEntry.objects.get().parameters == {
        "caller_number": "12025550102",
        "caller_zip": "90210",
        "api_key": "…-key",
        "company_id": "…2345",
        "key": f"…{key.key[-4:]}",
    }


def test_the_trace_is_the_decision(client: Client, key: Key) -> None:
    ping(client, key)
    trace, buyer = LogEntry.objects.get().trace, Reservation.objects.get().buyer_id
    assert trace == {"seed": trace["seed"], "eligible": [[1, 1, [buyer]]], "refused": {}}


def test_a_repeat_is_shielded_and_leads_to_the_same_reservation(client: Client, key: Key) -> None:
    ping(client, key), ping(client, key)
    rows = LogEntry.objects.order_by("id").values_list("result", "reservation_uuid")
    only = Reservation.objects.get().uuid
    assert list(rows) == [("reserved", only), ("shielded", only)]


def test_notes_say_what_an_account_manager_should_know(client: Client, key: Key) -> None:
    make_publisher(key.company, publisher_id="alpha")
    ping(client, key, f"{NUMBER}&publisher_id=beta&inbound_number=18335550199")
    assert LogEntry.objects.get().notes == [
        "No publisher is called “beta”: kept as the tag publisher_id.",
        "+18335550199 is no number of this company: a call to it is not seen here.",
    ]


def test_the_duration_is_in_milliseconds(client: Client, key: Key) -> None:
    ping(client, key)
    assert 0 < LogEntry.objects.get().duration_ms < 60_000


def test_what_no_database_can_keep_is_replaced(client: Client, key: Key) -> None:
    client.put(f"/rtbs/%00.json?zip%00=%ED%A0%80&key={key.key}")
    row = LogEntry.objects.get()
    assert row.path == "/rtbs/\ufffd.json"
    assert row.parameters == {"zip\ufffd": "???", "key": f"…{key.key[-4:]}"}


@in_small
def test_a_key_in_the_path_is_masked(client: Client, key: Key) -> None:
    client.post(f"/silent/{key.key}.json")
    row = LogEntry.objects.get()
    assert row.path == f"/silent/…{key.key[-4:]}.json"
    assert row.status == 201
    assert row.key_pk == key.pk


@in_small
def test_an_act_that_says_nothing_is_done(client: Client, key: Key) -> None:
    answer = client.get(f"/silent.json?key={key.key}")
    assert answer.status_code == 201
    assert answer.json() == {"done": True}
    assert LogEntry.objects.get().result == "done"


# --- a crash --------------------------------------------------------------------------------------
@in_small
def test_a_crash_undoes_the_act_and_leaves_its_row(client: Client, key: Key) -> None:
    answer = crash(client, key)
    row = LogEntry.objects.get()
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal error"}
    assert Campaign.objects.get().name == "Roofing"
    assert row.status == 500
    assert row.result == "failed"
    assert row.key_pk == key.pk
    assert row.trace is None


@in_small
def test_a_crash_under_an_idempotency_key_is_one_row_and_free_again(
    client: Client, key: Key
) -> None:
    for _ in range(2):
        client.post(f"/crash.json?key={key.key}", headers={"Idempotency-Key": "once"})
    assert list(LogEntry.objects.values_list("status", flat=True)) == [500, 500]


@in_small
def test_the_traceback_of_a_crash_names_no_key_and_no_caller(
    client: Client, key: Key, lines: io.StringIO
) -> None:
    crash(client, key)
    written = lines.getvalue()
    assert (key.key in written) is False
    assert ("2025550102" in written) is False
    assert f"RuntimeError: cannot serve ••••{key.key[-4:]} for +1••••••••02" in written


def test_no_log_line_names_a_key_or_a_caller(
    client: Client, key: Key, lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in BY_KEY.values():
        if case.before is Case.before:
            case.send(client, key)
    ping(client, key)
    written = lines.getvalue() + capsys.readouterr().err
    assert (key.key in written) is False
    assert ("2025550102" in written) is False
    assert '"path": "/rtbs.json"' in written
