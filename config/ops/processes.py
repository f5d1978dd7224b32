"""Child processes of `up`: their output is passed on, and none is left behind."""

import ctypes
import errno
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

PARENT = "RINGPOST_UP_PID"  # in the environment of each child of `up`: the process id of `up`
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """The reason why `up` cannot start, as a sentence for its user."""


# --- no process outlives its parent -------------------------------------------------------------
def die_with(parent: int) -> None:
    """End this process as soon as process `parent` ends, even by `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it had ended before the request
        os._exit(1)


def die_with_up() -> None:
    """End this process with the `up` that started it, if one did."""
    if PARENT in os.environ:
        die_with(int(os.environ[PARENT]))


def _exit_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


# --- one at a time ------------------------------------------------------------------------------
def lock_folder(folder: Path) -> IO[str]:
    """Lock the folder until the returned file is closed; CannotStart if another process has."""
    file = (folder / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            holder = file.read().strip()
        raise CannotStart(
            f"Another Ringpost is running in {folder} (process {holder}): "
            "stop it, or set VAR_DIR to another folder."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def probe(address: str, port: int) -> None:
    """Raise CannotStart unless the port is free: the web server would share it without an error."""
    try:
        family, socket_type, protocol, _, target = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket_type, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(target)
            listener.listen(1)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} is in use: stop the server that listens there, "
            "or choose another port with --port.",
            errno.EACCES: f"This user may not open port {port}: choose one above 1023 with --port.",
        }
        other = f"Cannot listen on {address}, port {port}: {error.strerror or error}."
        raise CannotStart(reasons.get(error.errno or 0, other)) from None


# --- the group ----------------------------------------------------------------------------------
class ProcessGroup:
    """Child processes; each line of their output is passed to `write` as `name | line`."""

    def __init__(self, write: Callable[[str], None], *, grace_seconds: float = 10) -> None:
        self._write = write
        self._grace_seconds = grace_seconds
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._jobs: set[str] = set()
        self._unfinished_lines: dict[str, bytes] = {}
        self._pipes = selectors.DefaultSelector()
        self._stop_requested = False

    def start(
        self,
        name: str,
        command: list[str],
        *,
        folder: Path,
        environment: dict[str, str],
        is_job: bool = False,
    ) -> None:
        """Start a child in a new session: Ctrl-C reaches this process alone. A job may end."""
        child = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=folder,
            env=environment | {PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._children[name] = child
        if is_job:
            self._jobs.add(name)
        if child.stdout:
            self._pipes.register(child.stdout, selectors.EVENT_READ, name)

    def run(self, *, on_turn: Callable[[], object]) -> str | None:
        """Run until a child other than a job ends, and return its name; None after a signal.

        `on_turn` is called twice a second.
        """

        def request_stop(*_signal: Any) -> None:
            self._stop_requested = True

        handlers = {number: signal.signal(number, request_stop) for number in STOP_SIGNALS}
        try:
            while not self._stop_requested:
                self._pass_lines(seconds=0.5)
                for name, child in self._children.items():
                    if child.poll() is not None and name not in self._jobs:
                        return name
                on_turn()
            return None
        finally:
            self.stop()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def status(self, name: str) -> int | None:
        """Return a child's exit status (negative: the signal that ended it); None while it runs."""
        return self._children[name].poll()

    def stop(self) -> None:
        """Terminate every child, and kill those that still run after the seconds of grace."""
        for child in self._running():
            child.terminate()
        deadline = time.monotonic() + self._grace_seconds
        while self._running() and time.monotonic() < deadline:
            self._pass_lines(seconds=0.1)
        for child in self._running():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        while self._pass_lines(seconds=0):
            pass
        self._pipes.close()
        for child in self._children.values():
            if child.stdout:
                child.stdout.close()

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [child for child in self._children.values() if child.poll() is None]

    def _pass_lines(self, *, seconds: float) -> bool:
        """Pass on the children's output, waiting up to `seconds` for it; whether there was any."""
        if not self._pipes.get_map():
            time.sleep(seconds)
            return False
        ready = self._pipes.select(seconds)
        for key, _ in ready:
            text, name = os.read(key.fd, 65536), key.data
            if not text:
                self._pipes.unregister(key.fileobj)
            unfinished = self._unfinished_lines.get(name, b"")
            *lines, self._unfinished_lines[name] = (unfinished + text).split(b"\n")
            for line in filter(bytes.strip, lines):
                self._write(f"{name:<6} | {line.decode(errors='replace')}")
        return bool(ready)
