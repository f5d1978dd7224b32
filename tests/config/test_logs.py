"""Log lines: their members, and the secrets that no logger may write."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from config import logs

KEY = "f38240dd-7f65-4e17-a4d7-2e09ccafad0e"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the root handler would write to standard error."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/rtbs/{KEY}.json", "/rtbs/••••ad0e.json"),
        (f"/data_writing/{KEY}", "/data_writing/••••ad0e"),
        ("/data_writing/not-quite-a-key", "/data_writing/••••-key"),
        (KEY.replace("-", ""), "••••ad0e"),
        (
            f"POST /rtbs.json?key={KEY}&caller_number=+12025550102 HTTP/1.1",
            "POST /rtbs.json?… HTTP/1.1",
        ),
        ("https://example.com/sell?call[id]=1", "https://example.com/sell?…"),
        ("Authorization: Bearer simulator", "Authorization: Bearer ••••"),
        ("{'api_key': 'short', 'page': 2}", "{'api_key': '••••', 'page': 2}"),
        ("sip_password=hunter2", "sip_password=••••"),
        ("from +12025550102", "from +1••••••••02"),
        ("from 12025550102", "from 1••••••••02"),
        ("from %2B12025550102", "from +1••••••••02"),
        ("from (202) 555-0102 to +1 202-555-0103", "from 2•••••••02 to +1••••••••03"),
        ("from +35924930101", "from +3••••••••01"),
        (
            "2026-05-05T06:25:08.295Z, port 8000, 1234567 rows, took 0.004 s",
            "2026-05-05T06:25:08.295Z, port 8000, 1234567 rows, took 0.004 s",
        ),
        (
            "the long word abcdefghijklmnopqrstuvwxyzabcdefgh",
            "the long word abcdefghijklmnopqrstuvwxyzabcdefgh",
        ),
        ("is this a question?", "is this a question?"),
    ],
)
def test_scrubbed(text: str, shown: str) -> None:
    assert logs.scrub(text) == shown


def without_time(written: io.StringIO) -> dict[str, object]:
    (line,) = written.getvalue().splitlines()
    event = json.loads(line)
    del event["timestamp"]
    return event


def test_a_library_line_is_json_and_scrubbed(lines: io.StringIO) -> None:
    logging.getLogger("carrier").warning("call from %s with %s", "+12025550102", KEY)
    assert without_time(lines) == {
        "event": "call from +1••••••••02 with ••••ad0e",
        "logger": "carrier",
        "level": "warning",
    }


def test_values_of_any_type_are_scrubbed(lines: io.StringIO) -> None:
    structlog.stdlib.get_logger("pings").info(
        "ping",
        inbound_number=18334583385,
        tags={"key": KEY},
        count=3,
        ok=True,
        none=None,
    )
    event = without_time(lines)
    assert {name: event[name] for name in ("inbound_number", "tags", "count", "ok", "none")} == {
        "inbound_number": "1••••••••85",
        "tags": "{'key': '••••'}",
        "count": 3,
        "ok": True,
        "none": None,
    }


def test_a_traceback_is_in_the_line_and_scrubbed(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"no reservation for +12025550102 and {KEY}")
    except ValueError:
        logging.getLogger("pings").exception("crash")
    shown = str(without_time(lines)["exception"])
    assert shown.splitlines()[0] == "Traceback (most recent call last):"
    assert shown.splitlines()[-1] == "ValueError: no reservation for +1••••••••02 and ••••ad0e"


def test_the_servers_own_access_lines_are_off() -> None:
    quiet = ["django.server", "django.request", "httpx", "celery.app.trace"]
    assert [logging.getLogger(name).isEnabledFor(logging.INFO) for name in quiet] == [False] * 4


def test_a_foreign_host_name_is_a_warning_of_one_line(lines: io.StringIO) -> None:
    Client().get("/rtbs.json", headers={"Host": "foreign.example"})
    (event,) = map(json.loads, lines.getvalue().splitlines())
    assert event["level"] == "warning"
    assert event["event"].partition(".")[0] == "Invalid HTTP_HOST header: 'foreign"
    assert ("exception" in event) is False
