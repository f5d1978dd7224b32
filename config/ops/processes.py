"""Several processes that live and die as one, for `up`: their lines passed on, their ends noticed, none left behind."""

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

PARENT = "RINGPOST_UP_PID"  # in the environment of what `up` starts: whom to die with
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """Why `up` refuses, in words for whoever typed it."""


# --- nobody outlives its parent -------------------------------------------------------------------------
def die_with(parent: int) -> None:
    """End this process as soon as process `parent` has ended, even by `kill -9`, which gives it no chance to say so."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(1)


def die_with_up() -> None:
    """The same for what `up` started; elsewhere (systemd, a container) nothing."""
    if PARENT in os.environ:
        die_with(int(os.environ[PARENT]))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


# --- one at a time --------------------------------------------------------------------------------------
def lock_folder(folder: Path) -> IO[str]:
    """Hold the folder for this process until the file is closed or the process ends; CannotStart when another has it."""
    file = (folder / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            other = file.read().strip()
        raise CannotStart(
            f"Another Ringpost is running in {folder} (process {other}): stop it, or give this one a VAR_DIR of its own."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def probe(address: str, port: int) -> None:
    """CannotStart unless `port` of `address` is free. The web server itself would share it in silence."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(target)
            one.listen(1)
    except OSError as error:
        raise CannotStart(_why_not(error, address, port)) from None


def _why_not(error: OSError, address: str, port: int) -> str:
    words = {
        errno.EADDRINUSE: f"Port {port} is in use: stop what listens there or choose another with --port.",
        errno.EACCES: f"Port {port} may not be opened by this user: choose one above 1023 with --port.",
    }
    return words.get(
        error.errno or 0, f"Cannot listen on {address}, port {port}: {error.strerror or error}."
    )


# --- the group ------------------------------------------------------------------------------------------
class ProcessGroup:
    """Child processes, each line of theirs given to `say` as `name | line`."""

    def __init__(self, say: Callable[[str], None], *, grace_seconds: float = 10) -> None:
        self._say = say
        self._grace_seconds = grace_seconds
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._unfinished: dict[str, bytes] = {}
        self._pipes = selectors.DefaultSelector()
        self._stop_asked = False

    def start(
        self, name: str, command: list[str], *, folder: Path, environment: dict[str, str]
    ) -> None:
        """In a session of its own, so that Ctrl-C reaches the group's keeper alone, which then stops each child once."""
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
        if child.stdout:
            self._pipes.register(child.stdout, selectors.EVENT_READ, name)

    def run(self, *, each_turn: Callable[[], object]) -> str | None:
        """Until a child ends, whose name it gives, or one of STOP_SIGNALS comes: None. `each_turn` is called twice a second."""
        before = {number: signal.signal(number, self._ask_to_stop) for number in STOP_SIGNALS}
        try:
            while not self._stop_asked:
                self._pass_lines(seconds=0.5)
                dead = next(
                    (name for name, child in self._children.items() if child.poll() is not None),
                    None,
                )
                if dead:
                    return dead
                each_turn()
            return None
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def status(self, name: str) -> int | None:
        """What child `name` ended with (negative: by that signal); None while it lives."""
        return self._children[name].poll()

    def stop(self) -> None:
        """Ask every child to end, give it the seconds of grace, then end what is left, its own children included."""
        for child in self._alive():
            child.terminate()
        deadline = time.monotonic() + self._grace_seconds
        while self._alive() and time.monotonic() < deadline:
            self._pass_lines(seconds=0.1)
        for child in self._alive():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        while self._pass_lines(seconds=0):
            pass
        self._close()

    def _close(self) -> None:
        self._pipes.close()
        for child in self._children.values():
            if child.stdout:
                child.stdout.close()

    def _alive(self) -> list[subprocess.Popen[bytes]]:
        return [child for child in self._children.values() if child.poll() is None]

    def _ask_to_stop(self, *_signal: Any) -> None:
        self._stop_asked = True

    def _pass_lines(self, *, seconds: float) -> bool:
        """Pass on what the children have written, waiting up to `seconds` for it; whether there was any."""
        if not self._pipes.get_map():
            time.sleep(seconds)
            return False
        ready = self._pipes.select(seconds)
        for key, _ in ready:
            text = os.read(key.fd, 65536)
            if not text:
                self._pipes.unregister(key.fileobj)
            self._pass_on(key.data, text)
        return bool(ready)

    def _pass_on(self, name: str, text: bytes) -> None:
        *lines, self._unfinished[name] = (self._unfinished.get(name, b"") + text).split(b"\n")
        for line in filter(bytes.strip, lines):
            self._say(f"{name:<6} | {line.decode(errors='replace')}")
