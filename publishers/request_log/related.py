"""What a request led to, as the log shows it: what grows above this floor tells it in cards."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RelatedCard:
    """Something that a request led to, as it stands now: its page, its state with a label's color, and facts by name."""

    title: str
    url: str
    state: str
    color: str
    facts: list[tuple[str, Any]]
