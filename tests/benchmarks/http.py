"""Latency of pings over HTTP, beside an empty DRF view on the same server.

Run it by hand: `python -m tests.benchmarks.http`, with `ENGINES=postgres` in front for PostgreSQL.
It starts granian as `up` does, with one worker, and sends pings of new callers to a campaign with
ten buyers, from 1, 8 and 32 clients with a connection each. The rounds of both URLs alternate.
`ROUNDS` (7) and `REQUESTS` (1,000 for each round) may be set in the environment.
"""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import http.client
import itertools
import logging
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models come after the set-up
from django.db import connection  # noqa: E402

from tests.benchmarks import scenes  # noqa: E402

CLIENTS = (1, 8, 32)
_ROUNDS = int(os.environ.get("ROUNDS", "7"))
_REQUESTS = int(os.environ.get("REQUESTS", "1000"))
_SERVER = (
    "from config.ops.web import serve; import sys; serve(bind='127.0.0.1', port=int(sys.argv[1]),"
    " workers=1, target='tests.benchmarks.http_server:application')"
)
_callers = itertools.count()


@dataclass
class Latencies:
    """Seconds of each request to one URL, and the duration of its rounds."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def percentile(self, percent: int) -> float:
        """Return milliseconds."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1] * 1000

    @property
    def throughput(self) -> float:
        """Return requests for each second."""
        return len(self.seconds) / self.elapsed


@contextmanager
def running_server() -> Iterator[int]:
    """Yield the port of a granian server with one worker, and stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = Path(os.environ["VAR_DIR"], "http-server.log")
    with log.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], stderr=stderr)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"no server: {log.read_text()[-2000:]}") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def ping_path(key: str) -> str:
    caller = f"1202{next(_callers):07}"
    return f"/rtbs.json?key={key}&caller_number={caller}&caller_state=CA"


def send(port: int, paths: list[str], expected: bytes) -> list[float]:
    """Send requests over one connection; return the seconds of each."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    seconds = []
    for path in paths:
        begin = time.perf_counter()
        client.request("POST", path)
        body = client.getresponse().read()
        seconds.append(time.perf_counter() - begin)
        if expected not in body:
            raise RuntimeError(body.decode())
    client.close()
    return seconds


def measure(port: int, key: str, clients: int) -> tuple[Latencies, Latencies]:
    """Return the latencies of pings and of the empty view."""
    pings, empty = Latencies(), Latencies()
    with ThreadPoolExecutor(clients) as pool:
        for number in range(_ROUNDS + 1):
            for found, expected in ((pings, b'"reserved"'), (empty, b"{}")):
                batches = [
                    [
                        ping_path(key) if found is pings else "/empty.json"
                        for _ in range(_REQUESTS // clients)
                    ]
                    for _ in range(clients)
                ]
                begin = time.perf_counter()
                rounds = list(pool.map(send, [port] * clients, batches, [expected] * clients))
                if number:  # the first round opens connections and fills caches
                    found.elapsed += time.perf_counter() - begin
                    found.seconds += itertools.chain.from_iterable(rounds)
    return pings, empty


def main() -> None:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    key = scenes.campaign_key(10)
    connection.close()
    print(
        f"{connection.vendor}: {_ROUNDS} alternating rounds of {_REQUESTS} requests, "
        "granian with one worker"
    )
    print(f"{'clients':>7}{'':16}{'p50 ms':>8}{'p99 ms':>8}{'per s':>8}")
    with running_server() as port:
        for clients in CLIENTS:
            pings, empty = measure(port, key, clients)
            for title, found in (("ping", pings), ("empty view", empty)):
                print(
                    f"{clients:7}  {title:14}{found.percentile(50):8.2f}{found.percentile(99):8.2f}"
                    f"{found.throughput:8.0f}"
                )
            ratios = [pings.percentile(p) / empty.percentile(p) for p in (50, 99)]
            print(f"{'':9}{'ping / empty':14}{ratios[0]:8.2f}{ratios[1]:8.2f}", flush=True)


if __name__ == "__main__":
    main()
