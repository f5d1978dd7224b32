"""The history of a company's settings, newest first: of the company, or of one row and its page.

Each model keeps its records in a table apart. A page of each table is read by its index, and the
pages are merged.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from campaigns.models import CatalogueRow, Company, Member, Retirable

PAGE = 25
COMMAND_LINE = "command-line"  # in place of a user's primary key: changes by management commands


class ChangeCursor(NamedTuple):
    """A position in the merged history; `source` is an index of `tracked()`."""

    at: datetime
    source: int
    record: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.source}_{self.record}"


def parse_change_cursor(text: str) -> ChangeCursor | None:
    """Return the cursor in a query parameter; None for a malformed one."""
    at, source, record = [*text.split("_"), "", ""][:3]
    try:
        parsed = parse_datetime(at.replace(" ", "+"))  # a plus in a query is read as a space
        moment = parsed.astimezone(UTC) if parsed and parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None
    if moment is None or not all(_is_key(part) for part in (source, record)):
        return None
    return ChangeCursor(moment, int(source), int(record))


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


@dataclass(frozen=True)
class ChangeRecord:
    """A stored state of a row, and the state `before` it, None for the first."""

    model: type[models.Model]
    source: int
    row: Any
    before: Any = field(default=None, compare=False)

    @property
    def cursor(self) -> ChangeCursor:
        return ChangeCursor(self.row.history_date, self.source, self.row.history_id)

    @property
    def key(self) -> tuple[datetime, int, int]:
        """The sort key of the merged history; newer is greater."""
        return (self.row.history_date, -self.source, self.row.history_id)


def tracked() -> list[type[models.Model]]:
    """Return the models of all apps with a history and a company, always in the same order."""
    return [
        model
        for model in apps.get_models()
        if hasattr(model, "history")
        and (model is Company or any(field.name == "company" for field in model._meta.fields))
    ]


def history_of(model: type[models.Model]) -> type[Any]:
    """Return the model of the records of a model."""
    with_history: Any = model
    return with_history.history.model


def owner_field(model: type[models.Model]) -> str | None:
    """Return the foreign key to the owner, which shows the model's rows on its page.

    None for a model with a page.
    """
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


# --- sources -----------------------------------------------------------------------------------
Sources = list[tuple[int, type[models.Model], QuerySet[Any]]]


def of_company(company: int, *, kind: str = "", person: str = "") -> Sources:
    """Return the records of a company: of one model's name (`kind`), by one user (`person`).

    `person` is a user's primary key or COMMAND_LINE; an unknown one filters nothing.
    """
    found: Sources = []
    for number, model in enumerate(tracked()):
        if kind in {"", model._meta.model_name}:
            records = history_of(model).objects.filter(
                **{"id" if model is Company else "company_id": company}
            )
            if person == COMMAND_LINE:
                records = records.filter(history_user=None)
            elif _is_key(person):
                records = records.filter(history_user=int(person))
            found.append((number, model, records))
    return found


def of_row(row: models.Model) -> Sources:
    """Return the records of a row, of rows that refer to it, and of those that belong to these."""
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
        return _on_company_page(model, pk)
    direct = [
        field.attname
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.related_model is target
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


def _on_company_page(model: type[models.Model], pk: Any) -> Q | None:
    """Return the condition of rows on a company's page: members, and rows without another owner."""
    if model is Member:
        return Q(company_id=pk)
    others = [
        field.attname
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.name != "company"
    ]
    if (
        not issubclass(model, Retirable)
        or not others
        or not all(model._meta.get_field(name[:-3]).null for name in others)
    ):
        return None
    return Q(company_id=pk, **{f"{name}__isnull": True for name in others})


# --- pages -------------------------------------------------------------------------------------
def newest_changes(
    sources: Sources, *, before: ChangeCursor | None = None, limit: int = PAGE
) -> tuple[list[ChangeRecord], ChangeCursor | None]:
    """Return the newest records with their states before, and the cursor of older ones, if any."""
    found: list[ChangeRecord] = []
    for source, model, records in sources:
        older = records if before is None else records.filter(_older(before, source))
        rows = older.select_related("history_user").order_by("-history_date", "-history_id")[
            : limit + 1
        ]
        found += [ChangeRecord(model, source, row) for row in rows]
    page = heapq.nlargest(limit + 1, found, key=lambda record: record.key)
    more = page[limit - 1].cursor if len(page) > limit else None
    return _with_states_before(page[:limit]), more


def _older(cursor: ChangeCursor, source: int) -> Q:
    """Return the condition of a source's records after the cursor."""
    older = Q(history_date__lt=cursor.at)
    if source < cursor.source:  # records of one moment are in the order of their sources
        return older
    if source > cursor.source:
        return older | Q(history_date=cursor.at)
    return older | Q(history_date=cursor.at, history_id__lt=cursor.record)


def _with_states_before(page: Sequence[ChangeRecord]) -> list[ChangeRecord]:
    states: dict[tuple[int, int], Any] = {}
    for source, model in {record.source: record.model for record in page}.items():
        changed = [
            record.row.history_id
            for record in page
            if record.source == source and record.row.history_type == "~"
        ]
        if not changed:
            continue
        records = history_of(model).objects
        before = records.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        newest_before = before.order_by("-history_id").values("history_id")[:1]
        pairs = dict(
            records.filter(history_id__in=changed)
            .annotate(before=Subquery(newest_before))
            .values_list("history_id", "before")
        )
        found = records.in_bulk([key for key in pairs.values() if key])
        states |= {(source, now): found[key] for now, key in pairs.items() if key in found}
    return [
        replace(record, before=states.get((record.source, record.row.history_id)))
        for record in page
    ]
