"""The keys of a file: found again by their text, else by owner, type and name; new ones get a
text."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from publishers.keys.types import key_type_of
from publishers.models import Key

from .declare import Declared, DeclaredRow
from .diff import key_label
from .problems import Problems
from .schema import KEYS
from .stored import StoredCatalogue, owner_of, plain_key
from .writer import Writer, differences

Found = dict[str, Key]  # by text: those that the file names


def owners(declared: Declared) -> Iterator[DeclaredRow]:
    """Every entry that may own keys."""
    yield declared.company
    for entries in declared.entries.values():
        yield from entries


def find_keys(declared: Declared, standing: StoredCatalogue, problems: Problems) -> Found:
    """The rows of the keys that the file names by their text; adds those that it may not have."""
    named: dict[str, int] = {}
    for owner in owners(declared):
        for entry in owner.keys:
            text = entry.values.get("key")
            if text in named:
                problems.add(
                    entry.line, f"key …{text[-4:]} again; it stands on line {named[text]} already"
                )
            elif text is not None:
                named[text] = entry.line
    texts = list(named)
    rows = [
        row
        for start in range(0, len(texts), 5_000)
        for row in Key.objects.filter(key__in=texts[start : start + 5_000])
    ]
    found = {row.key: row for row in rows}
    for owner in owners(declared):
        for entry in owner.keys:
            if why := _foreign(found.get(entry.values.get("key", "")), owner, entry, standing):
                problems.add(entry.line, f"key …{entry.values['key'][-4:]} {why}")
    return found


def _foreign(
    row: Key | None, owner: DeclaredRow, entry: DeclaredRow, standing: StoredCatalogue
) -> str | None:
    """Why the file may not have this key."""
    if row is None:
        return None
    if row.company_id != standing.company.pk:
        return "belongs to another company"
    if row.retired_at is not None:
        return "was revoked; leave `key` out to get a new one"
    noun = owner.shape.noun
    rightful = standing.company if noun == "company" else standing.rows[noun].get(owner.id)
    if rightful is None or owner_of(row) != (noun, rightful.pk):
        return "belongs to another owner; leave `key` out to get a new one"
    return None if row.type == entry.values["type"] else f"is of type {row.type}"


def apply_keys(
    declared: Declared, standing: StoredCatalogue, found: Found, writer: Writer, *, prune: bool
) -> None:
    """Changes and makes keys; with `prune` revokes those that the file does not hold."""
    for owner in owners(declared):
        noun = owner.shape.noun
        standing_keys = standing.keys.get((noun, owner.row.pk), [])
        claimed = {entry.values.get("key") for entry in owner.keys}
        alike: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for row in standing_keys:
            if row.key not in claimed:
                alike[row.type, row.name].append(row)
        for entry in owner.keys:
            _settle_one(entry, owner, _match(entry, found, alike), standing, writer)
        for row in [row for rows in alike.values() for row in rows] if prune else []:
            writer.retire(row, key_label(row.type, row.name, row.key, owner.label))
    writer.flush()


def _match(entry: DeclaredRow, found: Found, alike: dict[tuple[str, str], list[Key]]) -> Key | None:
    if "key" in entry.values:
        return found.get(entry.values["key"])
    rows = alike[entry.values["type"], entry.values.get("name", "")]
    return rows.pop(0) if rows else None


def _settle_one(
    entry: DeclaredRow,
    owner: DeclaredRow,
    row: Key | None,
    standing: StoredCatalogue,
    writer: Writer,
) -> None:
    key_type = key_type_of(entry.values["type"])
    if row is None:
        held = {} if owner.shape.noun == "company" else {owner.shape.noun: owner.row}
        new = Key(
            company=standing.company,
            **held,
            **entry.values | {"settings": key_type.defaults() | entry.values["settings"]},
        )
        label = key_label(new.type, new.name, entry.values.get("key"), owner.label)
        writer.add(new, entry.line, label, _about(new))
        return
    columns = {name: value for name, value in entry.values.items() if name != "settings"}
    changed: dict[str, tuple[Any, Any]] = differences(KEYS, row, columns, standing.company.region)
    stored = key_type.full(row.settings)
    settings = {
        name: (stored[name], new)
        for name, new in entry.values["settings"].items()
        if stored[name] != new
    }
    label = key_label(row.type, row.name, row.key, owner.label)
    for name, (_, new) in changed.items():
        setattr(row, name, new)
    row.settings = stored | entry.values["settings"]
    writer.note(
        row, entry.line, label, changed | settings, [*changed, *(["settings"] if settings else [])]
    )


def _about(key: Key) -> dict[str, Any]:
    return {
        name: value for name, value in plain_key(key).items() if name not in {"key", "type", "name"}
    }
