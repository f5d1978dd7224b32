"""Links to posting instructions: create, renew, disable and find them."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from campaigns.errors import Refusal
from publishers.models import InstructionsLink, Key, Publisher


def create_link(*, key: Key, publisher: Publisher | None, now: datetime) -> InstructionsLink:
    """Create the link for this key and publisher.

    A campaign's key is shared, so it needs a publisher; a publisher's key belongs to its owner; the
    keys of buyers, groups and companies take none. Raises Refusal for a key that is rolled over or
    revoked, a key and publisher that do not match, and a link that exists already.
    """
    publisher = key.publisher or publisher
    if key.campaign_id is not None and publisher is None:
        raise Refusal("a campaign's key is shared: say which publisher the instructions are for")
    if publisher is not None:
        if key.campaign_id is None and key.publisher_id != publisher.pk:
            raise Refusal("this key is not used by publishers")
        if publisher.company_id != key.company_id:
            raise Refusal("the publisher belongs to another company")
        if publisher.retired_at is not None:
            raise Refusal("the publisher is retired")
    try:
        with transaction.atomic():
            # Locked, because a concurrent rollover would not move a link that it cannot see yet.
            locked = Key.objects.unretired().select_for_update(no_key=True).filter(pk=key.pk)
            if locked.first() is None:
                raise Refusal("this key has been rolled over or revoked")
            return InstructionsLink.objects.create(
                company=key.company, key=key, publisher=publisher, created_at=now
            )
    except IntegrityError:
        raise Refusal(
            f"{publisher or key.owner} has posting instructions for this key already"
        ) from None


def renew_link(*, link: InstructionsLink, now: datetime) -> None:
    """Replace the token, so that the old URL stops working. Raises Refusal for a stale link."""
    _update(
        link,
        Q(token=link.token),
        {"token": uuid.uuid4(), "renewed_at": now},
        "these posting instructions have just been renewed or switched off",
    )


def disable_link(*, link: InstructionsLink, now: datetime) -> None:
    """Disable the link from the next request on. Raises Refusal for a disabled link."""
    _update(
        link, Q(), {"switched_off_at": now}, "these posting instructions are switched off already"
    )


def _update(link: InstructionsLink, condition: Q, values: dict[str, Any], refusal: str) -> None:
    with transaction.atomic():
        if not InstructionsLink.objects.live().filter(condition, pk=link.pk).update(**values):
            raise Refusal(refusal)
        for name, value in values.items():
            setattr(link, name, value)
        link.save(update_fields=list(values))  # again, because a bulk update leaves no history


def find_live_link(token: str) -> InstructionsLink | None:
    """Return the live link with this token and its related rows."""
    try:
        parsed = uuid.UUID(token)
    except ValueError:
        return None
    return with_related(InstructionsLink.objects.live()).filter(token=parsed).first()


def with_related(links: QuerySet[InstructionsLink]) -> QuerySet[InstructionsLink]:
    """Select each link's company, publisher, keys and the key's owner in the same statement."""
    owners = ("campaign", "publisher", "buyer", "group", "company")
    return links.select_related(
        "company", "publisher", "former_key", *(f"key__{owner}" for owner in owners)
    )
