"""The past week of the demo company, played in short transactions while the server answers others.

Between two transactions no call and no reservation of the past is open, so that the sweeps, which
run by the wall clock, find nothing to do. A lease holds the moment up to which the week is played:
a run that was killed is resumed there.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from callcontrol.models import Call
from callcontrol.reporting.models import RollupPeriod, RollupWatermark
from campaigns.models import Company, Lease
from publishers.models import LogEntry
from reservations.models import Reservation

from .diary import DIARY, PRESENT
from .leads import play_lead
from .plan import SEED, plan_days, plan_leads, plan_moment
from .staff import backdate_settings, hire
from .world import DemoWorld

DAYS = 7
LEASE = "demo-history"
_PRESENT_SECONDS = 300  # the present begins after the last story of the past
# SQLite's other writers poll for their turn: the database must be free for a tenth of a second.
_TRANSACTION_SECONDS, _PAUSE_SECONDS = 0.25, 0.12
_MAX_FAILURES = 20  # in a row
Story = tuple[datetime, Callable[[DemoWorld], None]]


def prepare(company: Company, *, now: datetime, days: int = DAYS) -> bool:
    """Hire the people and mark the week as not played; False when there are requests or calls."""
    past = (
        LogEntry.objects.filter(company_pk=company.pk),
        Reservation.objects.filter(company=company),
        Call.objects.filter(company=company),
    )
    if is_prepared() or any(rows.exists() for rows in past):
        return False
    since = now - timedelta(days=days)
    with transaction.atomic():
        backdate_settings(company, hire(company), since=since)
        Lease.objects.create(name=LEASE, ticked_at=since)
    return True


def is_prepared() -> bool:
    """Whether a week waits to be played, or to be played on."""
    return Lease.objects.filter(name=LEASE).exists()


def play(
    company: Company,
    *,
    report: Callable[[str], object],
    clock: Callable[[], datetime] = timezone.now,
) -> None:
    """Play the prepared week up to now, and report every day of it that is played."""
    now = clock().replace(microsecond=0)
    since = Lease.objects.get(name=LEASE).ticked_at or now - timedelta(days=DAYS)
    world = DemoWorld(company, now=since, until=now - timedelta(seconds=_PRESENT_SECONDS))
    stories = _plan(world)
    random_state = random.getstate()
    random.seed(SEED)  # the product's own choices, like that between equal buyers, repeat as well
    try:
        days_played = failures = 0
        while stories:
            try:
                stories, failures = _play_some(world, stories), 0
            except OperationalError:  # it waited too long for a row
                failures += 1
                if failures > _MAX_FAILURES:
                    raise
            if (days := (world.now - now).days + DAYS) > days_played:
                days_played = days
                report(f"Demo history: {days_played} of {DAYS} days")
            time.sleep(_PAUSE_SECONDS if connection.vendor == "sqlite" else 0)
        _finish(world, now=clock())
    finally:
        random.setstate(random_state)
    report("Demo history: complete")


def _plan(world: DemoWorld) -> list[Story]:
    """Return the stories from the world's now to its end, in the order of time."""
    since, until, zone = world.now, world.until, world.zone
    stories: list[Story] = [
        (lead.at, partial(play_lead, lead=lead))
        for lead in plan_leads(since=since, until=until, zone=zone)
    ]
    for day in plan_days(since=since, until=until, zone=zone):
        for weekdays, clock, story in DIARY:
            at = plan_moment(day, clock, zone)
            if day.weekday() in weekdays and since <= at < until:
                stories.append((at, story))
    return sorted(stories, key=lambda story: story[0])


def _play_some(world: DemoWorld, stories: list[Story]) -> list[Story]:
    """Play stories in one transaction, and return those that are left.

    On PostgreSQL it is a single story: live pings wait for the counters that it has written.
    """
    deadline = time.monotonic() + (_TRANSACTION_SECONDS if connection.vendor == "sqlite" else 0)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # A story that locks in another order than a live ping gives up first: PostgreSQL looks
            # for deadlocks after a second, and could end the ping.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
        for number, (at, story) in enumerate(stories, start=1):  # noqa: B007 - of those played
            world.begin(at)
            story(world)
            world.expire_reservations()
            if time.monotonic() > deadline:
                break
        Lease.objects.filter(name=LEASE).update(ticked_at=at + timedelta(milliseconds=1))
    return stories[number:]


def _finish(world: DemoWorld, *, now: datetime) -> None:
    """Play the present, and drop the rollups: some were written before the week was complete."""
    with transaction.atomic():
        for seconds, story in PRESENT:
            world.begin(now - timedelta(seconds=seconds))
            story(world)
        RollupWatermark.objects.filter(company=world.company).update(sales_seen_at=now)
        RollupPeriod.objects.filter(company=world.company).delete()
        Lease.objects.filter(name=LEASE).delete()
