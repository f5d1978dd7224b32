"""Save the changes of an applied file: with history, new rows in bulk, each change recorded."""

from collections.abc import Mapping
from contextlib import suppress
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
BATCH_SIZE = 500


class Writer:
    """Saves the rows of one applied file and records them in `changes`."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.changes = CatalogueChanges()
        self._new: list[tuple[Any, int]] = []
        self._saving: list[tuple[Any, int]] = []

    def add(self, row: models.Model, line: int, label: str, values: Mapping[str, Any]) -> None:
        """Record a new row; the next `flush` saves it."""
        self.changes.add("+", label, values)
        self._new.append((row, line))

    def flush(self) -> None:
        """Save the rows that were added since the last flush; all are of one model."""
        self._saving, self._new = self._new, []
        if self._saving:
            rows = [row for row, _ in self._saving]
            bulk_create_with_history(
                rows, type(rows[0]), batch_size=BATCH_SIZE, default_change_reason=REASON
            )

    def change(
        self, row: Any, line: int, label: str, differences: Mapping[str, tuple[Any, Any]]
    ) -> None:
        """Set and save fields, given as (old, new)."""
        for name, (_, new) in differences.items():
            setattr(row, name, new)
        self.record(row, line, label, differences, list(differences))

    def record(
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
                {
                    name: (_file_value(old), _file_value(new))
                    for name, (old, new) in differences.items()
                },
            )
            self.save(row, line, names)

    def save(self, row: Any, line: int, names: list[str] | None = None) -> None:
        """Save these fields of a row, or a whole new row."""
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

    def explain(self, error: IntegrityError) -> UnusableFile:
        """Return the errors of the constraints that the rows of the failed save violate."""
        problems = Problems()
        for row, line in self._saving:
            try:
                row.validate_constraints()
            except ValidationError as invalid:
                problems.add(line, " ".join(invalid.messages))
        try:
            problems.refuse()
        except UnusableFile as unusable:
            return unusable
        return UnusableFile([f"The database rejected the file: {error}"])


def differences(
    shape: Shape, row: Any, values: Mapping[str, Any], region: str
) -> dict[str, tuple[Any, Any]]:
    """Return the fields that differ from the row, as (old, new)."""
    found = {}
    for name, new in values.items():
        old = getattr(row, name)
        if old == new:
            continue
        if name in shape.columns and isinstance(old, str | list):
            # A stored value that reads like the new one stays: a phone number with brackets.
            with suppress(Unreadable):
                if shape.columns[name](_node(old), region) == new:
                    continue
        found[name] = (old, new)
    return found


def _node(value: Any) -> Node:
    return (
        Listing([_node(item) for item in value], 0)
        if isinstance(value, list)
        else Text(str(value), 0, plain=False)
    )


def _file_value(value: Any) -> Any:
    return id_of(value) if isinstance(value, models.Model) else spelled_value(value)
