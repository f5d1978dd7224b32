"""Which carrier carries the calls of this installation."""

from functools import lru_cache

from django.conf import settings

from callcontrol import carriers
from campaigns.registry import classes_declared_in

from .base import Carrier


@lru_cache(maxsize=1)
def all_carriers() -> dict[str, type[Carrier]]:
    """Every carrier by its slug."""
    return {found.slug: found for found in classes_declared_in(carriers, Carrier)}  # type: ignore[type-abstract]


def carrier_class() -> type[Carrier]:
    """The carrier that the setting CARRIER names; KeyError when there is none."""
    return all_carriers()[settings.CARRIER]


def carrier() -> Carrier:
    """A carrier to be told what to do; what it says at once about that is in its `heard`."""
    return carrier_class()()
