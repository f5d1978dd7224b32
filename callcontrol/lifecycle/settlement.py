"""Settlement of an ended call: its conversion with payout and revenue, and its undecided places."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from callcontrol.carriers.registry import carrier_class
from callcontrol.models import Call, EventKind, Leg, Outcome, Party
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row
from callcontrol.webhooks.deliveries import queue_conversion_webhooks
from campaigns import duplicates
from campaigns.caps import counters
from campaigns.models import CapHold
from campaigns.routing import engine
from config.http.values import decimal_text
from publishers import conversions
from publishers.snapshot import ConversionSnapshot, Snapshot, current_snapshot

from .dialing import ping_for_call

# How long to wait for the carrier's last event on each leg before settling without it.
LAST_EVENT_WAIT = timedelta(seconds=60)
# An older call has lost its last event: its length is unknown.
GREATEST_AGE = timedelta(hours=4)


def settle_call(call_uuid: UUID, *, now: datetime) -> bool:
    """Decide an ended call's money and give its places back, once.

    Return False for a live call, or one whose carrier may still report events: the money must not
    depend on the order of events. Each place is settled in its own transaction; if the process
    dies in between, the next settlement goes on from there.
    """
    with transaction.atomic():
        locked = lock_call(call_uuid)
        if locked.call.is_live:
            return False
        if locked.call.settled_at is None:
            if not is_ready(locked, now=now):
                return False
            snapshot = current_snapshot(locked.call.company_id)
            _decide_money(locked, snapshot, now=now)
            queue_conversion_webhooks(locked, snapshot=snapshot, now=locked.call.ended_at or now)
    _settle_places(locked)
    return True


def is_ready(locked: LockedCall, *, now: datetime) -> bool:
    """Whether the carrier has reported everything, or has had the time to."""
    ended_at = locked.call.ended_at
    if ended_at is not None and locked.call_time(now) >= ended_at + LAST_EVENT_WAIT:
        return True
    return all(leg.final for leg in locked.legs) and all(
        leg.answered_at for leg in locked.legs if leg.was_answered
    )


def connected_leg(locked: LockedCall) -> Leg | None:
    """Return the handler's leg that kept the call: the last one answered and not given back."""
    kept = [
        leg
        for leg in locked.legs
        if leg.party == Party.HANDLER and leg.kept_the_call and leg.answered_at
    ]
    return kept[-1] if kept else None


# --- money ----------------------------------------------------------------------------------
def _decide_money(locked: LockedCall, snapshot: Snapshot, *, now: datetime) -> None:
    call, kept = locked.call, connected_leg(locked)
    change_row(call, settled_at=now, connected_at=kept.answered_at if kept else None)
    for leg in locked.legs:
        # The leg was answered after the call had ended.
        if leg.outcome == Outcome.CANCELED and leg.answered_at:
            change_row(leg, answered_at=None, accept_until=None)
    # A sale report has already decided the money of a converted call.
    if kept is None or kept.answered_at is None or call.converted_at:
        return
    ended_at = call.ended_at or now
    offers = _offered_conversions(locked, kept, snapshot)
    # In virtual time no event is lost, so the length is known.
    is_lost = ended_at - call.started_at >= GREATEST_AGE and not carrier_class().keeps_virtual_time
    seconds = int((ended_at - kept.answered_at).total_seconds())
    earned = None if is_lost else conversions.earned_conversion(offers, seconds=seconds)
    if earned is None:
        least = min((offer.seconds for offer in offers), default=None)
        rule = {"least_seconds": least, "length_known": not is_lost}
        add_event(call, EventKind.UNCONVERTED, at=ended_at, pay_rule=rule)
        return
    campaign = snapshot.campaigns.get(call.campaign_id)
    pays = duplicates.record_conversion(
        company_pk=call.company_id,
        campaign_pk=call.campaign_id,
        caller_number=call.caller_number,
        buyer_pk=kept.buyer_id or 0,
        call_uuid=call.pk,
        dedupe_seconds=campaign.dedupe_seconds if campaign else 0,
        duplicates=campaign.duplicates if campaign else "",
        now=ended_at,
    )
    if pays:
        _convert(call, earned, at=ended_at)
    else:
        change_row(call, duplicate=True)
        add_event(call, EventKind.DUPLICATE, at=ended_at)


def _convert(call: Call, earned: ConversionSnapshot, *, at: datetime) -> None:
    """Record the amounts and the rule that pays them."""
    payout, revenue = earned.payout, earned.revenue
    change_row(call, converted_at=at, payout=payout, revenue=revenue, conversion_id=earned.pk)
    # The conversion may be edited or deleted after the call; the event keeps it as it was.
    rule = {
        "seconds": earned.seconds,
        "quoted": earned.quoted,
        "for_publisher": earned.publisher_pk is not None,
        "for_buyer": earned.buyer_pk is not None,
    }
    amounts = {"payout": decimal_text(payout), "revenue": decimal_text(revenue)}
    add_event(call, EventKind.CONVERTED, at=at, pay_rule=rule, **amounts)


def _offered_conversions(
    locked: LockedCall, kept: Leg, snapshot: Snapshot
) -> list[ConversionSnapshot]:
    """Return the conversions that apply; a reservation's quote replaces the first of them."""
    call, campaign = locked.call, snapshot.campaigns.get(locked.call.campaign_id)
    applying: list[ConversionSnapshot] = []
    if campaign:
        ping = ping_for_call(locked, campaign, snapshot, now=call.started_at)
        applying = conversions.applying_conversions(
            campaign.conversions,
            publisher_pk=call.publisher_id,
            buyer_pk=kept.buyer_id,
            holds=lambda conditions: engine.conditions_hold(conditions, ping),
        )
    reserved = call.reservation
    if reserved is None or reserved.buyer_id != kept.buyer_id:
        return applying
    if not (reserved.payout or reserved.revenue or reserved.seconds):
        return []
    # The conversion of the quote may have been edited or deleted since the ping.
    stored = {conversion.pk for conversion in campaign.conversions} if campaign else set()
    quote = ConversionSnapshot(
        reserved.seconds,
        reserved.payout,
        reserved.revenue,
        publisher_pk=None,
        buyer_pk=None,
        conditions=(),
        pk=reserved.conversion_pk if reserved.conversion_pk in stored else None,
        quoted=True,
    )
    return [quote, *applying[1:]]


# --- places ---------------------------------------------------------------------------------
def _settle_places(locked: LockedCall) -> None:
    """Decide the places of each leg, and of a reserved buyer that was never dialed.

    The connected leg keeps its places by whether the call converted. Repeating it changes nothing.
    """
    call, kept = locked.call, connected_leg(locked)
    for leg in locked.legs:
        now = call.ended_at or leg.started_at
        if leg.hold_id and leg.kept_the_call:
            converted = call.converted_at is not None and leg is kept
            counters.end_hold(hold_id=leg.hold_id, converted=converted, now=now)
        elif leg.hold_id:
            counters.release_places(hold_ids=[leg.hold_id], now=now)
    reserved = call.reservation.hold_id if call.reservation else None
    if reserved and all(leg.hold_id != reserved for leg in locked.legs):
        counters.release_places(hold_ids=[reserved], now=call.ended_at or call.started_at)


def unsettled_places(*, limit: int) -> list[UUID]:
    """Return calls with decided money and undecided places, left by a process that died."""
    legs = Leg.objects.filter(hold__status=CapHold.Status.HELD, call__settled_at__isnull=False)
    reserved = Call.objects.filter(
        reservation__hold__status=CapHold.Status.HELD, settled_at__isnull=False
    )
    found = [
        *legs.values_list("call_id", flat=True)[:limit],
        *reserved.values_list("pk", flat=True)[:limit],
    ]
    return list(dict.fromkeys(found))[:limit]
