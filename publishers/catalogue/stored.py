"""A company's unretired rows, read in a few queries and converted to the form of the file."""

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
    """A company's catalogue: rows by noun and ID, nested rows by model and owner's primary key."""

    company: Company
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[tuple[type[Row], int], list[Any]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, InboundNumber] = field(default_factory=dict)
    # By noun and primary key of the owner.
    keys: dict[tuple[str, int], list[Key]] = field(default_factory=lambda: defaultdict(list))


def read_stored(company: Company) -> StoredCatalogue:
    """Read the catalogue of a company, which may be new.

    Rows that refer to a retired row are left out.
    """
    stored = StoredCatalogue(company, {shape.noun: {} for shape in SECTIONS})
    if company._state.adding:
        return stored
    for shape in SECTIONS:
        rows = _unretired(shape.model, company).order_by(shape.id)
        stored.rows[shape.noun] = {getattr(row, shape.id): row for row in rows}
    for shape in nested():
        rows = shape.model._default_manager.filter(company=company)
        for name in shape.references:
            rows = rows.exclude(**{f"{name}__retired_at__isnull": False})
        # The first conversion that a call reaches pays, so their order counts.
        order = ("position", "pk") if shape.noun == "conversion" else ("pk",)
        for row in rows.select_related(shape.owner, *shape.references).order_by(*order):
            stored.lists[shape.model, getattr(row, f"{shape.owner}_id")].append(row)
    numbers = (
        _unretired(InboundNumber, company)
        .filter(campaign__retired_at=None)
        .select_related("campaign", "publisher")
    )
    stored.numbers = {row.number: row for row in numbers.order_by("number")}
    for key in _unretired(Key, company).select_related("company", *OWNERS).order_by("pk"):
        stored.keys[owner_of(key)].append(key)
    return stored


def owner_of(key: Key) -> tuple[str, int]:
    """Return the noun and primary key of a key's owner: the company if it has no other."""
    owned = [
        (noun, getattr(key, f"{noun}_id"))
        for noun in OWNERS
        if getattr(key, f"{noun}_id") is not None
    ]
    return owned[0] if owned else ("company", key.company_id)


def _unretired(model: type[Row], company: Company) -> Any:
    return model._default_manager.filter(company=company, retired_at=None)


# --- rows in the form of the file -----------------------------------------------------------------


def spelled_value(value: Any) -> Any:
    """Return a value for YAML: text, whole numbers, booleans, lists and mappings of text."""
    if isinstance(value, Decimal):
        whole, _, rest = f"{value:f}".partition(".")
        return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    return value.isoformat() if isinstance(value, date) else value


def plain_value(shape: Shape, row: Any) -> dict[str, Any]:
    """Return a row's fields that differ from their defaults; references are IDs."""
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
    """Return the ID of a row of a section, which the file uses."""
    ids = {shape.model: shape.id for shape in (COMPANY, *SECTIONS)}
    return None if row is None else str(getattr(row, ids[type(row)]))


def bare(shape: Shape, found: dict[str, Any]) -> Any:
    """Return the item as text if its only field is the one that a text means."""
    return found[shape.bare] if shape.bare and found.keys() == {shape.bare} else found


def plain_number(row: InboundNumber) -> Any:
    found = plain_value(NUMBERS, row)
    if row.publisher is not None and row.publisher.retired_at is not None:
        del found["publisher"]
    return bare(NUMBERS, {"number": found.pop("number"), **found})


def plain_key(row: Key) -> dict[str, Any]:
    """Return a key with the settings that differ from its type's defaults."""
    key_type = key_type_of(row.type)
    settings = {
        name: value
        for name, value in key_type.full(row.settings).items()
        if value != key_type.defaults()[name]
    }
    return plain_value(KEYS, row) | settings


def plain_list(shape: Shape, owner: Any, stored: StoredCatalogue) -> Iterator[Any]:
    """Yield the items of a nested list, with their nested lists."""
    for row in stored.lists.get((shape.model, owner.pk), []):
        found = plain_value(shape, row)
        for inner in shape.lists:
            if items := list(plain_list(inner, row, stored)):
                found[inner.name] = items
        yield bare(shape, found)
