"""Who gets the call next: the reserved buyer first, then the others in the order of routing."""

import random
from datetime import datetime, timedelta

from callcontrol.carriers.base import DialRequest
from callcontrol.carriers.registry import carrier_class
from callcontrol.models import Call, Leg, Party
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

RING_SECONDS = 30  # of a line that is no buyer's


def ring_next_buyer(
    locked_call: LockedCall, *, snapshot: Snapshot, now: datetime
) -> DialRequest | None:
    """Takes a place with the next buyer and makes its ringing leg, inside the caller's transaction.

    None when another did it, or when nobody is left: the call has then ended as no-target. Buyers already tried are
    left out.
    """
    call = locked_call.call
    if not move_state(call, Call.Status.RINGING):
        return None
    apply_late_tags(call)
    campaign, why = _open_campaign(call, snapshot)
    if campaign is None:
        end_without_target(locked_call, at=now, why=why)
        return None
    ping = ping_for_call(locked_call, campaign, snapshot, now=now)
    buyer, hold = _reserved(call, campaign, ping)
    if buyer is None and not (call.reservation and call.reservation.route_only):
        buyer, hold = _routed(call, campaign, ping)
    if buyer is None:
        end_without_target(locked_call, at=now, why="no buyer is left")
        return None
    return _ring(locked_call, buyer, hold, number=engine.number_for(buyer, ping) or "", now=now)


def release_reserved_place(locked_call: LockedCall, *, snapshot: Snapshot, now: datetime) -> None:
    """Gives back the reserved buyer's place if that buyer can't be dialed: in a transaction of its own.

    Once the buyer was tried, the place is its leg's.
    """
    call, reservation = locked_call.call, locked_call.call.reservation
    if (
        call.status != Call.Status.ROUTING
        or reservation is None
        or reservation.buyer_id in _tried(locked_call)
    ):
        return
    campaign, _ = _open_campaign(call, snapshot)
    if reservation.hold_id and (
        campaign is None
        or _obstacle(reservation, campaign, ping_for_call(locked_call, campaign, snapshot, now=now))
    ):
        counters.release_places(hold_ids=[reservation.hold_id], now=now)


def _open_campaign(call: Call, snapshot: Snapshot) -> tuple[CampaignSnapshot | None, str]:
    """The call's campaign, or None and why nobody may be dialed for it."""
    campaign, publisher = (
        snapshot.campaigns.get(call.campaign_id),
        snapshot.publishers.get(call.publisher_id or 0),
    )
    if campaign is None or snapshot.retired:
        return None, "the campaign was deleted"
    if campaign.paused:
        return None, "the campaign is paused"
    return (None, "the publisher is paused") if publisher and publisher.paused else (campaign, "")


def ping_for_call(
    locked_call: LockedCall, campaign: CampaignSnapshot, snapshot: Snapshot, *, now: datetime
) -> Ping:
    """What is known of the caller at this moment, or was at the call's end. Buyers that it was dialed to are left out."""
    call = locked_call.call
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    before = duplicates.duplicates_before(
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
        excluded_buyers=_tried(locked_call),
        converted_buyers=before.converted_with,
        duplicate_refused=before.refused,
    )


def _tried(locked_call: LockedCall) -> frozenset[int]:
    """The rows of the buyers that this call was dialed to, by us or by who transferred it."""
    return frozenset(leg.buyer_id for leg in locked_call.legs if leg.buyer_id)


def _obstacle(reservation: Reservation, campaign: CampaignSnapshot, ping: Ping) -> str | None:
    """Why the reserved buyer can't be dialed: paused, off the campaign or without a number."""
    buyer = campaign.buyers.by_row.get(reservation.buyer_id or 0)
    if buyer is None:
        return "it is no longer on the campaign"
    if buyer.paused:
        return "it is paused"
    return None if engine.number_for(buyer, ping) else "it has no number for this caller"


def _reserved(
    call: Call, campaign: CampaignSnapshot, ping: Ping
) -> tuple[Candidate | None, CapHold | None]:
    """The reserved buyer with its place, or nothing if it is passed over. A place that it holds moves to the leg."""
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
        decision = engine.decide(
            campaign.buyers, ping, counters.full_counters(call.company_id, ping.now), seed=_seed()
        )
        try:
            hold = _place_of(reservation) or allocation.take_place(
                buyer, company_pk=call.company_id, now=ping.now
            )
        except CapFull as full:
            why = full.text
        else:
            add_event(
                call,
                "routed",
                at=ping.now,
                reserved=buyer.buyer_id,
                reserved_row=buyer.row,
                trace=decision.stored(),
            )
            return buyer, hold
    add_event(call, "reserved-buyer-passed-over", at=ping.now, why=why)
    return None, None


def _place_of(reservation: Reservation) -> CapHold | None:
    """The place that the reservation holds, unless it was given back."""
    if reservation.hold_id is None:
        return None
    return CapHold.objects.filter(pk=reservation.hold_id, status=CapHold.Status.HELD).first()


def _routed(
    call: Call, campaign: CampaignSnapshot, ping: Ping
) -> tuple[Candidate | None, CapHold | None]:
    chosen = allocation.allocate(
        pool=campaign.buyers,
        ping=ping,
        used=counters.full_counters(call.company_id, ping.now),
        seed=_seed(),
        company_pk=call.company_id,
    )
    add_event(call, "routed", at=ping.now, trace=chosen.decision.stored())
    return chosen.buyer, chosen.hold


def _seed() -> int:
    return random.getrandbits(53)


def _ring(
    locked_call: LockedCall, buyer: Candidate, hold: CapHold | None, *, number: str, now: datetime
) -> DialRequest:
    call, row = locked_call.call, Buyer.objects.get(pk=buyer.row)
    leg = create_leg(locked_call, Party.HANDLER, number=number, buyer=row, hold=hold, now=now)
    change_row(call, buyer_id=row.pk)
    add_event(call, "dialing", at=now, buyer_id=buyer.buyer_id, leg=str(leg.uuid))
    return dial_request(locked_call, leg, row)


def create_leg(
    locked_call: LockedCall,
    party: Party,
    *,
    number: str,
    buyer: Buyer | None,
    hold: CapHold | None = None,
    now: datetime,
) -> Leg:
    """A ringing leg of the locked_call, saved. Without a buyer it rings half a minute."""
    seconds = buyer.timeout_seconds if buyer else RING_SECONDS
    leg = Leg(
        call=locked_call.call,
        place=len(locked_call.legs),
        party=party,
        buyer=buyer,
        hold=hold,
        number=number,
        acceptance_seconds=_acceptance_seconds(party, buyer),
        started_at=now,
        rings_until=now + timedelta(seconds=seconds + carrier_class().grace_seconds),
    )
    caller_id.insert_leg(leg)
    locked_call.legs.append(leg)
    return leg


def _acceptance_seconds(party: Party, buyer: Buyer | None) -> int | None:
    """Only a buyer to whom the call was routed has to accept it: a transferee was asked by the one who transfers."""
    if party != Party.HANDLER or buyer is None or buyer.acceptance != Buyer.Acceptance.EXPLICIT:
        return None
    return buyer.acceptance_seconds


def dial_request(locked_call: LockedCall, leg: Leg, buyer: Buyer | None) -> DialRequest:
    """What the carrier is asked for this leg."""
    call = locked_call.call
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
