"""What the dashboard costs on a large past, before and after it is tallied.

By hand: `python -m tests.benchmarks.dashboard [rows of the log in thirty days]`.
`ENGINES=postgres` in front for PostgreSQL. For each range: statements, milliseconds of processor
time (Python's and the
database's), and by the wall clock, the shortest of some.
"""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import logging
import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models come after the set-up
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402

from callcontrol.reporting.models import Rollup, RollupPeriod  # noqa: E402
from callcontrol.reporting.tasks import write_rollups  # noqa: E402
from campaigns.models import Member  # noqa: E402
from tests.admin_client import browser  # noqa: E402
from tests.benchmarks import history  # noqa: E402
from tests.benchmarks.measure import cost  # noqa: E402

DAYS = 30
RANGES = (
    "",
    "range=yesterday",
    "range=7-days",
    "range=month",
    "range=30-days",
    "range=30-days&campaign={}",
)


def _cost(client: Client, url: str, times: int) -> tuple[int, float, float]:
    """How many statements; milliseconds of processor time, and by the wall clock."""
    with CaptureQueriesContext(connection) as wanted:
        status = client.get(url).status_code
    statements = len(wanted)  # the next request empties the list
    if status != 200:
        raise RuntimeError(f"{url}: {status}")
    costs = [cost(lambda: client.get(url), 1) for _ in range(times)]
    return statements, min(one.cpu for one in costs) / 1000, min(one.wall for one in costs) / 1000


def _table(title: str, client: Client, scene: history.Scene, times: int) -> None:
    print(f"\n{title:40} statements, ms of processor time, ms by the clock")
    for query in RANGES:
        url = f"/admin/?{query.format(scene.campaigns[0].pk)}"
        statements, cpu, wall = _cost(client, url, times)
        print(f"  {query or 'today':38} {statements:10} {cpu:8.0f} {wall:8.0f}", flush=True)


def _tally() -> None:
    """Sweep after sweep, as they come each minute."""
    began, turns = time.perf_counter(), 0
    while True:
        turn = time.perf_counter()
        done, turns = write_rollups(), turns + 1
        print(
            f"  sweep {turns}: {done} hours and days in {time.perf_counter() - turn:.1f} s",
            flush=True,
        )
        if done < 24:
            break
    print(
        f"tallied in {time.perf_counter() - began:.1f} s: {RollupPeriod.objects.count():,} periods, {Rollup.objects.count():,} tallies"
    )


@override_settings(ALLOWED_HOSTS=["testserver"])
def main(rows: int) -> None:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    history.DAYS = DAYS
    scene = history.make_scene()
    history.fill(scene, requests=rows, reservations=rows, calls=rows * 3 // 10)
    print(
        f"{connection.vendor}: {rows:,} requests, as many reservations and {rows * 3 // 10:,} calls in {DAYS} days"
    )
    client = browser(scene.large, Member.Role.OWNER)
    _table("without any tally", client, scene, times=1)
    print()
    _tally()
    _table("tallied", client, scene, times=5)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
