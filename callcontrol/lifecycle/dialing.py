"""Dialing the next buyer: the reserved buyer first, then the others in routing order."""

import random
from datetime import datetime, timedelta

from callcontrol.carriers.base import DialRequest
from callcontrol.carriers.registry import carrier_class
from callcontrol.models import Call, EventKind, Leg, Party
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.tags import apply_late_tags, known_tags
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row, move_state
from campaigns import duplicates
from campaigns.caps import allocation, counters
from campaigns.caps.counters import CapFull
from campaigns.models import Buyer, CapHold
from campaigns.routing import engine
from campaigns.routing.engine import Candidate, Ping
from publishers.snapshot import CampaignSnapshot, Snapshot
from reservations.models import Reservation

from . import caller_id
from .ending import end_without_target

RING_SECONDS = 30  # for a leg without a buyer
_SEED_BITS = 53  # the largest integers that JSON readers keep exact


def ring_next_buyer(locked: LockedCall, *, snapshot: Snapshot, now: datetime) -> DialRequest | None:
    """Allocate the next buyer and add its ringing leg, inside the caller's transaction.

    Return None if another process did it, or if no buyer is left: the call then ended as
    no-target. Buyers that the call was dialed to before are left out.
    """
    call = locked.call
    if not move_state(call, Call.Status.RINGING):
        return None
    apply_late_tags(call)
    campaign, why = _open_campaign(call, snapshot)
    if campaign is None:
        end_without_target(locked, at=now, why=why)
        return None
    ping = ping_for_call(locked, campaign, snapshot, now=now)
    buyer, hold = _take_reserved_buyer(call, campaign, ping)
    if buyer is None and not (call.reservation and call.reservation.route_only):
        chosen = allocation.allocate(
            pool=campaign.buyers,
            ping=ping,
            used=counters.full_counters(call.company_id, ping.now),
            seed=random.getrandbits(_SEED_BITS),
            company_pk=call.company_id,
        )
        add_event(call, EventKind.ROUTED, at=ping.now, trace=chosen.decision.stored())
        buyer, hold = chosen.buyer, chosen.hold
    if buyer is None:
        end_without_target(locked, at=now, why="no buyer is left")
        return None
    row, number = Buyer.objects.get(pk=buyer.row), engine.number_for(buyer, ping) or ""
    leg = add_leg(locked, Party.HANDLER, number=number, buyer=row, hold=hold, now=now)
    change_row(call, buyer_id=row.pk)
    add_event(call, EventKind.DIALING, at=now, buyer_id=buyer.buyer_id, leg=str(leg.uuid))
    return dial_request(locked, leg, row)


def release_reserved_place(locked: LockedCall, *, snapshot: Snapshot, now: datetime) -> None:
    """Give the reserved buyer's place back if that buyer cannot be dialed.

    Runs in its own transaction. Once the buyer was dialed, the place belongs to its leg.
    """
    call, reservation = locked.call, locked.call.reservation
    if (
        call.status != Call.Status.ROUTING
        or reservation is None
        or reservation.buyer_id in _dialed_buyers(locked)
    ):
        return
    campaign, _ = _open_campaign(call, snapshot)
    if reservation.hold_id and (
        campaign is None
        or _obstacle(reservation, campaign, ping_for_call(locked, campaign, snapshot, now=now))
    ):
        counters.release_places(hold_ids=[reservation.hold_id], now=now)


def _open_campaign(call: Call, snapshot: Snapshot) -> tuple[CampaignSnapshot | None, str]:
    """Return the call's campaign, or None and why no buyer may be dialed for it."""
    campaign = snapshot.campaigns.get(call.campaign_id)
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    if campaign is None or snapshot.retired:
        return None, "the campaign was deleted"
    if campaign.paused:
        return None, "the campaign is paused"
    return (None, "the publisher is paused") if publisher and publisher.paused else (campaign, "")


def ping_for_call(
    locked: LockedCall, campaign: CampaignSnapshot, snapshot: Snapshot, *, now: datetime
) -> Ping:
    """Describe the caller to routing, as known now, or at the end of an ended call.

    Buyers that the call was dialed to are left out.
    """
    call = locked.call
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    earlier = duplicates.duplicates_before(
        campaign_pk=campaign.row,
        caller_number=call.caller_number,
        dedupe_seconds=campaign.dedupe_seconds,
        duplicates=campaign.duplicates,
        call_uuid=call.pk,
        now=now,
    )
    return Ping(
        now=now,
        campaign_id=campaign.campaign_id,
        caller_number=call.caller_number,
        tags=known_tags(call),
        publisher_id=publisher.publisher_id if publisher else None,
        excluded_buyers=_dialed_buyers(locked),
        converted_buyers=earlier.converted_with,
        duplicate_refused=earlier.refused,
    )


def _dialed_buyers(locked: LockedCall) -> frozenset[int]:
    """Return the buyers that this call was dialed to, by routing or by a transfer."""
    return frozenset(leg.buyer_id for leg in locked.legs if leg.buyer_id)


def _obstacle(reservation: Reservation, campaign: CampaignSnapshot, ping: Ping) -> str | None:
    """Return why the reserved buyer cannot be dialed: removed, paused or without a number."""
    buyer = campaign.buyers.by_row.get(reservation.buyer_id or 0)
    if buyer is None:
        return "it is no longer on the campaign"
    if buyer.paused:
        return "it is paused"
    return None if engine.number_for(buyer, ping) else "it has no number for this caller"


def _take_reserved_buyer(
    call: Call, campaign: CampaignSnapshot, ping: Ping
) -> tuple[Candidate | None, CapHold | None]:
    """Return the reserved buyer and its place, which moves to the leg; Nones if it is skipped."""
    reservation = call.reservation
    if (
        reservation is None
        or reservation.buyer_id is None
        or reservation.buyer_id in ping.excluded_buyers
    ):
        return None, None
    why = _obstacle(reservation, campaign, ping)
    if why is None:
        buyer = campaign.buyers.by_row[reservation.buyer_id]
        used = counters.full_counters(call.company_id, ping.now)
        seed = random.getrandbits(_SEED_BITS)
        decision = engine.decide(campaign.buyers, ping, used, seed=seed)
        hold = None
        if reservation.hold_id:  # its own place, unless that was given back
            held = CapHold.objects.filter(pk=reservation.hold_id, status=CapHold.Status.HELD)
            hold = held.first()
        try:
            hold = hold or allocation.take_place(buyer, company_pk=call.company_id, now=ping.now)
        except CapFull as full:
            why = full.text
        else:
            add_event(
                call,
                EventKind.ROUTED,
                at=ping.now,
                reserved=buyer.buyer_id,
                reserved_row=buyer.row,
                trace=decision.stored(),
            )
            return buyer, hold
    add_event(call, EventKind.RESERVED_BUYER_SKIPPED, at=ping.now, why=why)
    return None, None


def add_leg(
    locked: LockedCall,
    party: Party,
    *,
    number: str,
    buyer: Buyer | None,
    hold: CapHold | None = None,
    now: datetime,
) -> Leg:
    """Insert a ringing leg of the call. Without a buyer it rings for RING_SECONDS."""
    seconds = buyer.timeout_seconds if buyer else RING_SECONDS
    # Only a buyer that routing chose has to accept: a transferee was asked by the transferor.
    must_accept = (
        party == Party.HANDLER
        and buyer is not None
        and buyer.acceptance == Buyer.Acceptance.EXPLICIT
    )
    leg = Leg(
        call=locked.call,
        place=len(locked.legs),
        party=party,
        buyer=buyer,
        hold=hold,
        number=number,
        acceptance_seconds=buyer.acceptance_seconds if buyer and must_accept else None,
        started_at=now,
        rings_until=now + timedelta(seconds=seconds + carrier_class().grace_seconds),
    )
    caller_id.insert_leg(leg)
    locked.legs.append(leg)
    return leg


def dial_request(locked: LockedCall, leg: Leg, buyer: Buyer | None) -> DialRequest:
    """Return the carrier's request for this leg."""
    call = locked.call
    return DialRequest(
        call_uuid=call.uuid,
        leg_uuid=leg.uuid,
        carrier_call_id=call.carrier_call_id,
        number=leg.number or "",
        caller_id=leg.caller_number_sent,
        timeout_seconds=buyer.timeout_seconds if buyer else RING_SECONDS,
        send_digits=buyer.send_digits if buyer else "",
        sip_username=buyer.sip_username if buyer else "",
        sip_password=buyer.sip_password if buyer else "",
        headers={"X-PH-RetreaverUUID": str(call.uuid), "X-PH-RetreaverKey": call.key},
        at=leg.started_at,
        inband_signals=buyer.inband_signals if buyer else False,
    )
