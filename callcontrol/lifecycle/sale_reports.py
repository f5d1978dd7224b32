"""Sales that a buyer reports: a call converts once, by its seconds or by its buyer's word, whichever comes first."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from callcontrol.models import Call, Leg
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.timeline import add_event
from callcontrol.webhooks.deliveries import queue_webhooks
from campaigns import duplicates
from campaigns.errors import NotFound
from campaigns.models import Webhook
from config.http.values import decimal_text
from publishers.snapshot import current_snapshot

from .settlement import connected_leg
from .timeouts import apply_timeouts


@dataclass(frozen=True, slots=True)
class Sale:
    """What a call pays: by this report if it is the `first` word of its conversion, else as it had converted before."""

    first: bool
    revenue: Decimal
    payout: Decimal


@dataclass(frozen=True, slots=True)
class SaleReporter:
    """Whose key reports."""

    company_pk: int
    buyer_pk: int


def apply_timeouts_for_sale(call_uuid: UUID, seller: SaleReporter, *, now: datetime) -> None:
    """Brings a call that was ever dialed to this buyer to this moment, outside any transaction; NotFound for any other.

    Before the call is locked: others may guess at calls as they like, and keep nobody waiting. A call whose seconds
    should have been counted by now is counted first.
    """
    theirs = Leg.objects.filter(
        call_id=call_uuid, call__company_id=seller.company_pk, buyer_id=seller.buyer_pk
    )
    if not theirs.exists():
        raise NotFound("call not found")
    if Call.objects.filter(pk=call_uuid, settled_at=None).exists():
        apply_timeouts(call_uuid, now=now)


def record_sale_report(
    call_uuid: UUID, seller: SaleReporter, *, revenue: Decimal, payout: Decimal, now: datetime
) -> Sale:
    """Converts the call, inside the caller's transaction; NotFound for one that is not this buyer's.

    A live call may be sold, and so may one that did not convert or was a duplicate: the buyer says that it pays.
    """
    locked_call = lock_call(call_uuid)
    call = locked_call.call
    if call.company_id != seller.company_pk or _buyer_of(locked_call) != seller.buyer_pk:
        raise NotFound("call not found")
    at = locked_call.call_time(now)
    unsold = Call.objects.filter(pk=call.pk, converted_at=None)
    if not unsold.update(converted_at=at, payout=payout, revenue=revenue, duplicate=False):
        return Sale(False, call.revenue or Decimal(0), call.payout or Decimal(0))
    duplicates.record_sale(
        company_pk=call.company_id,
        campaign_pk=call.campaign_id,
        caller_number=call.caller_number,
        buyer_pk=seller.buyer_pk,
        call_uuid=call.pk,
        now=at,
    )
    add_event(call, "sold", at=at, payout=decimal_text(payout), revenue=decimal_text(revenue))
    call.converted_at, call.payout, call.revenue = at, payout, revenue
    queue_webhooks(
        call, Webhook.Trigger.CONVERTED, snapshot=current_snapshot(call.company_id), now=at
    )
    return Sale(True, revenue, payout)


def _buyer_of(locked_call: LockedCall) -> int | None:
    """Who has the call: whose leg kept it, else to whom it was dialed last."""
    kept = connected_leg(locked_call)
    return kept.buyer_id if kept else locked_call.call.buyer_id
