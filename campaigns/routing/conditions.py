"""Conditions of buyers, conversions and webhooks, compiled so that each is evaluated once."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

Holds = Callable[[str], bool]
_ANY_MAY_HOLD = {"==", "in", "starts with"}
_HOLD_IF_BLANK = {"missing", "!=", "not in"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_LONGEST_STORED = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """A row of a filter."""

    key: str
    operator: str
    value: str


class Clause:
    """Conditions on a tag, one of which must hold. `holds` takes a result of `plain_text`."""

    __slots__ = ("holds", "holds_if_blank", "key", "operator", "value")

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        first, *others = conditions
        self.key = first.key
        self.operator = "any of" if others else first.operator
        self.value = condition_text(
            ", ".join(f"{each.operator} {each.value}" for each in conditions)
            if others
            else first.value
        )
        self.holds = (
            _any_holds(conditions) if first.operator in _ANY_MAY_HOLD else _single_holds(first)
        )
        self.holds_if_blank = first.operator in _HOLD_IF_BLANK


def plain_text(text: str) -> str:
    """Return a text without case and outer space, which conditions ignore."""
    return text.strip().casefold()


def in_clauses(conditions: Iterable[Condition]) -> list[tuple[Condition, ...]]:
    """Group conditions: those of one key with ==, in or starts with together, the others alone."""
    together: dict[str, list[Condition]] = {}
    groups: list[list[Condition]] = []
    for condition in conditions:
        if condition.operator not in _ANY_MAY_HOLD:
            groups.append([condition])
        elif condition.key in together:
            together[condition.key].append(condition)
        else:
            groups.append(together.setdefault(condition.key, [condition]))
    return [tuple(group) for group in groups]


@lru_cache(maxsize=4096)
def clauses_of(conditions: tuple[Condition, ...]) -> tuple[Clause, ...]:
    return tuple(Clause(group) for group in in_clauses(conditions))


def condition_text(value: str) -> str:
    """Shorten a text for the trace that is stored with every ping."""
    return value if len(value) <= _LONGEST_STORED else value[: _LONGEST_STORED - 1] + "…"


def _items(value: str) -> frozenset[str]:
    return frozenset(item for item in map(plain_text, value.split(",")) if item)


def _any_holds(conditions: tuple[Condition, ...]) -> Holds:
    accepted: set[str] = set()
    for condition in conditions:
        accepted |= _items(condition.value) if condition.operator == "in" else set()
        accepted |= {plain_text(condition.value)} if condition.operator == "==" else set()
    prefixes = tuple(
        plain_text(each.value) for each in conditions if each.operator == "starts with"
    )
    texts = frozenset(accepted)
    if not prefixes:
        return texts.__contains__
    return lambda text: text in texts or text.startswith(prefixes)


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _single_holds(condition: Condition) -> Holds:
    value = plain_text(condition.value)
    if condition.operator == "!=":
        return lambda text: text != value
    if condition.operator == "not in":
        refused = _items(value)
        return lambda text: text not in refused
    if condition.operator in ("exists", "missing"):
        is_wanted = condition.operator == "exists"
        return lambda text: is_wanted
    limit = _number(value)
    if limit is None:
        return lambda text: False
    compare = {
        "<": Decimal.__lt__,
        "<=": Decimal.__le__,
        ">": Decimal.__gt__,
        ">=": Decimal.__ge__,
    }[condition.operator]

    def holds(text: str) -> bool:
        number = _number(text)
        return number is not None and compare(number, limit)

    return holds
