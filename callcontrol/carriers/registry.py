"""The registry of carriers, and the one that carries this installation's calls."""

from functools import lru_cache

from django.conf import settings

from callcontrol import carriers
from campaigns.registry import classes_declared_in

from .base import Carrier


@lru_cache(maxsize=1)
def all_carriers() -> dict[str, type[Carrier]]:
    """Return every carrier by its slug."""
    found = classes_declared_in(carriers, Carrier)  # type: ignore[type-abstract]
    return {carrier.slug: carrier for carrier in found}


def carrier_class() -> type[Carrier]:
    """Return the carrier that the setting CARRIER names. Raises KeyError."""
    return all_carriers()[settings.CARRIER]


def carrier() -> Carrier:
    """Return a new instance of the installation's carrier, for a few commands in a row."""
    return carrier_class()()
