"""Takers that race for places: threads of this process, and of others started with `python -m
tests.races.takers`.

A plan is JSON, so that a process gets it on its standard input: {"company", "now", "how",
"threads", "database", "buyers": [{"row", "owners": [fields of a Capped]}…], "seed"}.
"""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction

if not apps.ready:  # in a new process
    django.setup()

from campaigns.caps import counters
from campaigns.models import CapHold
from campaigns.routing.engine import CappedOwner

THREADS = 12
Plan = dict[str, Any]
Take = Callable[[Plan, dict[str, Any]], bool]


def together(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run each job in a thread with its connection; all start at once. Raise the first error."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def take(plan: Plan, buyer: dict[str, Any]) -> bool:
    """The real one."""
    capped = [
        CappedOwner(**{**fields, "caps": tuple(fields["caps"])}) for fields in buyer["owners"]
    ]
    try:
        counters.take_places(
            company_id=plan["company"],
            buyer_pk=buyer["row"],
            capped=capped,
            now=datetime.fromisoformat(plan["now"]),
        )
    except counters.CapFull:
        return False
    return True


def take_naively(plan: Plan, buyer: dict[str, Any]) -> bool:
    """Counts, then inserts: what every caps table is tempted to do, and what these races must be
    able to catch."""
    with transaction.atomic():
        if CapHold.objects.filter(buyer_pk=buyer["row"]).count() >= buyer["owners"][0]["caps"][-1]:
            return False
        CapHold.objects.create(
            company_id=plan["company"], buyer_pk=buyer["row"], places=[], taken_at=plan["now"]
        )
    return True


TAKES: dict[str, Take] = {"really": take, "naively": take_naively}


def threads_take(plan: Plan) -> list[int]:
    """Every thread tries every buyer once, all at the same one at the same time; the rows of
    those that granted a place."""
    pace = threading.Barrier(plan["threads"])

    def tries() -> list[int]:
        granted = []
        for buyer in plan["buyers"]:
            pace.wait(timeout=30)
            granted += [buyer["row"]] * TAKES[plan["how"]](plan, buyer)
        return granted

    return [row for rows in together([tries] * plan["threads"]) for row in rows]


@contextmanager
def processes_take(plan: Plan, count: int) -> Iterator[list[int]]:
    """The same in other processes, which start when all are ready; their grants are in the list
    after the block."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}
    command = [sys.executable, "-m", "tests.races.takers"]
    started = [
        subprocess.Popen(
            command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(count)
    ]
    granted: list[int] = []
    try:
        for number, process in enumerate(started):
            _send(process, plan | {"seed": number})
        assert [process.stdout and process.stdout.readline() for process in started] == [
            "ready\n"
        ] * count
        for process in started:
            _send(process, "go")
        yield granted
        for process in started:
            granted += json.loads(process.communicate(timeout=120)[0])
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _send(process: subprocess.Popen[str], what: Any) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    connections.settings["default"]["NAME"] = plan["database"]
    random.Random(plan["seed"]).shuffle(plan["buyers"])
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(threads_take(plan)))


if __name__ == "__main__":
    main()
