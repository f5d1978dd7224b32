"""Posting instructions are handed out, renewed, switched off, and follow their key when it is rolled over."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from campaigns.errors import Refusal
from publishers.models import Handout, Key, Publisher

_EVERYTHING = (
    "company",
    "publisher",
    "former_key",
    "key__company",
    "key__campaign",
    "key__publisher",
    "key__buyer",
    "key__group",
)


def create_link(*, key: Key, publisher: Publisher | None, now: datetime) -> Handout:
    """The page for this key, made for this publisher, with a link of its own.

    A campaign's key is shared, so its page is one publisher's; a publisher's own key is that publisher's; the keys of
    buyers, groups and companies have one page without a publisher. Refused when there is such a page already, when the key
    is over or about to be, or when key and publisher don't go together.
    """
    publisher = key.publisher or publisher
    _check(key, publisher)
    try:
        with transaction.atomic():
            _hold(key)
            return Handout.objects.create(
                company=key.company, key=key, publisher=publisher, created_at=now
            )
    except IntegrityError:
        raise Refusal(
            f"{publisher or key.owner} has posting instructions for this key already"
        ) from None


def _hold(key: Key) -> None:
    """Locked: who rolls the key over meanwhile would not take along a page that is only being made."""
    if Key.objects.unretired().select_for_update(no_key=True).filter(pk=key.pk).first() is None:
        raise Refusal("this key has been rolled over or revoked")


def _check(key: Key, publisher: Publisher | None) -> None:
    if key.campaign_id is not None and publisher is None:
        raise Refusal("a campaign's key is shared: say which publisher the instructions are for")
    if publisher is None:
        return
    if key.campaign_id is None and key.publisher_id != publisher.pk:
        raise Refusal("this key is not used by publishers")
    if publisher.company_id != key.company_id:
        raise Refusal("the publisher belongs to another company")
    if publisher.retired_at is not None:
        raise Refusal("the publisher is retired")


def renew_link(*, handout: Handout, now: datetime) -> None:
    """Gives the page a new link; the old one leads nowhere at once. Refused for one that is switched off, or was just renewed."""
    values = {"token": uuid.uuid4(), "renewed_at": now}
    _change(
        handout,
        Q(token=handout.token),
        values,
        "these posting instructions have just been renewed or switched off",
    )


def disable_link(*, handout: Handout, now: datetime) -> None:
    """The link leads nowhere from the next request on. Refused when it is off already."""
    _change(
        handout,
        Q(),
        {"switched_off_at": now},
        "these posting instructions are switched off already",
    )


def _change(handout: Handout, among: Q, values: dict[str, Any], refusal: str) -> None:
    with transaction.atomic():
        if not Handout.objects.live().filter(among, pk=handout.pk).update(**values):
            raise Refusal(refusal)
        for name, value in values.items():
            setattr(handout, name, value)
        handout.save(
            update_fields=list(values)
        )  # once more, for the history: a bulk update leaves none


def find_live_link(token: str) -> Handout | None:
    """The live page behind this link, with all that it speaks of."""
    try:
        named = uuid.UUID(token)
    except ValueError:
        return None
    return with_related(Handout.objects.live()).filter(token=named).first()


def with_related(rows: QuerySet[Handout]) -> QuerySet[Handout]:
    """Each page with its key, that key's owner, its publisher and its company, in one statement."""
    return rows.select_related(*_EVERYTHING)
