"""The actions that there are, and the words for them in a handler key's `actions`."""

from functools import lru_cache

from campaigns.registry import classes_declared_in

from . import actions
from .actions.base import Action

LISTING = "active_calls"  # the one word that is no action on a call


@lru_cache(maxsize=1)
def all_actions() -> tuple[type[Action], ...]:
    """Every action, in the order of their files."""
    return tuple(classes_declared_in(actions, Action))  # type: ignore[type-abstract]


def action_choices() -> list[tuple[str, str]]:
    """What may stand in a key's `actions`, each with its label for people."""
    return [
        (word, word.replace("_", " "))
        for word in (LISTING, *(action.slug for action in all_actions()))
    ]
