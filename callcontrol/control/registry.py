"""The registry of call-control actions, and the choices of a handler key's `actions`."""

from functools import lru_cache

from campaigns.registry import classes_declared_in

from . import actions
from .actions.base import Action

LISTING = "active_calls"  # the only choice that is not an action on a call


@lru_cache(maxsize=1)
def all_actions() -> tuple[type[Action], ...]:
    """Return every action, in the order of their files."""
    return tuple(classes_declared_in(actions, Action))  # type: ignore[type-abstract]


def action_choices() -> list[tuple[str, str]]:
    """Return the choices of a key's `actions`: slug and label."""
    slugs = (LISTING, *(action.slug for action in all_actions()))
    return [(slug, slug.replace("_", " ")) for slug in slugs]
