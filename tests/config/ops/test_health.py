"""Alive without a database, not ready without one, and public counters."""

import pytest
from django.db import connection
from django.test import Client

from config.ops import health


def test_alive_without_a_look_at_the_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.content == b"ok"


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch, django_db_blocker: object) -> None:
    """Away, as a stopped server or a lost disk is: a file where no folder is."""
    connection.close()
    away = {"NAME": "/nowhere/at/all.sqlite3", "HOST": "127.0.0.1", "PORT": "1"}
    for name, value in away.items():
        monkeypatch.setitem(connection.settings_dict, name, value)


def test_not_ready_without_a_database(
    client: Client, no_database: None, django_db_blocker: object
) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "cannot be reached"}


@pytest.mark.django_db
def test_the_skew_of_the_clocks_is_small() -> None:
    assert abs(health.clock_skew_seconds()) < 1


def test_requests_are_among_the_counters(client: Client) -> None:
    client.get("/healthz")
    lines = client.get("/metrics").content.decode().splitlines()
    names = 'ringpost_request_seconds_count{method="GET",route="healthz",status="200"}'
    assert [float(line.split()[-1]) >= 1 for line in lines if line.startswith(names)] == [True]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client: Client, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_the_front_door_is_the_admin(client: Client) -> None:
    assert [client.get(path).headers["location"] for path in ("/", "/admin")] == [
        "/admin/",
        "/admin/",
    ]
