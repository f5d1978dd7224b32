"""Keys of a catalogue file, matched by their text, else by owner, type and name."""

from collections import defaultdict
from collections.abc import Iterator

from publishers.keys.types import key_type_of
from publishers.models import Key

from .declare import Declared, DeclaredRow
from .diff import key_label
from .problems import Problems
from .schema import KEYS
from .stored import StoredCatalogue, owner_of, plain_key
from .writer import Writer, differences

NamedKeys = dict[str, Key]  # by text: the stored keys that the file names


def owners(declared: Declared) -> Iterator[DeclaredRow]:
    """Yield the rows that may own keys."""
    yield declared.company
    for entries in declared.entries.values():
        yield from entries


def find_keys(declared: Declared, stored: StoredCatalogue, problems: Problems) -> NamedKeys:
    """Return the stored keys that the file names; add the ones that it may not use as problems."""
    lines: dict[str, int] = {}
    named = [
        (owner, entry)
        for owner in owners(declared)
        for entry in owner.keys
        if entry.values.get("key") is not None
    ]
    for _owner, entry in named:
        text = entry.values["key"]
        if text in lines:
            duplicate = f"Duplicate key …{text[-4:]}: it is already on line {lines[text]}."
            problems.add(entry.line, duplicate)
        lines.setdefault(text, entry.line)
    texts = list(lines)
    found: NamedKeys = {}
    for start in range(0, len(texts), 5_000):  # SQLite takes 32,766 parameters
        found |= {row.key: row for row in Key.objects.filter(key__in=texts[start : start + 5_000])}
    for owner, entry in named:
        row = found.get(entry.values["key"])
        if row is not None and (reason := _reason_against(row, owner, entry, stored)):
            problems.add(entry.line, f"Key …{row.key[-4:]} {reason}")
    return found


def _reason_against(
    row: Key, owner: DeclaredRow, entry: DeclaredRow, stored: StoredCatalogue
) -> str | None:
    """Return why the file may not use this key; None if it may."""
    noun = owner.shape.noun
    stored_owner = stored.company if noun == "company" else stored.rows[noun].get(owner.id)
    if row.company_id != stored.company.pk:
        return "belongs to another company. Leave out `key` to get a new key."
    if row.retired_at is not None:
        return "was revoked. Leave out `key` to get a new key."
    if stored_owner is None or owner_of(row) != (noun, stored_owner.pk):
        return "belongs to another owner. Leave out `key` to get a new key."
    if row.type != entry.values["type"]:
        return f"has the type {row.type}, which cannot change. Leave out `key` to get a new key."
    return None


def apply_keys(
    declared: Declared, stored: StoredCatalogue, named: NamedKeys, writer: Writer, *, prune: bool
) -> None:
    """Change and add keys; with `prune` revoke those that the file does not hold."""
    for owner in owners(declared):
        texts = {entry.values.get("key") for entry in owner.keys}
        unmatched: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for row in stored.keys.get((owner.shape.noun, owner.row.pk), []):
            if row.key not in texts:
                unmatched[row.type, row.name].append(row)
        for entry in owner.keys:
            matches = unmatched[entry.values["type"], entry.values.get("name", "")]
            if "key" in entry.values:
                match = named.get(entry.values["key"])
            else:
                match = matches.pop(0) if matches else None
            if match is None:
                _add_key(entry, owner, stored, writer)
            else:
                _change_key(entry, owner, match, stored, writer)
        absent = [row for rows in unmatched.values() for row in rows] if prune else []
        for row in absent:
            writer.retire(row, key_label(row.type, row.name, row.key, owner.label))
    writer.flush()


def _add_key(
    entry: DeclaredRow, owner: DeclaredRow, stored: StoredCatalogue, writer: Writer
) -> None:
    foreign_key = {} if owner.shape.noun == "company" else {owner.shape.noun: owner.row}
    settings = key_type_of(entry.values["type"]).defaults() | entry.values["settings"]
    values = entry.values | {"settings": settings}
    row = Key(company=stored.company, **foreign_key, **values)
    label = key_label(row.type, row.name, entry.values.get("key"), owner.label)
    in_label = {"key", "type", "name"}
    others = {name: value for name, value in plain_key(row).items() if name not in in_label}
    writer.add(row, entry.line, label, others)


def _change_key(
    entry: DeclaredRow, owner: DeclaredRow, row: Key, stored: StoredCatalogue, writer: Writer
) -> None:
    label = key_label(row.type, row.name, row.key, owner.label)
    columns = {name: value for name, value in entry.values.items() if name != "settings"}
    changed = differences(KEYS, row, columns, stored.company.region)
    old_settings = key_type_of(row.type).full(row.settings)
    new_settings = entry.values["settings"]
    changed_settings = {
        name: (old_settings[name], new)
        for name, new in new_settings.items()
        if old_settings[name] != new
    }
    for name, (_old, new) in changed.items():
        setattr(row, name, new)
    row.settings = old_settings | new_settings
    columns_to_save = [*changed, *(["settings"] if changed_settings else [])]
    writer.record(row, entry.line, label, changed | changed_settings, columns_to_save)
