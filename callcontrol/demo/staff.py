"""The people of the demo company, and their changes to its settings during the week."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.auth.models import User

from campaigns.models import Buyer, CatalogueRow, Company, Member
from publishers.models import Key, Publisher

from .plan import plan_moment

_NAMES = (
    ("olivia", "Olivia", "Reyes", Member.Role.OWNER),
    ("marcus", "Marcus", "Bell", Member.Role.ACCOUNT_MANAGER),
    ("priya", "Priya", "Shah", Member.Role.READ_ONLY),
)
_OWNER, _MANAGER = Member.Role.OWNER, Member.Role.ACCOUNT_MANAGER
_BETA_KEY = {"type": "rtb", "name": "Beta pings"}
# Day, time, role, row and values. Each change is undone: the settings stay those of the file.
_CHANGES: tuple[tuple[int, time, str, Any, Mapping[str, Any], Mapping[str, Any]], ...] = (
    (1, time(9, 40), _OWNER, Buyer, {"buyer_id": "summit"}, {"daily_cap": 8}),
    (2, time(11, 5), _MANAGER, Publisher, {"publisher_id": "delta"}, {"paused": False}),
    (3, time(17, 20), _OWNER, Buyer, {"buyer_id": "summit"}, {"daily_cap": 5}),
    (4, time(13, 15), _MANAGER, Key, _BETA_KEY, {"paused": True}),
    (4, time(14, 40), _MANAGER, Key, _BETA_KEY, {"paused": False}),
    (5, time(16, 30), _MANAGER, Publisher, {"publisher_id": "delta"}, {"paused": True}),
)


def hire(company: Company) -> dict[str, User]:
    """Create a person for each role. They cannot log in until a password is set."""
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


def backdate_settings(company: Company, people: Mapping[str, User], *, since: datetime) -> None:
    """Date the settings to three days before the week, and write their changes into their history.

    The changes are undone in the same transaction: no request sees them.
    """
    opened = since - timedelta(days=3)
    at = {"history_date": opened, "history_user": people[_OWNER]}
    rows: list[Any] = [model for model in apps.get_models() if issubclass(model, CatalogueRow)]
    for model in [*rows, Member]:
        model.history.filter(company_id=company.pk, history_date__gt=opened).update(**at)
    Company.history.filter(id=company.pk, history_date__gt=opened).update(**at)
    Key.objects.of(company).filter(created_at__gt=opened).update(created_at=opened)
    zone = ZoneInfo(company.time_zone)
    first_day = since.astimezone(zone).date()
    for day, clock, role, model, lookup, values in _CHANGES:
        row = model.objects.of(company).unretired().filter(**lookup).first()
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
            row._history_user = people[role]
            row._history_date = plan_moment(first_day + timedelta(days=day), clock, zone)
            row.save()
