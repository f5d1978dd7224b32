"""The group of child processes, with small children in the place of web, worker and beat."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.ops.processes import STOP_SIGNALS, CannotStart, ProcessGroup, lock_folder, probe

TALKER = "print('one', flush=True); print('two', end='', flush=True); import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def group(lines: list[str]) -> ProcessGroup:
    return ProcessGroup(lines.append, grace_seconds=0.2)


def start(group: ProcessGroup, name: str, code: str) -> None:
    group.start(name, [sys.executable, "-c", code], folder=Path.cwd(), environment=dict(os.environ))


def when_written(lines: list[str], act: Callable[[], object]) -> Callable[[], object]:
    """Act at the first turn after a child has written a line."""
    return lambda: act() if lines else None


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_ends_the_group(
    group: ProcessGroup, lines: list[str], number: signal.Signals
) -> None:
    start(group, "web", TALKER)
    dead = group.run(on_turn=when_written(lines, lambda: os.kill(os.getpid(), number)))
    assert dead is None
    assert group.status("web") == (-signal.SIGTERM)
    assert lines == ["web    | one"]


def test_the_handlers_of_before_come_back(group: ProcessGroup, lines: list[str]) -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    start(group, "web", "")
    group.run(on_turn=list)
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_a_dead_child_is_named_and_ends_the_others(group: ProcessGroup) -> None:
    start(group, "worker", TALKER)
    start(group, "beat", "raise SystemExit(3)")
    assert group.run(on_turn=list) == "beat"
    assert group.status("beat") == 3
    assert group.status("worker") == (-signal.SIGTERM)


def test_a_child_that_does_not_listen_is_killed(group: ProcessGroup, lines: list[str]) -> None:
    start(group, "web", STUBBORN)
    group.run(on_turn=when_written(lines, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert group.status("web") == -signal.SIGKILL


def test_a_job_may_end(group: ProcessGroup, lines: list[str]) -> None:
    start(group, "web", TALKER)
    code = "print('job done')"
    group.start(
        "demo",
        [sys.executable, "-c", code],
        folder=Path.cwd(),
        environment=dict(os.environ),
        is_job=True,
    )

    def stop_when_done() -> None:
        if group.status("demo") is not None:
            os.kill(os.getpid(), signal.SIGTERM)

    ended = group.run(on_turn=stop_when_done)
    assert ended is None
    assert group.status("demo") == 0
    assert "demo   | job done" in lines


def test_an_error_of_a_turn_ends_the_group(group: ProcessGroup, lines: list[str]) -> None:
    start(group, "web", TALKER)
    with pytest.raises(ZeroDivisionError):
        group.run(on_turn=lambda: 1 / 0)
    assert group.status("web") == -signal.SIGTERM


def test_the_last_words_of_a_dead_child_are_passed_on(
    group: ProcessGroup, lines: list[str]
) -> None:
    start(group, "web", "import sys; print('x' * 3); print(); sys.exit('no port')")
    group.run(on_turn=list)
    assert lines == ["web    | xxx", "web    | no port"]


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path),
        pytest.raises(
            CannotStart, match=rf"Another Ringpost is running in .* \(process {os.getpid()}\)"
        ),
    ):
        lock_folder(tmp_path)


def test_a_folder_is_free_again(tmp_path: Path) -> None:
    lock_folder(tmp_path).close()
    with lock_folder(tmp_path) as held:
        assert Path(held.name).read_text() == f"{os.getpid()}\n"


def refusal(address: str, port: int) -> str:
    with pytest.raises(CannotStart) as refused:
        probe(address, port)
    return str(refused.value)


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        reason = (
            f"Port {port} is in use: stop the server that listens there, "
            "or choose another port with --port."
        )
        assert refusal("127.0.0.1", port) == reason
        assert refusal("0.0.0.0", port) == reason  # noqa: S104 - refused


def test_a_port_just_left_is_free() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(other.getsockname()) as one,
    ):
        port = other.getsockname()[1]
        other.accept()[0].close()  # which leaves the port in TIME_WAIT
        one.recv(1)
    probe("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    assert (
        refusal("192.0.2.1", 8000)
        == "Cannot listen on 192.0.2.1, port 8000: Cannot assign requested address."
    )
