"""Changes that a catalogue file makes, as rows and as lines of text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECRETS = {"sip_password", "secret", "url"}  # the address of a webhook holds a key


@dataclass(frozen=True)
class RowChange:
    """The change of one row: `+` added, `~` changed, `-` deleted or retired.

    `values` are the new values, or (old, new) for a changed row.
    """

    sign: str
    label: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        texts = []
        for name, value in self.values.items():
            if name in SECRETS:
                texts.append(f"{name} {'changed' if self.sign == '~' else 'set'}")
            elif self.sign == "~":
                texts.append(f"{name} {_value_text(value[0])} → {_value_text(value[1])}")
            else:
                texts.append(f"{name} {_value_text(value)}")
        return f"{self.sign} {self.label}" + (f": {', '.join(texts)}" if texts else "")


@dataclass
class CatalogueChanges:
    """The changes of an applied file or a dry run; false if there are none."""

    rows: list[RowChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def add(self, sign: str, label: str, values: Mapping[str, Any] | None = None) -> None:
        self.rows.append(RowChange(sign, label, values or {}))

    def lines(self) -> list[str]:
        return [str(row) for row in self.rows]


def key_label(type: str, name: str, key: str | None, owner: str) -> str:
    """Return the label of a key, with the last four characters of its text only."""
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


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_value_text(item)}" for name, item in value.items()) + "}"
    return "none" if value is None else "“”" if value == "" else str(value)
