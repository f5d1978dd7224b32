"""Cards of what a request led to. Apps above register functions that return them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RelatedCard:
    """A reservation or call as it is now: its page, its state with a label color, labeled facts."""

    title: str
    url: str
    state: str
    color: str
    facts: list[tuple[str, Any]]
