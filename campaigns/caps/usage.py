"""How much of each cap is used now, in words."""

from datetime import datetime
from typing import Any

from campaigns.models import CapCounter

_WORDS = {
    "concurrency": "Calls at once",
    "hourly": "This hour",
    "daily": "Today",
    "monthly": "This month",
    "hard": "In all",
}


def usage_text(row: Any, *, owner: str, now: datetime) -> list[str]:
    """`Today: 3 of 100`, one for each of the five caps of a buyer or group; `owner` is how the counters name it."""
    counted = CapCounter.objects.filter(owner=owner, ends_at__gt=now).values_list("kind", "used")
    used = dict(counted)
    return [
        f"{word}: {_of(used.get(kind, 0), getattr(row, f'{kind}_cap'))}"
        for kind, word in _WORDS.items()
    ]


def _of(used: int, cap: int | None) -> str:
    if cap is None:
        return f"{used}, no limit"
    return f"{used} of {cap}" + (", full" if used >= cap else "")
