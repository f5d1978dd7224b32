"""What stands in the database: a company's unretired rows, read in a few queries, and written in
the words of the file."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.db import models

from campaigns.models import Company
from publishers.keys.types import key_type_of
from publishers.models import InboundNumber, Key
from publishers.models.key import OWNERS

from .schema import COMPANY, KEYS, NUMBERS, SECTIONS, Shape, default, nested

Row = models.Model


@dataclass
class StoredCatalogue:
    """A company's catalogue: rows by what they are called and by id, and nested rows by model
    and owner."""

    company: Company
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[tuple[type[Row], int], list[Any]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, InboundNumber] = field(default_factory=dict)
    keys: dict[tuple[str, int], list[Key]] = field(
        default_factory=lambda: defaultdict(list)
    )  # by noun and row of the owner


def read_stored(company: Company) -> StoredCatalogue:
    """Reads the catalogue of a company, a new one's included. What points at something retired
    is out of sight."""
    standing = StoredCatalogue(company, {shape.noun: {} for shape in SECTIONS})
    if company._state.adding:
        return standing
    for shape in SECTIONS:
        rows = _unretired(shape.model, company).order_by(shape.id)
        standing.rows[shape.noun] = {getattr(row, shape.id): row for row in rows}
    for shape in nested():
        for row in _nested_rows(shape, company):
            standing.lists[shape.model, getattr(row, f"{shape.owner}_id")].append(row)
    numbers = (
        _unretired(InboundNumber, company)
        .filter(campaign__retired_at=None)
        .select_related("campaign", "publisher")
    )
    standing.numbers = {row.number: row for row in numbers.order_by("number")}
    for key in _unretired(Key, company).select_related("company", *OWNERS).order_by("pk"):
        standing.keys[owner_of(key)].append(key)
    return standing


def owner_of(key: Key) -> tuple[str, int]:
    """What owns a key, as noun and row: the company when nothing else does."""
    owned = [
        (noun, getattr(key, f"{noun}_id"))
        for noun in OWNERS
        if getattr(key, f"{noun}_id") is not None
    ]
    return owned[0] if owned else ("company", key.company_id)


def _unretired(model: type[Row], company: Company) -> Any:
    return model._default_manager.filter(company=company, retired_at=None)


def _nested_rows(shape: Shape, company: Company) -> Any:
    rows = shape.model._default_manager.filter(company=company).select_related(
        shape.owner, *shape.references
    )
    for name in shape.references:
        rows = rows.exclude(**{f"{name}__retired_at__isnull": False})
    order = ("position", "pk") if shape.noun == "conversion" else ("pk",)
    return rows.order_by(*order)


# --- rows in the words of the file ----------------------------------------------------------------


def spelled_value(value: Any) -> Any:
    """A value as YAML holds it: texts, whole numbers, booleans, and lists and mappings of texts."""
    if isinstance(value, Decimal):
        whole, _, rest = f"{value:f}".partition(".")
        return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    return value.isoformat() if isinstance(value, date) else value


def plain_value(shape: Shape, row: Any) -> dict[str, Any]:
    """A row's own fields, without those that have their default; references as ids."""
    found = {
        name: id_of(getattr(row, name))
        for name in shape.references
        if getattr(row, f"{name}_id") is not None
    }
    for name in shape.columns:
        value = getattr(row, name)
        if name == shape.id or value != default(shape, name):
            found[name] = spelled_value(value)
    return found


def id_of(row: Any) -> str | None:
    """What the file calls a row of one of its sections."""
    ids = {shape.model: shape.id for shape in (COMPANY, *SECTIONS)}
    return None if row is None else str(getattr(row, ids[type(row)]))


def bare(shape: Shape, found: dict[str, Any]) -> Any:
    """The item as a plain text where that says it all."""
    return found[shape.bare] if shape.bare and found.keys() == {shape.bare} else found


def plain_number(row: InboundNumber) -> Any:
    found = plain_value(NUMBERS, row)
    if row.publisher is not None and row.publisher.retired_at is not None:
        del found["publisher"]
    return bare(NUMBERS, {"number": found.pop("number"), **found})


def plain_key(row: Key) -> dict[str, Any]:
    """A key with those settings that differ from its type's defaults."""
    key_type = key_type_of(row.type)
    settings = {
        name: value
        for name, value in key_type.full(row.settings).items()
        if value != key_type.defaults()[name]
    }
    return plain_value(KEYS, row) | settings


def plain_list(shape: Shape, owner: Any, standing: StoredCatalogue) -> Iterator[Any]:
    """The items of a nested list, with their own nested lists."""
    for row in standing.lists.get((shape.model, owner.pk), []):
        found = plain_value(shape, row)
        for inner in shape.lists:
            if items := list(plain_list(inner, row, standing)):
                found[inner.name] = items
        yield bare(shape, found)
