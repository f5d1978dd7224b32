"""Saves what an applied file changes: history kept, new rows in bulk, and each change noted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from simple_history.utils import bulk_create_with_history

from .diff import CatalogueChanges
from .fields import Unreadable
from .parse import Listing, Node, Text
from .problems import Problems, UnusableFile
from .schema import Shape
from .stored import id_of, spelled_value

REASON = "apply"
BATCH = 500


class Writer:
    """One application of a file. What it saves it also notes in `changes`."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.changes = CatalogueChanges()
        self._new: list[tuple[Any, int]] = []
        self._saving: list[tuple[Any, int]] = []

    def add(self, row: models.Model, line: int, label: str, values: Mapping[str, Any]) -> None:
        """Notes a new row, which the next `flush` saves."""
        self.changes.add("+", label, values)
        self._new.append((row, line))

    def flush(self) -> None:
        """Saves the rows added since the last time; they are of one model."""
        self._saving, self._new = self._new, []
        if self._saving:
            rows = [row for row, _ in self._saving]
            bulk_create_with_history(
                rows, type(rows[0]), batch_size=BATCH, default_change_reason=REASON
            )

    def change(
        self, row: Any, line: int, label: str, differences: Mapping[str, tuple[Any, Any]]
    ) -> None:
        """Sets and saves fields, given as (old, new)."""
        for name, (_, new) in differences.items():
            setattr(row, name, new)
        self.note(row, line, label, differences, list(differences))

    def note(
        self,
        row: Any,
        line: int,
        label: str,
        differences: Mapping[str, tuple[Any, Any]],
        names: list[str],
    ) -> None:
        """Record the differences, and save these fields, which are already set on the row."""
        if differences:
            self.changes.add(
                "~",
                label,
                {name: (_told(old), _told(new)) for name, (old, new) in differences.items()},
            )
            self.save(row, line, names)

    def save(self, row: Any, line: int, names: list[str] | None = None) -> None:
        """Saves these fields of one row, or a new row as a whole."""
        self._saving = [(row, line)]
        row._change_reason = REASON
        row.save(update_fields=names)

    def retire(self, row: Any, label: str) -> None:
        self.changes.add("-", label)
        row._change_reason = REASON
        row.retire(now=self.now)

    def delete(self, row: Any, label: str, values: Mapping[str, Any]) -> None:
        self.changes.add("-", label, values)
        row._change_reason = REASON
        row.delete()

    def explained(self, error: IntegrityError) -> UnusableFile:
        """What the database refused, in the words of the constraints of the rows that were being
        saved."""
        problems = Problems()
        for row, line in self._saving:
            try:
                row.validate_constraints()
            except ValidationError as refusal:
                problems.add(line, " ".join(refusal.messages))
        try:
            problems.refuse()
        except UnusableFile as explained:
            return explained
        return UnusableFile([f"the database refused it: {error}"])


def differences(
    shape: Shape, row: Any, values: Mapping[str, Any], region: str
) -> dict[str, tuple[Any, Any]]:
    """Return the fields that differ from the row, as (old, new)."""
    found = {name: (getattr(row, name), new) for name, new in values.items()}
    return {
        name: pair
        for name, pair in found.items()
        if pair[0] != pair[1] and not _reads_as(shape, name, *pair, region)
    }


def _reads_as(shape: Shape, name: str, old: Any, new: Any, region: str) -> bool:
    """Whether the stored value, read as the file is read, is the new one: a number kept with its
    brackets stays as it is."""
    if name not in shape.columns or not isinstance(old, str | list):
        return False
    try:
        return bool(shape.columns[name](_node(old), region) == new)
    except Unreadable:
        return False


def _node(value: Any) -> Node:
    return (
        Listing([_node(item) for item in value], 0)
        if isinstance(value, list)
        else Text(str(value), 0, plain=False)
    )


def _told(value: Any) -> Any:
    return id_of(value) if isinstance(value, models.Model) else spelled_value(value)
