"""What a finished call comes to: its conversion with payout and revenue, and the places that are still undecided."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from callcontrol.carriers.registry import carrier_class
from callcontrol.models import Call, Leg, Outcome, Party
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

# How long a carrier's last word on a line is waited for, before what is known has to do.
LAST_WORD = timedelta(seconds=60)
# No call is longer: what is older has lost its last event, and nobody knows how long it was.
GREATEST_AGE = timedelta(hours=4)


def settle_call(call_uuid: UUID, *, now: datetime) -> bool:
    """Decides a finished call's money and gives its places back, once; False when it is not over, or not ready for it.

    It is ready when the carrier has had its last word on every line, so that the order of its words changes nothing.
    Each place is a transaction of its own, and a later settling goes on where this one was cut off.
    """
    with transaction.atomic():
        locked_call = lock_call(call_uuid)
        if locked_call.call.is_live:
            return False
        if locked_call.call.settled_at is None:
            if not is_ready(locked_call, now=now):
                return False
            snapshot = current_snapshot(locked_call.call.company_id)
            _decide(locked_call, snapshot, now=now)
            queue_conversion_webhooks(
                locked_call, snapshot=snapshot, now=locked_call.call.ended_at or now
            )
    for leg in locked_call.legs:
        _settle_places(locked_call.call, leg, kept=connected_leg(locked_call))
    _release_reserved(locked_call.call, locked_call)
    return True


def is_ready(locked_call: LockedCall, *, now: datetime) -> bool:
    """Whether nothing more is to be expected from the carrier."""
    ended_at = locked_call.call.ended_at
    if ended_at is not None and locked_call.call_time(now) >= ended_at + LAST_WORD:
        return True
    told = all(leg.final for leg in locked_call.legs)
    return told and all(leg.answered_at for leg in locked_call.legs if leg.was_answered)


def connected_leg(locked_call: LockedCall) -> Leg | None:
    """The handler's leg that kept the call: the last that was picked up and not given back."""
    kept = [
        leg
        for leg in locked_call.legs
        if leg.party == Party.HANDLER and leg.kept_the_call and leg.answered_at
    ]
    return kept[-1] if kept else None


# --- money ------------------------------------------------------------------------------------------------
def _decide(locked_call: LockedCall, snapshot: Snapshot, *, now: datetime) -> None:
    call, kept = locked_call.call, connected_leg(locked_call)
    change_row(call, settled_at=now, connected_at=kept.answered_at if kept else None)
    for leg in locked_call.legs:
        if (
            leg.outcome == Outcome.CANCELED and leg.answered_at
        ):  # after the end: nobody was there any more
            change_row(leg, answered_at=None, accept_until=None)
    if kept is None or call.converted_at:  # its buyer has reported a sale: that is its money
        return
    ended_at = call.ended_at or now
    offers = _offers(locked_call, kept, snapshot)
    facts = _earned(locked_call, kept, offers)
    if facts is None:
        rule: dict[str, object] = {"least_seconds": min((o.seconds for o in offers), default=None)}
        add_event(call, "unconverted", at=ended_at, pay_rule=rule)
    elif not _pays(call, kept, snapshot):
        change_row(call, duplicate=True)
        add_event(call, "duplicate", at=ended_at)
    else:
        change_row(
            call,
            converted_at=ended_at,
            payout=facts.payout,
            revenue=facts.revenue,
            conversion_id=facts.pk,
        )
        add_event(
            call,
            "converted",
            at=ended_at,
            payout=decimal_text(facts.payout),
            revenue=decimal_text(facts.revenue),
            pay_rule=_recorded(facts),
        )


def _recorded(facts: ConversionSnapshot) -> dict[str, object]:
    """The rule as it was: its row may be edited or deleted after the call."""
    return {
        "seconds": facts.seconds,
        "quoted": facts.pk is None,
        "for_publisher": facts.publisher_pk is not None,
        "for_buyer": facts.buyer_pk is not None,
    }


def _pays(call: Call, kept: Leg, snapshot: Snapshot) -> bool:
    """Whether the caller counts: not again within the campaign's time, where a caller pays once."""
    campaign = snapshot.campaigns.get(call.campaign_id)
    return duplicates.record_conversion(
        company_pk=call.company_id,
        campaign_pk=call.campaign_id,
        caller_number=call.caller_number,
        buyer_pk=kept.buyer_id or 0,
        call_uuid=call.pk,
        dedupe_seconds=campaign.dedupe_seconds if campaign else 0,
        duplicates=campaign.duplicates if campaign else "",
        now=call.ended_at or call.started_at,
    )


def _earned(
    locked_call: LockedCall, kept: Leg, offers: list[ConversionSnapshot]
) -> ConversionSnapshot | None:
    """The conversion that the seconds since the pick-up reached, the reserved one first."""
    call = locked_call.call
    if kept.answered_at is None or call.ended_at is None:
        return None
    if call.ended_at - call.started_at >= GREATEST_AGE and not carrier_class().keeps_virtual_time:
        return None  # nobody knows when it ended; in virtual time nothing is lost
    seconds = int((call.ended_at - kept.answered_at).total_seconds())
    return conversions.earned_conversion(offers, seconds=seconds)


def _offers(locked_call: LockedCall, kept: Leg, snapshot: Snapshot) -> list[ConversionSnapshot]:
    """The set that applies to the call. With the reserved buyer, what its publisher was quoted stands for the first of it."""
    call, campaign = locked_call.call, snapshot.campaigns.get(locked_call.call.campaign_id)
    applying: list[ConversionSnapshot] = []
    if campaign:
        ping = ping_for_call(locked_call, campaign, snapshot, now=call.started_at)
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
    quoted = ConversionSnapshot(reserved.seconds, reserved.payout, reserved.revenue, None, None, ())
    return [quoted, *applying[1:]]


# --- places -----------------------------------------------------------------------------------------------
def _settle_places(call: Call, leg: Leg, *, kept: Leg | None) -> None:
    """Gives a leg's undecided places back, those of a kept call by whether it converted. Asked again: nothing happens."""
    if leg.hold_id is None:
        return
    now = call.ended_at or leg.started_at
    if leg.kept_the_call:
        counters.end_hold(
            hold_id=leg.hold_id, converted=call.converted_at is not None and leg is kept, now=now
        )
    else:
        counters.release_places(hold_ids=[leg.hold_id], now=now)


def _release_reserved(call: Call, locked_call: LockedCall) -> None:
    """The place of a reservation whose buyer was never dialed."""
    hold_id = call.reservation.hold_id if call.reservation else None
    if hold_id and all(leg.hold_id != hold_id for leg in locked_call.legs):
        counters.release_places(hold_ids=[hold_id], now=call.ended_at or call.started_at)


def unsettled_places(*, limit: int) -> list[UUID]:
    """Calls whose money is decided and whose places are not: a process died between the two."""
    of_legs = Leg.objects.filter(hold__status=CapHold.Status.HELD, call__settled_at__isnull=False)
    reserved = Call.objects.filter(
        reservation__hold__status=CapHold.Status.HELD, settled_at__isnull=False
    )
    left = [
        *of_legs.values_list("call_id", flat=True)[:limit],
        *reserved.values_list("pk", flat=True)[:limit],
    ]
    return list(dict.fromkeys(left))[:limit]
