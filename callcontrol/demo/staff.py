"""Who works at the demo company, and what they changed in its settings during the week."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User

from campaigns.models import Buyer, CatalogueRow, Company, Member
from publishers.models import Key, Publisher

from .plan import plan_moment
from .scheduler import Story
from .world import DemoWorld

People = Mapping[str, User]  # by role
_NAMES = (
    ("olivia", "Olivia", "Reyes", Member.Role.OWNER),
    ("marcus", "Marcus", "Bell", Member.Role.ACCOUNT_MANAGER),
    ("priya", "Priya", "Shah", Member.Role.READ_ONLY),
)
_OPENED_BEFORE = timedelta(days=3)  # the week began


def hire(company: Company) -> People:
    """An owner, an account manager and a reader. None has a password: nobody can log in as them until one is set."""
    people = {}
    for name, first, last, role in _NAMES:
        fields = {"first_name": first, "last_name": last, "is_staff": True}
        user, is_new = User.objects.get_or_create(username=f"demo-{name}", defaults=fields)
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            Member.objects.create(company=company, user=user, role=role)
        people[role.value] = user
    return people


def open_company(company: Company, people: People, *, began: datetime) -> None:
    """Dates the settings that were just made to some days before the week: nobody asks for what is not there yet."""
    at, owner = began - _OPENED_BEFORE, people[Member.Role.OWNER]
    models: list[Any] = [model for model in apps.get_models() if issubclass(model, CatalogueRow)]
    for model in models:
        model.history.filter(company_id=company.pk, history_date__gt=at).update(
            history_date=at, history_user=owner
        )
    Company.history.filter(id=company.pk, history_date__gt=at).update(
        history_date=at, history_user=owner
    )
    Member.history.filter(company_id=company.pk, history_date__gt=at).update(
        history_date=at, history_user=owner
    )
    Key.objects.of(company).filter(created_at__gt=at).update(created_at=at)


def changes(
    world: DemoWorld, people: People, *, began: datetime
) -> Iterator[tuple[datetime, Story]]:
    """Tried and taken back, so that the settings are in the end what the file says. Each with its moment."""
    first = began.astimezone(world.zone).date()
    for after, clock, role, model, named, values in _CHANGES:
        at = plan_moment(first + timedelta(days=after), clock, world.zone)
        if began <= at < world.now:
            yield at, _change(world, model, named, values, by=people[role], at=at)


def _change(
    world: DemoWorld,
    model: Any,
    named: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    by: User,
    at: datetime,
) -> Story:
    row = model.objects.of(world.company).unretired().get(**named)
    for name, value in values.items():
        setattr(row, name, value)
    row._history_user, row._history_date = by, at
    row.save()
    yield from ()


_SUMMIT, _DELTA, _BETA = (
    {"buyer_id": "summit"},
    {"publisher_id": "delta"},
    {"type": "rtb", "name": "Beta pings"},
)
_OWNER, _MANAGER = Member.Role.OWNER, Member.Role.ACCOUNT_MANAGER
_Change = tuple[int, time, str, type[CatalogueRow], Mapping[str, Any], Mapping[str, Any]]
_CHANGES: tuple[_Change, ...] = (
    (1, time(9, 40), _OWNER, Buyer, _SUMMIT, {"daily_cap": 20}),
    (2, time(11, 5), _MANAGER, Publisher, _DELTA, {"paused": False}),
    (3, time(17, 20), _OWNER, Buyer, _SUMMIT, {"daily_cap": 12}),
    (4, time(13, 15), _MANAGER, Key, _BETA, {"paused": True}),
    (4, time(14, 40), _MANAGER, Key, _BETA, {"paused": False}),
    (5, time(16, 30), _MANAGER, Publisher, _DELTA, {"paused": True}),
)
