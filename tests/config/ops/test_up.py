"""`up` with real processes: it serves, refuses a second one, and leaves nothing behind however
it ends."""

import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from callcontrol.management.commands.demo import SELLER
from config.management.commands.up import access_hint
from tests.config.running import PATIENCE, Running, free_port, outcome, ringpost, up

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
    ),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start `up` for all the tests that end nothing; the last of them ends it."""
    with ringpost(tmp_path_factory.mktemp("shared"), "--demo", "--no-history") as running:
        yield running


@pytest.fixture
def own(shared: Running, tmp_path: Path) -> Iterator[Running]:
    """Start `up` for a test that ends it; its database is a copy, which saves the migrations."""
    shutil.copy(shared.folder / "ringpost.sqlite3", tmp_path)
    with ringpost(tmp_path) as running:
        yield running


def refusal(*words: str) -> str:
    """Return the reason for which `up` does not start with these words, in this process."""
    with pytest.raises(CommandError) as refused:
        call_command("up", *words)
    return str(refused.value)


def status_after(running: Running) -> int:
    running.process.communicate(timeout=PATIENCE)
    return running.process.returncode


# --- it serves ------------------------------------------------------------------------------------
def test_it_answers(shared: Running) -> None:
    answer = shared.get("/healthz")
    assert answer.status_code == 200
    assert answer.text == "ok"


def test_an_administrator_is_made_once(shared: Running) -> None:
    made = [
        line
        for line in shared.lines
        if re.fullmatch(
            r"Log in as admin with the password [\w-]{16} \(shown only once\)\.\n", line
        )
    ]
    with httpx.Client(base_url=shared.url, trust_env=False) as browser:
        browser.get("/admin/login/")
        form = {
            "username": "admin",
            "password": made[0].split()[7],
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        entered = browser.post("/admin/login/?next=/admin/", data=form)
    assert len(made) == 1
    assert entered.status_code == 302
    assert entered.headers["location"] == "/admin/"


def test_the_line_that_the_demo_prints_works(shared: Running) -> None:
    (url,) = re.findall(r'curl -X POST -s "([^"]+/rtbs\.json[^"]+)"', "".join(shared.lines))
    assert httpx.post(url, trust_env=False).json()["status"] == "reserved"


def test_one_campaign_of_the_demo_sells_a_call_to_another(shared: Running) -> None:
    body, token = {"from": "+13105550103", "to": SELLER}, {"Authorization": "Bearer simulator"}
    sold = httpx.post(
        f"{shared.url}/simulator/calls", json=body, headers=token, trust_env=False, timeout=PATIENCE
    ).json()
    assert sold["status"] == "ringing"
    assert sold["buyer_id"] == "roofers"
    assert "arrived_as" in sold["legs"][-1]


def test_worker_and_beat_tick(shared: Running) -> None:
    deadline = time.monotonic() + 30
    while (report := shared.get("/readyz").json())[
        "worker"
    ] is None and time.monotonic() < deadline:
        time.sleep(0.5)
    assert [report[name] < 30 for name in ("worker", "beat")] == [True, True]


# --- bodies without a length ----------------------------------------------------------------------
def chunked(running: Running, path: str, *, chunks: list[bytes]) -> str:
    """Status line and body of the answer to a POST in chunks, over a raw socket."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as client:
        client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + sent)
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return f"{answer.splitlines()[0]} {answer.splitlines()[-1]}"


def test_a_chunked_body_is_read(shared: Running) -> None:
    assert chunked(shared, "/rtbs.json", chunks=[b'{"key": ', b'"nobody"}']) == (
        'HTTP/1.1 401 Unauthorized {"error":"not authorized"}'
    )
    assert chunked(shared, "/rtbs.json", chunks=[b'{"key": ']) == (
        'HTTP/1.1 400 Bad Request {"error":"unreadable body: not JSON"}'
    )


def test_a_chunked_body_past_the_limit_is_413(shared: Running) -> None:
    assert (
        chunked(shared, "/rtbs.json", chunks=[b"x" * 40_000] * 2).split(" {")[0]
        == "HTTP/1.1 413 Payload Too Large"
    )


# --- refusals --------------------------------------------------------------------------------
def test_a_second_up_in_the_same_folder_is_refused(shared: Running) -> None:
    reason = f"Another Ringpost is running in {shared.folder} (process {shared.process.pid}): "
    assert outcome("up", "--port", str(free_port()), folder=shared.folder) == (
        1,
        f"CommandError: {reason}stop it, or set VAR_DIR to another folder.\n",
    )


def test_a_second_up_on_the_same_port_is_refused(
    shared: Running, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    assert refusal("--port", str(shared.port)) == (
        f"Port {shared.port} is in use: stop the server that listens there, "
        "or choose another port with --port."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--port", "0"], "--port is 0: give a port from 1 to 65535."),
        (["--port", "80000"], "--port is 80000: give a port from 1 to 65535."),
        (["--workers", "0"], "--workers is 0: give a number of web processes, 1 or more."),
        pytest.param(
            ["--workers", "2"],
            "--workers needs PostgreSQL (DATABASE_URL): on SQLite the writers of one process share one queue.",
            marks=pytest.mark.skipif("DATABASE_URL" in os.environ, reason="this is PostgreSQL"),
        ),
    ],
)
def test_unusable_numbers_are_refused_before_anything_is_done(
    words: list[str], reason: str, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    assert refusal(*words) == reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("bind", "hosts", "hint"),
    [
        (
            "192.0.2.1",
            ["localhost", "[::1]"],
            "Only requests to localhost are answered: set ALLOWED_HOSTS or PUBLIC_BASE_URL",
        ),
        ("192.0.2.1", ["localhost", "calls.example.com"], ""),
        ("127.0.0.1", ["localhost"], ""),
    ],
)
def test_the_hint_for_a_server_that_answers_other_machines_nothing(
    settings: Any, bind: str, hosts: list[str], hint: str
) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert access_hint(bind).partition(" to the name")[0] == hint


# --- its end --------------------------------------------------------------------------------------
def test_nothing_outlives_a_kill(own: Running) -> None:
    before = len(own.family())
    own.process.kill()
    assert own.gone_within(10) is True
    assert before >= 4


def test_a_killed_web_worker_takes_all_with_it(own: Running) -> None:
    os.kill(
        max(pid for pid, line in own.family().items() if "config.ops.web" in line), signal.SIGKILL
    )
    assert status_after(own) == 1
    assert own.gone_within(0) is True


def test_a_dead_child_takes_all_with_it(shared: Running, tmp_path: Path) -> None:
    """It need not be ready: beat is killed as soon as it is there."""
    shutil.copy(shared.folder / "ringpost.sqlite3", tmp_path)
    with up(tmp_path) as starting:
        deadline = time.monotonic() + PATIENCE
        while "config.celery:app beat" not in str(starting.family()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(starting.one("config.celery:app beat"), signal.SIGKILL)
        last = (starting.process.communicate(timeout=PATIENCE)[0] or "").splitlines()[-1]
        assert starting.process.returncode == 1
        assert last == "CommandError: beat has ended (status -9), so everything was stopped."
        assert starting.gone_within(0) is True


def test_sigterm_stops_everything(shared: Running) -> None:
    before = len(shared.family())
    shared.process.terminate()
    assert status_after(shared) == 0
    assert shared.gone_within(0) is True
    assert before >= 4
