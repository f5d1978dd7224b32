"""What the environment may say: bad values are refused in a sentence, passwords never repeated."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.config.running import ROOT, outcome

WHOLE = "give a whole number, like 90."
POSTGRES = "NAME must be like postgres://user:password@host/name or sqlite:////path; unset: SQLite in VAR_DIR."
REDIS = "NAME must be like redis://host:6379/0; unset: files in VAR_DIR do its work."


def number(name: str) -> int:
    return environment.number(name, default=90)


def port(name: str) -> int:
    return environment.port(name, default=8000)


def log_level(name: str) -> str:
    return environment.log_level(name, default="INFO")


def refused(read: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    monkeypatch.setenv("NAME", text)
    with pytest.raises(ImproperlyConfigured) as error:
        read("NAME")
    return str(error.value)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (number, "30", 30),
        (number, " ", 90),
        (port, "", 8000),
        (log_level, "debug", "DEBUG"),
        (environment.redis, "", ""),
        (environment.redis, "rediss://:word@cache.internal/1", "rediss://:word@cache.internal/1"),
        (environment.database, "", None),
    ],
)
def test_what_can_be_is_read(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any], text: str, value: Any
) -> None:
    monkeypatch.setenv("NAME", text)
    assert read("NAME") == value


@pytest.mark.parametrize(
    ("url", "bind", "hosts"),
    [
        ("", "127.0.0.1", ["localhost:81", "127.0.0.1:81", "[::1]:81"]),
        ("", "::", ["localhost:81", "127.0.0.1:81", "[::1]:81"]),
        ("", "fd00::7", ["localhost:81", "127.0.0.1:81", "[::1]:81", "[fd00::7]:81"]),
        ("https://calls.example.com", "127.0.0.1", ["calls.example.com:443"]),
        ("http://calls.example.com", "127.0.0.1", ["calls.example.com:80"]),
        ("https://[fd00::7]:8443", "127.0.0.1", ["[fd00::7]:8443"]),
    ],
)
def test_where_webhooks_may_go_is_ones_own_address(url: str, bind: str, hosts: list[str]) -> None:
    assert environment.own_hosts("NAME", url=url, bind=bind, port=81) == hosts


def test_an_address_that_cannot_be() -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        environment.own_hosts("NAME", url="https://calls.example.com:many", bind="", port=81)
    assert (
        str(error.value)
        == "NAME is 'https://calls.example.com:many': give scheme and host, like https://calls.example.com."
    )


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (number, "abc", f"NAME is 'abc': {WHOLE}"),
        (port, "0", "NAME is 0: give a port from 1 to 65535."),
        (port, "80000", "NAME is 80000: give a port from 1 to 65535."),
        (log_level, "loud", "NAME is 'LOUD': choose one of CRITICAL, DEBUG, ERROR, INFO, WARNING."),
        (environment.database, "garbage", POSTGRES),
        (environment.database, "mysql://ringpost:word@db/ringpost", POSTGRES),
        (
            environment.database,
            "postgres://ringpost:word@db:x/ringpost",
            "NAME can't be read: write it like postgres://user:password@host:5432/name.",
        ),
        (environment.redis, "garbage", REDIS),
        (environment.redis, "redis://cache:x/0", REDIS),
    ],
)
def test_what_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any], text: str, sentence: str
) -> None:
    assert refused(read, monkeypatch, text) == sentence


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert refused(environment.database, monkeypatch, "postgres://db/ringpost") == (
        "NAME names PostgreSQL, whose driver is missing: run `pip install -e '.[postgres]'`."
    )


def test_an_address_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ImproperlyConfigured,
        match=r"^NAME is 'http://\[': give scheme and host, like https://calls",
    ):
        environment.host("NAME", url="http://[")


# --- through the command line ---------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("command", ["doctor", "migrate", "export"])
def test_any_command_says_so_in_one_line(command: str, tmp_path: Path) -> None:
    assert outcome(command, folder=tmp_path, RETENTION_DAYS="abc") == (
        1,
        f"Ringpost can't start: RETENTION_DAYS is 'abc': {WHOLE}\n",
    )


@pytest.mark.slow
def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert outcome("doctor", folder=file) == (
        1,
        f"Ringpost can't start: VAR_DIR, {file}, can't be written: File exists. Give a folder that this user may write.\n",
    )


NOT_MIGRATED = (
    "The database is not up to date: run `python manage.py migrate`, or `python manage.py up`.\n"
)
COMMANDS = [
    ["export"],
    ["apply", "callcontrol/demo/company.yaml"],
    ["decide", "roofing"],
    ["simulate_call", "+18335550199"],
]


ALL_COMMANDS = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import manage
for words in json.loads(sys.argv[1]):
    try:
        manage.main(["manage.py", *words])
    except SystemExit as end:
        print(end.code)
"""


def ends_of_commands(folder: Path, database_url: str) -> list[str]:
    """Return what each of COMMANDS says at its end, one after the other in one process."""
    ran = subprocess.run(
        [sys.executable, "-c", ALL_COMMANDS, json.dumps(COMMANDS)],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(folder), "DATABASE_URL": database_url, "REDIS_URL": ""},
        capture_output=True,
        text=True,
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines(keepends=True)


@pytest.mark.slow
def test_a_database_without_tables(tmp_path: Path) -> None:
    empty = os.environ.get("DATABASE_URL", "")  # the tests' own tables are in another one beside it
    assert ends_of_commands(tmp_path, empty) == [NOT_MIGRATED] * len(COMMANDS)


@pytest.mark.slow
def test_a_database_out_of_reach(tmp_path: Path) -> None:
    assert ends_of_commands(tmp_path, f"sqlite:///{tmp_path}/none/db") == [
        "The database can't be reached: unable to open database file. See that its server runs and that DATABASE_URL is right.\n"
    ] * len(COMMANDS)


@pytest.mark.slow
def test_a_server_out_of_reach(tmp_path: Path) -> None:
    status, printed = outcome(
        "export", folder=tmp_path, DATABASE_URL="postgres://ringpost@127.0.0.1:1/ringpost"
    )
    assert status == 1
    assert printed.splitlines()[0][:32] == "The database can't be reached: c"
    assert ("Traceback" in printed) is False
