"""Findings of `doctor` about a healthy installation, and about each problem."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from campaigns.models import Lease
from config.ops import doctor
from config.tasks import record_tick
from tests.config.running import outcome


def lines() -> tuple[list[str], str]:
    """The printed lines, and the error at the end."""
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), f"{error} {error.returncode}"
    return out.getvalue().splitlines(), ""


def problems() -> list[tuple[str, str]]:
    return [(finding.text, finding.remedy) for finding in doctor.examine() if finding.remedy]


@pytest.fixture
def ticking(db: None, settings: Any, tmp_path: Path) -> Path:
    """A healthy installation in a new folder."""
    settings.VAR_DIR, settings.BROKER_DIR, settings.REDIS_URL = tmp_path, tmp_path / "broker", ""
    tmp_path.chmod(0o700)
    record_tick(name="worker", at=timezone.now())
    record_tick(name="beat", at=timezone.now())
    return tmp_path


def test_a_healthy_installation(ticking: Path) -> None:
    printed, end = lines()
    assert problems() == []
    assert printed[-1] == "No problems found."
    assert end == ""


def test_a_problem_comes_with_its_remedy(ticking: Path) -> None:
    (ticking / "secret_key").touch(0o644)
    (ticking / "secret_key").chmod(0o644)
    printed, end = lines()
    at = printed.index(f"✗ Other users of this machine can read {ticking / 'secret_key'}.")
    assert printed[at + 1] == f"  chmod 600 {ticking / 'secret_key'}"
    assert end == "Problems found: 1. 1"


def test_bad_settings_are_named(ticking: Path, settings: Any) -> None:
    settings.RETENTION_DAYS = 0
    assert problems() == [("Settings: RETENTION_DAYS is 0.", "Give a number of days, 1 or more.")]


def test_a_broker_out_of_reach(ticking: Path, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    ((text, remedy),) = problems()
    assert text.split(":")[0] == "The broker takes no messages"
    assert remedy == "See that Redis runs and that REDIS_URL is right."


def test_a_broker_folder_that_is_a_file(ticking: Path) -> None:
    (ticking / "broker").touch()
    assert [remedy for _, remedy in problems()] == [f"Let this user write to {ticking / 'broker'}."]


def test_messages_that_pile_up(ticking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MAX_WAITING_MESSAGES", 0)
    (ticking / "broker").mkdir()
    (ticking / "broker" / "1_a.celery.msg").touch()
    assert [remedy for _, remedy in problems()] == ["Start a worker: messages pile up."]


def test_a_worker_that_misses_four_beats(ticking: Path) -> None:
    Lease.objects.update(ticked_at=timezone.now() - timedelta(seconds=46))
    texts = [(text.split(" ticked")[0], remedy.split(",")[0]) for text, remedy in problems()]
    start = "Start it: `python manage.py up`"
    assert texts == [("The worker", start), ("The beat", start)]


def test_a_migration_to_run(ticking: Path) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    assert problems() == [
        ("Migrations to run: 1, first sessions.0001_initial.", "Run `python manage.py migrate`.")
    ]


def test_an_empty_database_does_not_stop_it(tmp_path: Path) -> None:
    status, printed = outcome("doctor", folder=tmp_path)
    last = printed.splitlines()[-1]
    assert status == 1
    assert ("Traceback" in printed) is False
    assert last == "CommandError: Problems found: 1."


def test_an_absent_database_does_not_stop_it(
    ticking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Any:
        raise doctor.Error("connection refused\nIs the server running?")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "ensure_connection", refuse)
        found = problems()
    remedy = "See that its server runs and that DATABASE_URL is right."
    assert found == [("The database cannot be reached: connection refused.", remedy)]


@pytest.mark.django_db(transaction=True)
def test_the_carrier_is_asked(twilio: Any) -> None:
    found = [finding.text for finding in doctor.examine() if finding.text.startswith("The carrier")]
    assert found == ["The carrier is twilio, and its account is active."]


@pytest.mark.django_db(transaction=True)
def test_a_carrier_that_refuses_the_account(twilio: Any, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
    found = [finding for finding in doctor.examine() if finding.text.startswith("The carrier")]
    why = "The carrier does not answer: Twilio refused (error 20003): the account’s SID or token is wrong."
    assert found == [
        doctor.Finding(why, "See that its settings are right and that it can be reached.")
    ]


def test_a_carrier_that_is_not_set_up_is_not_asked(ticking: Path, settings: Any) -> None:
    settings.CARRIER = "twilio"
    assert [
        finding.text for finding in doctor.examine() if finding.text.startswith("The carrier")
    ] == ["The carrier is twilio."]
