"""The web server: `python -m config.ops.web` runs granian with threads and JSON logs."""

import argparse
from copy import deepcopy
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from config.logs import JSON_LINES

from .processes import die_with_up

# Each holds a database connection; more of them would only wait for the interpreter.
THREADS = 16
# Requests that may wait in the server; others wait in the socket's queue.
MAX_WAITING_REQUESTS = 512


def serve(*, bind: str, port: int, workers: int, target: str = "config.wsgi:application") -> None:
    """Serve until SIGTERM or SIGINT; SystemExit when a worker dies."""
    Granian(
        target,
        address=bind,
        port=port,
        workers=workers,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=600,
        backpressure=MAX_WAITING_REQUESTS,
        workers_kill_timeout=8,
        log_level=LogLevels.error,  # it would warn about the threads at every start
        log_dictconfig=deepcopy(JSON_LINES),
        working_dir=Path(__file__).resolve().parents[2],
    ).serve()


def run_web() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.ops.web", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    die_with_up()
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    run_web()
