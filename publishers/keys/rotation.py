"""Roll a key over to a new one, and revoke it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.errors import Refusal
from publishers.models import InstructionsLink, Key

_COPIED = (
    *("company", "campaign", "publisher", "buyer", "group"),
    *("type", "name", "paused", "settings"),
    *("requests_per_second", "burst", "allowed_networks"),
)


def roll_key(*, key: Key, overlap: timedelta, now: datetime) -> Key:
    """Create a key with the same owner and settings; the old one is valid until `now + overlap`.

    The old key's instructions links move to the new one. Raises Refusal for a key that has been
    rolled over or revoked, so only one of two concurrent rollovers succeeds.
    """
    with transaction.atomic():
        _retire(
            key,
            at=now + overlap,
            condition=Q(retired_at=None),
            refusal="this key has been rolled over or revoked already",
        )
        new = Key.objects.create(**{name: getattr(key, name) for name in _COPIED})
        InstructionsLink.objects.all().move_to_key(former=key, key=new)
        return new


def revoke_key(*, key: Key, now: datetime) -> None:
    """Revoke the key from the next request on. Raises Refusal for a revoked key."""
    with transaction.atomic():
        _retire(
            key,
            at=now,
            condition=Q(retired_at=None) | Q(retired_at__gt=now),
            refusal="this key has been revoked already",
        )


def _retire(key: Key, *, at: datetime, condition: Q, refusal: str) -> None:
    if not Key.objects.filter(condition, pk=key.pk).update(retired_at=at):
        raise Refusal(refusal)
    key.retired_at = at
    key.save(update_fields=["retired_at"])  # again, because a bulk update leaves no history
