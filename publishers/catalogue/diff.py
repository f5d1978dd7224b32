"""Changes that a catalogue file makes, as rows and as lines of text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECRETS = {"sip_password", "secret", "url"}  # the address of a webhook holds a key


@dataclass(frozen=True)
class RowChange:
    """`+` a new row, `~` a changed one, `-` a row taken away or retired; `values` are what is
    new, or (old, new) of a change."""

    sign: str
    label: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        said = [_said(name, value, pair=self.sign == "~") for name, value in self.values.items()]
        return f"{self.sign} {self.label}" + (f": {', '.join(said)}" if said else "")


@dataclass
class CatalogueChanges:
    """All that an applied file changed, or would have; false when that is nothing."""

    rows: list[RowChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def add(self, sign: str, label: str, values: Mapping[str, Any] | None = None) -> None:
        self.rows.append(RowChange(sign, label, values or {}))

    def lines(self) -> list[str]:
        return [str(row) for row in self.rows]


def key_label(type: str, name: str, key: str | None, owner: str) -> str:
    """A key without its text: only the last four characters are ever shown."""
    return " ".join(
        [
            "key",
            type,
            *([f"“{name}”"] if name else []),
            *([f"…{key[-4:]}"] if key else []),
            "of",
            owner,
        ]
    )


def _said(name: str, value: Any, *, pair: bool) -> str:
    if name in SECRETS:
        return f"{name} {'changed' if pair else 'given'}"
    return f"{name} {_word(value[0])} → {_word(value[1])}" if pair else f"{name} {_word(value)}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "[" + ", ".join(map(_word, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_word(item)}" for name, item in value.items()) + "}"
    return "none" if value is None else "“”" if value == "" else str(value)
