"""What the record lists of the admin cost on a large past. By hand: `python -m
tests.benchmarks.desk [rows of the log]`.

`ENGINES=postgres` in front for PostgreSQL. For each page: statements, milliseconds of processor
time (Python's and the database's), and the shortest of five by the wall clock, which a busy machine
lengthens least.
"""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import logging
import statistics
import sys
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models come after the set-up
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402

from callcontrol.models import Call  # noqa: E402
from campaigns.models import Member  # noqa: E402
from publishers.models import LogEntry  # noqa: E402
from tests.benchmarks import history  # noqa: E402
from tests.benchmarks.history import Scene  # noqa: E402
from tests.benchmarks.measure import cost  # noqa: E402

_TIMES = 5
LOG, RESERVATIONS, CALLS = (
    f"/admin/{page}/"
    for page in ("publishers/logentry", "reservations/reservation", "callcontrol/call")
)


def _stretch(scene: Scene, column: str, day: int, days: int) -> dict[str, str]:
    """A range of time in the address, from a day of the ninety."""
    begin = scene.began + timedelta(days=day)
    end = begin + timedelta(days=days)
    parts = {"from": begin, "to": end}
    return {
        f"{column}_{name}_{place}": f"{moment:{form}}"
        for name, moment in parts.items()
        for place, form in enumerate(("%Y-%m-%d", "%H:%M:%S"))
    }


def _log_queries(scene: Scene) -> Iterator[tuple[str, dict[str, object]]]:
    far, quarter = _stretch(scene, "at", 3, 2), _stretch(scene, "at", 0, 85)
    yield "newest", {}
    yield "1,000th page", {"p": 1000}
    yield "a result that is frequent", {"result": "reserved"}
    yield "… its 1,000th page", {"result": "reserved", "p": 1000}
    yield "a result that is rare", {"result": "converted"}
    yield "a result that never was", {"result": "failed"}
    yield "a status that never was", {"status": 500}
    yield "a type", {"type": "conversion"}
    yield "a publisher", {"publisher": scene.publishers[1].pk}
    yield "a publisher who hardly sends", {"publisher": scene.publishers[5].pk}
    yield "a campaign", {"campaign": scene.campaigns[1].pk}
    yield "a campaign, never that result", {"campaign": scene.campaigns[1].pk, "result": "failed"}
    yield "a key", {"key_pk": scene.keys[2].pk}
    yield "a key, never that result", {"key_pk": scene.keys[2].pk, "result": "failed"}
    yield "a key that is hardly used", {"key_pk": scene.keys[10].pk}
    yield "a reason", {"reason": "closed"}
    yield "a reason that never was", {"reason": "hard-cap"}
    yield "a buyer refused", {"buyer": scene.buyers[0].pk}
    yield "a buyer never refused", {"buyer": scene.buyers[9].pk}
    yield "two days, long ago", far
    yield "… a result that never was", {**far, "result": "failed"}
    yield "85 days, 1,000th page", {**quarter, "p": 1000}
    yield "… a reason that never was", {**quarter, "reason": "hard-cap"}
    yield "… of pings alone", {**quarter, "reason": "hard-cap", "ping": 1}
    yield "search a caller", {"q": "(200) 000-0007"}
    yield "search the caller of 10,000", {"q": history.HOT_CALLER}
    yield (
        "search a UUID",
        {
            "q": str(
                LogEntry.objects.exclude(reservation_uuid=None).values_list(
                    "reservation_uuid", flat=True
                )[0]
            )
        },
    )
    yield "search a key's name", {"q": "Key 3"}


def _reservation_queries(scene: Scene) -> Iterator[tuple[str, dict[str, object]]]:
    far = _stretch(scene, "created_at", 3, 2)
    yield "newest", {}
    yield "1,000th page", {"p": 1000}
    yield "claimed", {"status": "claimed"}
    yield "rejected, which never was", {"status": "rejected"}
    yield "reserved now", {"status": "reserved"}
    yield "expired", {"status": "expired"}
    yield "a publisher", {"publisher": scene.publishers[1].pk}
    yield "a buyer who hardly buys", {"buyer": scene.buyers[9].pk}
    yield "… and rejected", {"buyer": scene.buyers[9].pk, "status": "rejected"}
    yield "a campaign, 1,000th page", {"campaign": scene.campaigns[1].pk, "p": 1000}
    yield "two days, long ago", far
    yield "… a publisher", {**far, "publisher": scene.publishers[1].pk}
    yield "search a caller", {"q": "(200) 000-0007"}
    yield "search the caller of 5,000", {"q": history.HOT_CALLER}


def _call_queries(scene: Scene) -> Iterator[tuple[str, dict[str, object]]]:
    far = _stretch(scene, "started_at", 3, 2)
    yield "newest", {}
    yield "1,000th page", {"p": 1000}
    yield "no buyer, which is rare", {"status": "no-target"}
    yield "in progress, which none is", {"status": "in-progress"}
    yield "a buyer who hardly buys", {"buyer": scene.buyers[9].pk}
    yield "a campaign, 1,000th page", {"campaign": scene.campaigns[1].pk, "p": 1000}
    yield "converted", {"converted": 1}
    yield "two days, long ago", far
    yield "search a caller", {"q": "(200) 000-0007"}


def _person(name: str, *companies: object) -> Client:
    user = User.objects.create_user(name, is_staff=True, is_superuser=not companies)
    for company in companies:
        Member.objects.create(company=company, user=user, role=Member.Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def _cost(client: Client, url: str) -> tuple[int, float, float]:
    """How many statements; milliseconds of processor time, and by the wall clock."""
    with CaptureQueriesContext(connection) as asked:
        status = client.get(url).status_code
    statements = len(asked)  # the next request empties the list
    if status != 200:
        raise RuntimeError(f"{url}: {status}")
    costs = [cost(lambda: client.get(url), 1) for _ in range(_TIMES)]
    return (
        statements,
        statistics.median(one.cpu for one in costs) / 1000,
        min(one.wall for one in costs) / 1000,
    )


def _table(title: str, people: dict[str, Client], urls: Iterator[tuple[str, str]]) -> None:
    print(f"\n{title:36}" + "".join(f"{name:>18}" for name in people))
    for what, url in urls:
        costs = [_cost(client, url) for client in people.values()]
        print(
            f"  {what:34}" + "".join(f"{n:6} {cpu:5.0f} {wall:5.0f}" for n, cpu, wall in costs),
            flush=True,
        )


@override_settings(ALLOWED_HOSTS=["testserver"])
def main(requests: int) -> None:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    scene = history.make_scene()
    history.fill(scene, requests=requests, reservations=requests // 2, calls=requests * 3 // 10)
    print(
        f"{connection.vendor}: {requests:,} requests, half as many reservations, {requests * 3 // 10:,} calls"
    )
    print("each: statements, ms of processor time, ms by the clock")
    people = {
        "one company": _person("one", scene.large),
        "two": _person("two", scene.large, scene.small),
        "all": _person("all"),
    }
    for path, queries in (
        (LOG, _log_queries),
        (RESERVATIONS, _reservation_queries),
        (CALLS, _call_queries),
    ):
        _table(
            path, people, ((what, f"{path}?{urlencode(query)}") for what, query in queries(scene))
        )
    _table(
        "one row", people, ((path, f"{path}{row}/change/") for path, row in _rows(scene).items())
    )


def _rows(scene: Scene) -> dict[str, object]:
    """A row of each list that one company's member may see: a request that led to a call."""
    call = Call.objects.filter(company=scene.large, reservation__isnull=False).order_by(
        "-started_at"
    )[0]
    logged = LogEntry.objects.filter(
        reservation_uuid=call.reservation_id, company_pk=scene.large.pk
    )
    return {
        LOG: logged.values_list("pk", flat=True)[0],
        RESERVATIONS: call.reservation_id,
        CALLS: call.pk,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
