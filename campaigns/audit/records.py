"""The history of a company's settings, newest first: of the whole company, or of one row and what is on its page.

Every kind of row keeps its records in a table of its own; they are read a page at a time, each by its index, and merged.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from campaigns.models import CatalogueRow, Company, Member, Retirable

PAGE = 25
COMMAND_LINE = "command-line"  # in place of a person's row: what `apply` and other commands changed


class ChangeCursor(NamedTuple):
    """A place in the merged history: everything older than this record comes after it."""

    at: datetime
    kind: int
    record: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.kind}_{self.record}"


def parse_change_cursor(text: str) -> ChangeCursor | None:
    """The place that an address names; None for what names none."""
    at, kind, record = [*text.split("_"), "", ""][:3]
    try:
        told = parse_datetime(at.replace(" ", "+"))  # a plus in an address is read as a space
        moment = told.astimezone(UTC) if told and told.tzinfo else None
    except (ValueError, OverflowError):
        return None
    if moment is None or not all(_is_row(part) for part in (kind, record)):
        return None
    return ChangeCursor(moment, int(kind), int(record))


def _is_row(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


@dataclass(frozen=True)
class ChangeRecord:
    """One stored state of a row; `before` is the state before it, None at the first."""

    model: type[models.Model]
    kind: int
    row: Any
    before: Any = field(default=None, compare=False)

    @property
    def cursor(self) -> ChangeCursor:
        return ChangeCursor(self.row.history_date, self.kind, self.row.history_id)

    @property
    def key(self) -> tuple[datetime, int, int]:
        """What the merged history is sorted by; newer is greater."""
        return (self.row.history_date, -self.kind, self.row.history_id)


def tracked() -> list[type[models.Model]]:
    """The models whose changes are kept and belong to a company, of every floor, in one order."""
    kept = [model for model in apps.get_models() if hasattr(model, "history")]
    return [
        model
        for model in kept
        if model is Company or any(each.name == "company" for each in model._meta.fields)
    ]


def history_of(model: type[models.Model]) -> type[Any]:
    """The model of its records."""
    kept: Any = model
    return kept.history.model


def owner_field(model: type[models.Model]) -> str | None:
    """The foreign key to the row on whose page rows of the model stand; None for a row with a page of its own."""
    if model is Member:
        return "company"
    if issubclass(model, CatalogueRow):
        return model.belongs_to if not issubclass(model, Retirable) else None
    foreign = [
        each.name
        for each in model._meta.fields
        if isinstance(each, models.ForeignKey) and each.name != "company"
    ]
    return foreign[0] if foreign else None


# --- which records -----------------------------------------------------------------------------------------
Sources = list[tuple[int, type[models.Model], QuerySet[Any]]]


def of_company(company: int, *, kind: str = "", person: str = "") -> Sources:
    """All records of a company; of one `kind` of row (a model's name), of one `person` (a user's row, or COMMAND_LINE)."""
    found: Sources = []
    for number, model in enumerate(tracked()):
        if kind in {"", model._meta.model_name}:
            whose = {"id" if model is Company else "company_id": company}
            found.append((number, model, _by(person, history_of(model).objects.filter(**whose))))
    return found


def _by(person: str, records: QuerySet[Any]) -> QuerySet[Any]:
    if person == COMMAND_LINE:
        return records.filter(history_user=None)
    return records.filter(history_user=int(person)) if _is_row(person) else records


def of_row(row: models.Model) -> Sources:
    """The records of a row, of those that point at it, and of those that belong to these."""
    found: Sources = []
    for number, model in enumerate(tracked()):
        condition = _pointing(model, type(row), row.pk)
        if condition is not None:
            found.append((number, model, history_of(model).objects.filter(condition)))
    return found


def _pointing(model: type[models.Model], target: type[models.Model], pk: Any) -> Q | None:
    if model is target:
        return Q(id=pk)
    if target is Company:
        return _of_the_company_itself(model, pk)
    direct = [
        each.attname
        for each in model._meta.fields
        if isinstance(each, models.ForeignKey) and each.related_model is target
    ]
    if direct:
        return Q.create([(name, pk) for name in direct], connector=Q.OR)
    owner = model._meta.get_field(name).related_model if (name := owner_field(model)) else None
    if not isinstance(owner, type) or not hasattr(owner, "history") or owner_field(owner) is None:
        return None
    inner = _pointing(owner, target, pk)
    return (
        None
        if inner is None
        else Q(**{f"{name}_id__in": history_of(owner).objects.filter(inner).values("id")})
    )


def _of_the_company_itself(model: type[models.Model], pk: Any) -> Q | None:
    """What stands on a company's page: its people, and the rows that may belong to others and belong to none."""
    if model is Member:
        return Q(company_id=pk)
    others = [
        each.attname
        for each in model._meta.fields
        if isinstance(each, models.ForeignKey) and each.name != "company"
    ]
    if (
        not issubclass(model, Retirable)
        or not others
        or not all(model._meta.get_field(name[:-3]).null for name in others)
    ):
        return None
    return Q(company_id=pk, **{f"{name}__isnull": True for name in others})


# --- a page of them ------------------------------------------------------------------------------------------
def newest_changes(
    sources: Sources, *, before: ChangeCursor | None = None, limit: int = PAGE
) -> tuple[list[ChangeRecord], ChangeCursor | None]:
    """The newest records, each with the state before it; and where the older ones begin, None when there are none."""
    found: list[ChangeRecord] = []
    for kind, model, records in sources:
        older = records if before is None else records.filter(_older(before, kind))
        rows = older.select_related("history_user").order_by("-history_date", "-history_id")[
            : limit + 1
        ]
        found += [ChangeRecord(model, kind, row) for row in rows]
    page = heapq.nlargest(limit + 1, found, key=lambda record: record.key)
    more = page[limit - 1].cursor if len(page) > limit else None
    return _with_states_before(page[:limit]), more


def _older(cursor: ChangeCursor, kind: int) -> Q:
    """Records of a kind that come after the cursor in the merged order; of one moment, kinds stand in their order."""
    same = (
        Q(history_date=cursor.at, history_id__lt=cursor.record)
        if kind == cursor.kind
        else Q(history_date=cursor.at)
    )
    return (
        Q(history_date__lt=cursor.at) | same
        if kind >= cursor.kind
        else Q(history_date__lt=cursor.at)
    )


def _with_states_before(page: Sequence[ChangeRecord]) -> list[ChangeRecord]:
    states: dict[tuple[int, int], Any] = {}
    for kind, model in {record.kind: record.model for record in page}.items():
        changed = [
            record.row.history_id
            for record in page
            if record.kind == kind and record.row.history_type == "~"
        ]
        states |= {(kind, now): state for now, state in _states_before(model, changed)}
    return [
        ChangeRecord(each.model, each.kind, each.row, states.get((each.kind, each.row.history_id)))
        for each in page
    ]


def _states_before(model: type[models.Model], changed: list[int]) -> Iterable[tuple[int, Any]]:
    if not changed:
        return []
    records = history_of(model).objects
    earlier = records.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by(
        "-history_id"
    )
    pairs = dict(
        records.filter(history_id__in=changed)
        .annotate(earlier=Subquery(earlier.values("history_id")[:1]))
        .values_list("history_id", "earlier")
    )
    states = records.in_bulk([earlier for earlier in pairs.values() if earlier])
    return [(now, states[earlier]) for now, earlier in pairs.items() if earlier in states]
