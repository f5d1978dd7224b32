"""A week of believable history for the demo company, up to this moment: all of it or nothing."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import transaction

from callcontrol.models import Call
from campaigns.models import Company
from publishers.models import LogEntry
from reservations.models import Reservation

from . import incidents, leads, live, plan
from .staff import People, changes, hire, open_company
from .world import DemoWorld


def has_past(company: Company) -> bool:
    """Whether anybody has ever asked for anything, or called: what is there is never added to."""
    rows = (
        LogEntry.objects.filter(company_pk=company.pk),
        Reservation.objects.filter(company=company),
    )
    return any(found.exists() for found in (*rows, Call.objects.filter(company=company)))


def make(
    *,
    company: Company,
    base_url: str,
    now: datetime,
    say: Callable[[str], object],
    days: int = plan.DAYS,
) -> None:
    """Plays the days up to `now` with the product itself, in one transaction.

    One, because a database that syncs at every commit would take minutes for it, and because half of a week is no story.
    """
    now = now.replace(microsecond=now.microsecond // 1000 * 1000).astimezone(UTC)
    began = now - timedelta(days=days)
    with _same_chance(plan.SEED), transaction.atomic():
        staff = hire(company)
        open_company(company, staff, began=began)
        world = DemoWorld(company, base_url=base_url, now=now)
        for at, story in _stories(world, staff, began):
            world.stage.enter(at, story)
        for day in range(1, days + 1):
            say(f"A week of history: day {day} of {days} …")
            world.stage.play(until=began + timedelta(days=day))


def _stories(
    world: DemoWorld, staff: People, began: datetime
) -> Iterator[tuple[datetime, leads.Story]]:
    for lead in plan.leads(began=began, until=world.now, zone=world.zone):
        yield lead.at, leads.story_of(world, lead)
    yield from incidents.incidents(world, began=began)
    yield from changes(world, staff, began=began)
    yield from live.scenes(world)


@contextmanager
def _same_chance(seed: str) -> Iterator[None]:
    """What the product leaves to chance, like the turn of equal buyers, comes out the same each time."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
