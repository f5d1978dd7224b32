"""A real Ringpost for tests of its processes: started by `up` in a new folder, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY = "Ringpost is ready"
PATIENCE = 60  # seconds; only reached when something is broken


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*words: str, folder: Path, **settings: str) -> subprocess.Popen[str]:
    """Start `manage.py` with these words, on SQLite in `folder` unless `settings` name another.

    Both of its outputs are joined.
    """
    environment = (
        os.environ | {"VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""} | settings
    )
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def outcome(*words: str, folder: Path, **settings: str) -> tuple[int, str]:
    """Return the exit status and the output of a command that ends by itself."""
    with command(*words, folder=folder, **settings) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


@dataclass
class Running:
    """A process of `up`; `lines` are those that it wrote until it was ready."""

    process: subprocess.Popen[str]
    port: int
    folder: Path
    lines: list[str]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False)

    def family(self) -> dict[int, str]:
        """Return id and command of each process that this `up` started, also of orphans."""
        mark = f"RINGPOST_UP_PID={self.process.pid}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # it ended while we looked
        return found

    def one(self, words: str) -> int:
        """Return the id of the one process whose command line contains these words."""
        (pid,) = [pid for pid, line in self.family().items() if words in line]
        return pid

    def gone_within(self, seconds: float) -> bool:
        """Whether the whole family has ended by then."""
        deadline = time.monotonic() + seconds
        while self.family() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.family()


@contextmanager
def up(folder: Path, *words: str) -> Iterator[Running]:
    """Start `up` without waiting for it; end it in any case."""
    port = free_port()
    with command("up", "--port", str(port), *words, folder=folder) as process:
        try:
            yield Running(process, port, folder, [])
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


@contextmanager
def ringpost(folder: Path, *words: str) -> Iterator[Running]:
    """Start `up` and wait until it is ready; end it in any case."""
    with up(folder, *words) as running:
        output = running.process.stdout
        while not running.lines or READY not in running.lines[-1]:
            line = output.readline() if output else ""
            if not line:
                raise AssertionError("".join(running.lines))
            running.lines.append(line)
        yield running
