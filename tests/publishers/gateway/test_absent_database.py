"""An absent or lost database: 503 while it lasts, and a normal answer once it is back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Campaign
from publishers.gateway.viewset import KeyedViewSet, logged
from publishers.models import LogEntry
from tests.factories import make_ready_key
from tests.publishers.refused import NUMBER

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="ends a connection from the other side"
)
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="one writer at a time")
AWAY = (503, {"error": "temporarily unavailable"}, "1")
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Losing(KeyedViewSet):
    """Loses its connection in the middle of its transaction."""

    key_types: ClassVar = ("rtb",)

    @logged
    def create(self, request: Request) -> Response:
        Campaign.objects.update(name="renamed")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Response({})


urlpatterns = [path("losing.json", Losing.as_view({"post": "create"}))]


@contextmanager
def away(nowhere: Path) -> Iterator[None]:
    """The database's name is one that does not exist; on SQLite, one that can't be made."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = (
        str(nowhere / "no" / "database") if connection.vendor == "sqlite" else "no_database"
    )
    try:
        yield
    finally:
        connection.settings_dict["NAME"] = name
        connection.close()


@contextmanager
def writing_elsewhere() -> Iterator[None]:
    """Another thread writes for as long as this lasts."""
    writes, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            writes.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    writes.wait(30)
    yield
    done.set()
    thread.join()


def parts(answer: Any) -> tuple[int, Any, str | None]:
    return answer.status_code, answer.json(), answer.headers.get("Retry-After")


def test_while_it_is_away_and_when_it_is_back(http: httpx.Client, tmp_path: Path) -> None:
    address = f"/rtbs.json?{NUMBER}&key={make_ready_key().key}"
    with away(tmp_path):
        answer = http.post(address, headers={"Connection": "close"})
    assert parts(answer) == AWAY
    assert answer.headers["Cache-Control"] == "no-store"
    assert http.post(address).json()["status"] == "reserved"
    assert LogEntry.objects.count() == 1


def test_in_xml(client: Client, tmp_path: Path) -> None:
    with away(tmp_path):
        answer = client.post(f"/rtbs.xml?{NUMBER}&key=any", headers={"Idempotency-Key": "once"})
    start = '<?xml version="1.0" encoding="utf-8"?>\n'
    body = f"{start}<hash><error>temporarily unavailable</error></hash>"
    assert answer.status_code == 503
    assert answer.content.decode() == body
    assert answer["Retry-After"] == "1"


def test_in_the_admin(client: Client, tmp_path: Path) -> None:
    client.raise_request_exception = False
    with away(tmp_path):
        answer = client.post("/admin/login/", {"username": "ann", "password": "word"})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "1"
    assert "can’t be reached" in answer.content.decode()


@on_sqlite
def test_a_lock_timeout_is_503_with_retry_after(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/rtbs.json?{NUMBER}&key={make_ready_key().key}"
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    with writing_elsewhere():
        answer = client.post(address)
    assert parts(answer) == AWAY
    assert client.post(address).json()["status"] == "reserved"


@on_postgres
def test_a_connection_that_ended_between_requests_is_reopened(http: httpx.Client) -> None:
    address = f"/rtbs.json?{NUMBER}&key={make_ready_key().key}"
    http.post(address)
    with connection.cursor() as cursor:
        cursor.execute(END_OTHERS)
    assert http.post(address).json()["status"] == "reserved"


@on_postgres
def test_the_first_read_of_a_ping_is_the_health_check(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/rtbs.json?{NUMBER}&key={make_ready_key().key}"
    http.post(address)
    checks: list[object] = []
    monkeypatch.setattr(type(connections["default"]), "is_usable", checks.append)
    assert http.post(address).json()["status"] == "reserved"
    assert not checks


@on_postgres
@pytest.mark.urls(__name__)
def test_a_connection_lost_in_the_act_undoes_it_and_leaves_a_row(http: httpx.Client) -> None:
    key = make_ready_key()
    answer = http.post(f"/losing.json?key={key.key}", headers={"Idempotency-Key": "once"})
    assert parts(answer) == AWAY
    assert Campaign.objects.get().name == "Roofing"
    assert [(row.status, row.key_pk) for row in LogEntry.objects.all()] == [(503, key.pk)]
