"""Check the rows of a file together: IDs are unique, references exist, new rows are complete."""

from collections.abc import Iterable, Iterator
from typing import Any

from .declare import Declared, DeclaredRow
from .problems import LIMIT, Problems, guess
from .stored import StoredCatalogue


def check(declared: Declared, stored: StoredCatalogue, *, prune: bool, problems: Problems) -> None:
    """Add the problems; with `prune` a file may only refer to rows that it holds."""
    for noun, entries in declared.entries.items():
        lines: dict[Any, int] = {}
        for entry in entries:
            if entry.id is not None and entry.id in lines:
                text = f"Duplicate {noun} {entry.id}: it is already on line {lines[entry.id]}."
                problems.add(entry.line, text)
            lines.setdefault(entry.id, entry.line)
            if entry.id not in stored.rows[noun]:
                _check_complete(entry, problems)
    if stored.company._state.adding:
        _check_complete(declared.company, problems)
    everything = [entry for entries in declared.entries.values() for entry in entries]
    for entry in everything:
        _check_duplicate_items(entry, problems)
    _check_references(everything, declared, stored, prune=prune, problems=problems)


def _check_complete(entry: DeclaredRow, problems: Problems) -> None:
    """Check the required fields of a new row; a missing ID has its own problem."""
    for name in entry.shape.required:
        if name not in entry.lines and entry.id is not None:
            problems.add(entry.line, f"New {entry.label} needs {name}.")


def _check_duplicate_items(entry: DeclaredRow, problems: Problems) -> None:
    for inner in entry.shape.lists:
        if not inner.identity or not inner.unique:
            continue
        lines: dict[tuple[Any, ...], int] = {}
        for item in entry.lists.get(inner.name, []):
            identity = tuple(item.values.get(name) for name in inner.identity)
            if identity in lines:
                text = f"Duplicate {inner.noun}: it is already on line {lines[identity]}."
                problems.add(item.line, text)
            lines.setdefault(identity, item.line)


def _check_references(
    entries: Iterable[DeclaredRow],
    declared: Declared,
    stored: StoredCatalogue,
    *,
    prune: bool,
    problems: Problems,
) -> None:
    ids = {noun: {entry.id for entry in rows} for noun, rows in declared.entries.items()}
    for entry in _with_items(entries):
        for name, noun in entry.shape.references.items():
            id = entry.values.get(name)
            line = entry.lines.get(name, entry.line)
            if id is None or id in ids[noun]:
                continue
            if id not in stored.rows[noun]:
                # A guess takes time: problems beyond the limit are not printed and get none.
                known = (ids[noun] | stored.rows[noun].keys()) - {None}
                hint = guess(id, known) if len(problems) < LIMIT else ""
                problems.add(line, f"Unknown {noun} {id}.{hint}")
            elif prune:
                text = f"The {noun} {id} is not in the file, so --prune retires it. Add it."
                problems.add(line, text)


def _with_items(entries: Iterable[DeclaredRow]) -> Iterator[DeclaredRow]:
    """Yield the rows and, after each, the items of its lists."""
    for entry in entries:
        yield entry
        for items in entry.lists.values():
            yield from _with_items(items)
