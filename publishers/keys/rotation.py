"""Rolling a key over to a new one, and revoking it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.errors import Refusal
from publishers.models import Handout, Key

_COPIED = (
    "company",
    "campaign",
    "publisher",
    "buyer",
    "group",
    "type",
    "name",
    "paused",
    "settings",
    "requests_per_second",
    "burst",
    "allowed_networks",
)


def roll_key(*, key: Key, overlap: timedelta, now: datetime) -> Key:
    """A new key with the same owner and settings; the old one is valid until `now + overlap`.

    Posting instructions that were handed out for it tell of the new one from then on.
    Refused when the key has been rolled over or revoked already: only one of two who roll at once succeeds.
    """
    with transaction.atomic():
        _end(
            key,
            at=now + overlap,
            among=Q(retired_at=None),
            refusal="this key has been rolled over or revoked already",
        )
        new = Key.objects.create(**{name: getattr(key, name) for name in _COPIED})
        Handout.objects.all().move_to_key(former=key, key=new)
        return new


def revoke_key(*, key: Key, now: datetime) -> None:
    """The key is unknown from the next request on. Refused when it is dead already."""
    with transaction.atomic():
        _end(
            key,
            at=now,
            among=Q(retired_at=None) | Q(retired_at__gt=now),
            refusal="this key has been revoked already",
        )


def _end(key: Key, *, at: datetime, among: Q, refusal: str) -> None:
    if not Key.objects.filter(among, pk=key.pk).update(retired_at=at):
        raise Refusal(refusal)
    key.retired_at = at
    key.save(update_fields=["retired_at"])  # once more, for the history: a bulk update leaves none
