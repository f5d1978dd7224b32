"""Whether the entries of a file fit together and fit what stands: ids once, references known,
new rows complete."""

from collections.abc import Iterable, Iterator
from typing import Any

from .declare import Declared, DeclaredRow
from .problems import SHOWN, Problems, guess
from .stored import StoredCatalogue


def check(
    declared: Declared, standing: StoredCatalogue, *, prune: bool, problems: Problems
) -> None:
    """Adds what does not fit; with `prune` a file may only name what it holds itself."""
    for noun, entries in declared.entries.items():
        _once(entries, noun, problems)
        for entry in entries:
            if entry.id not in standing.rows[noun]:
                _complete(entry, problems)
    if standing.company._state.adding:
        _complete(declared.company, problems)
    everything = [entry for entries in declared.entries.values() for entry in entries]
    for entry in everything:
        _lists_once(entry, problems)
    _References(declared, standing, prune, problems).check(everything)


def _once(entries: Iterable[DeclaredRow], noun: str, problems: Problems) -> None:
    seen: dict[Any, int] = {}
    for entry in entries:
        if entry.id is not None and entry.id in seen:
            problems.add(
                entry.line, f"{noun} {entry.id} again; it stands on line {seen[entry.id]} already"
            )
        seen.setdefault(entry.id, entry.line)


def _complete(entry: DeclaredRow, problems: Problems) -> None:
    """Check the required fields of a new row; a missing id has its own problem."""
    for name in entry.shape.required:
        if name not in entry.lines and entry.id is not None:
            problems.add(entry.line, f"{entry.label} is new and needs {name}")


def _lists_once(entry: DeclaredRow, problems: Problems) -> None:
    for inner in entry.shape.lists:
        seen: dict[tuple[Any, ...], int] = {}
        for item in entry.lists.get(inner.name, []) if inner.same and inner.once else []:
            same = tuple(item.values.get(name) for name in inner.same)
            if same in seen:
                problems.add(
                    item.line,
                    f"the same {inner.noun} again; it stands on line {seen[same]} already",
                )
            seen.setdefault(same, item.line)


class _References:
    def __init__(
        self, declared: Declared, standing: StoredCatalogue, prune: bool, problems: Problems
    ) -> None:
        self.declared = {
            noun: {entry.id for entry in entries} for noun, entries in declared.entries.items()
        }
        self.standing = standing
        self.prune = prune
        self.problems = problems

    def check(self, entries: Iterable[DeclaredRow]) -> None:
        for entry in _all(entries):
            for name, noun in entry.shape.references.items():
                named = entry.values.get(name)
                if named is not None and named not in self.declared[noun]:
                    self._outside(noun, named, entry.lines.get(name, entry.line))

    def _outside(self, noun: str, named: str, line: int) -> None:
        standing = self.standing.rows[noun]
        if named not in standing:
            known = (self.declared[noun] | standing.keys()) - {None}
            # Guessing takes time: no guess for a problem that is not shown.
            self.problems.add(
                line,
                f"no {noun} {named}" + (guess(named, known) if len(self.problems) < SHOWN else ""),
            )
        elif self.prune:
            self.problems.add(line, f"{noun} {named} is not in the file, so --prune retires it")


def _all(entries: Iterable[DeclaredRow]) -> Iterator[DeclaredRow]:
    for entry in entries:
        yield entry
        for items in entry.lists.values():
            yield from _all(items)
