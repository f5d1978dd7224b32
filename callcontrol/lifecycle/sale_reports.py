"""Sales that a buyer reports: a call converts once, by its talk time or by a report."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from callcontrol.models import Call, EventKind, Leg
from callcontrol.state.locked_call import lock_call
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
    """The amounts of a converted call; `first` if this report converted it."""

    first: bool
    revenue: Decimal
    payout: Decimal


@dataclass(frozen=True, slots=True)
class SaleReporter:
    """The buyer of the key that reports."""

    company_pk: int
    buyer_pk: int


def apply_timeouts_for_sale(call_uuid: UUID, reporter: SaleReporter, *, now: datetime) -> None:
    """Apply the timeouts of a call that was dialed to this buyer, outside any transaction.

    A call that is due to convert by its talk time does so before the report. Raises NotFound for
    any other call, before it is locked: guesses keep no call waiting.
    """
    legs = Leg.objects.filter(
        call_id=call_uuid, call__company_id=reporter.company_pk, buyer_id=reporter.buyer_pk
    )
    if not legs.exists():
        raise NotFound("call not found")
    if Call.objects.filter(pk=call_uuid, settled_at=None).exists():
        apply_timeouts(call_uuid, now=now)


def record_sale_report(
    call_uuid: UUID, reporter: SaleReporter, *, revenue: Decimal, payout: Decimal, now: datetime
) -> Sale:
    """Convert the call, inside the caller's transaction. Raises NotFound for another buyer's call.

    A live call may convert, and so may one that did not convert or was a duplicate.
    """
    locked = lock_call(call_uuid)
    call, kept = locked.call, connected_leg(locked)
    buyer_pk = kept.buyer_id if kept else call.buyer_id
    if call.company_id != reporter.company_pk or buyer_pk != reporter.buyer_pk:
        raise NotFound("call not found")
    at = locked.call_time(now)
    unsold = Call.objects.filter(pk=call.pk, converted_at=None)
    if not unsold.update(converted_at=at, payout=payout, revenue=revenue, duplicate=False):
        return Sale(False, call.revenue or Decimal(0), call.payout or Decimal(0))
    duplicates.record_sale(
        company_pk=call.company_id,
        campaign_pk=call.campaign_id,
        caller_number=call.caller_number,
        buyer_pk=reporter.buyer_pk,
        call_uuid=call.pk,
        now=at,
    )
    add_event(
        call, EventKind.SOLD, at=at, payout=decimal_text(payout), revenue=decimal_text(revenue)
    )
    call.converted_at, call.payout, call.revenue = at, payout, revenue
    snapshot = current_snapshot(call.company_id)
    queue_webhooks(call, Webhook.Trigger.CONVERTED, snapshot=snapshot, now=at)
    return Sale(True, revenue, payout)
