"""Who gets the call next: the reserved buyer first, then the others in the order of routing."""

import random
from datetime import datetime
from uuid import UUID

from django.db import transaction

from campaigns import caps, choice, routing
from campaigns.caps import CapFull
from campaigns.models import Buyer, CapHold
from campaigns.routing import Candidate, Ping
from publishers.snapshot import CampaignFacts, Snapshot
from reservations.models import Reservation

from .carriers.base import Dial
from .models import Call, Leg, Party
from .timeline import note


def ring_next(call: Call, *, snapshot: Snapshot, now: datetime) -> Dial | None:
    """Takes a place with the next buyer and makes its ringing leg, inside the caller's transaction.

    None when another did it, or when nobody is left: the call has then ended as no-target. Buyers already tried are
    left out.
    """
    if not _moved(call, Call.Status.ROUTING, Call.Status.RINGING):
        return None
    campaign, why = _open_campaign(call, snapshot)
    if campaign is None:
        _give_up(call, now=now, why=why)
        return None
    ping = _ping(call, campaign, snapshot, now=now)
    buyer, hold = _reserved(call, campaign, ping)
    if buyer is None and not (call.reservation and call.reservation.route_only):
        buyer, hold = _routed(call, campaign, ping)
    if buyer is None:
        _give_up(call, now=now, why="no buyer is left")
        return None
    return _ring(call, buyer, hold, number=routing.number_for(buyer, ping) or "", now=now)


def release_unusable(call: Call, *, snapshot: Snapshot, now: datetime) -> None:
    """Gives back the reserved buyer's place if that buyer can't be dialed, in a transaction of its own.

    Once the buyer was tried, the place is its leg's. The call's row is locked, so that nobody dials meanwhile.
    """
    reservation = call.reservation
    if reservation is None or not reservation.hold_id:
        return
    with transaction.atomic():
        looking = Call.objects.select_for_update().filter(pk=call.pk, status=Call.Status.ROUTING).first()
        if looking is None or reservation.buyer_id in _tried(call):
            return
        campaign, _ = _open_campaign(call, snapshot)
        if campaign is None or _obstacle(reservation, campaign, _ping(call, campaign, snapshot, now=now)):
            caps.give_back(hold_ids=[reservation.hold_id], now=now)


def _open_campaign(call: Call, snapshot: Snapshot) -> tuple[CampaignFacts | None, str]:
    """The call's campaign, or None and why nobody may be dialed for it."""
    campaign, publisher = snapshot.campaigns.get(call.campaign_id), snapshot.publishers.get(call.publisher_id or 0)
    if campaign is None:
        return None, "the campaign was deleted"
    if campaign.paused:
        return None, "the campaign is paused"
    return (None, "the publisher is paused") if publisher and publisher.paused else (campaign, "")


def _ping(call: Call, campaign: CampaignFacts, snapshot: Snapshot, *, now: datetime) -> Ping:
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    return Ping(
        now=now,
        campaign_id=campaign.campaign_id,
        caller_number=call.caller_number,
        tags=dict(call.tags.values_list("name", "value")),
        publisher_id=publisher.publisher_id if publisher else None,
        leave_out=_tried(call),
    )


def _tried(call: Call) -> frozenset[int]:
    """The rows of the buyers that this call was dialed to."""
    return frozenset(call.legs.filter(party=Party.HANDLER, buyer__isnull=False).values_list("buyer_id", flat=True))


def _obstacle(reservation: Reservation, campaign: CampaignFacts, ping: Ping) -> str | None:
    """Why the reserved buyer can't be dialed: paused, off the campaign or without a number."""
    buyer = campaign.buyers.by_row.get(reservation.buyer_id or 0)
    if buyer is None:
        return "it is no longer on the campaign"
    if buyer.paused:
        return "it is paused"
    return None if routing.number_for(buyer, ping) else "it has no number for this caller"


def _reserved(call: Call, campaign: CampaignFacts, ping: Ping) -> tuple[Candidate | None, CapHold | None]:
    """The reserved buyer with its place, or nothing if it is passed over. A place that it holds moves to the leg."""
    reservation = call.reservation
    if reservation is None or reservation.buyer_id is None or reservation.buyer_id in ping.leave_out:
        return None, None
    why = _obstacle(reservation, campaign, ping)
    if why is None:
        buyer = campaign.buyers.by_row[reservation.buyer_id]
        decision = routing.decide(campaign.buyers, ping, caps.full_counters(call.company_id, ping.now), seed=_seed())
        try:
            hold = _place_of(reservation) or choice.take(buyer, company_row=call.company_id, now=ping.now)
        except CapFull as full:
            why = full.text
        else:
            note(call, "routed", at=ping.now, reserved=buyer.buyer_id, reserved_row=buyer.row, trace=decision.stored())
            return buyer, hold
    note(call, "reserved-buyer-passed-over", at=ping.now, why=why)
    return None, None


def _place_of(reservation: Reservation) -> CapHold | None:
    """The place that the reservation holds, unless it was given back."""
    if reservation.hold_id is None:
        return None
    return CapHold.objects.filter(pk=reservation.hold_id, status=CapHold.Status.HELD).first()


def _routed(call: Call, campaign: CampaignFacts, ping: Ping) -> tuple[Candidate | None, CapHold | None]:
    chosen = choice.choose(
        pool=campaign.buyers,
        ping=ping,
        used=caps.full_counters(call.company_id, ping.now),
        seed=_seed(),
        company_row=call.company_id,
    )
    note(call, "routed", at=ping.now, trace=chosen.decision.stored())
    return chosen.buyer, chosen.hold


def _seed() -> int:
    return random.getrandbits(53)


def _ring(call: Call, buyer: Candidate, hold: CapHold | None, *, number: str, now: datetime) -> Dial:
    row = Buyer.objects.get(pk=buyer.row)
    leg = Leg.objects.create(call=call, party=Party.HANDLER, buyer=row, hold=hold, number=number, started_at=now)
    Call.objects.filter(pk=call.pk).update(buyer=row)
    call.buyer = row
    note(call, "dialing", at=now, buyer_id=buyer.buyer_id, leg=str(leg.uuid))
    return Dial(
        call_uuid=call.uuid,
        leg_uuid=leg.uuid,
        carrier_call_id=call.carrier_call_id,
        number=number,
        show=call.caller_number if row.caller_id == "caller" else row.caller_id,
        timeout_seconds=row.timeout_seconds,
        send_digits=row.send_digits,
        sip_username=row.sip_username,
        sip_password=row.sip_password,
        headers={"X-PH-RetreaverUUID": str(call.uuid)},
    )


def _give_up(call: Call, *, now: datetime, why: str) -> None:
    """Ends the call as no-target, its caller's leg with it."""
    if _moved(call, Call.Status.RINGING, Call.Status.NO_TARGET, ended_at=now):
        call.legs.filter(party=Party.CALLER, ended_at=None).update(status=Leg.Status.ENDED, outcome="no-target", ended_at=now)
        note(call, "ended", at=now, status="no-target", why=why)


def end_unanswered(leg_uuid: UUID, *, outcome: str, now: datetime) -> bool:
    """Ends a ringing leg, gives its places back and lets its call look for the next buyer; False when it rings no more."""
    ringing = Leg.objects.filter(pk=leg_uuid, status=Leg.Status.RINGING)
    if not ringing.update(status=Leg.Status.ENDED, outcome=outcome, ended_at=now):
        return False
    leg = Leg.objects.select_related("call").get(pk=leg_uuid)
    _moved(leg.call, Call.Status.RINGING, Call.Status.ROUTING)
    if leg.hold_id:
        caps.give_back(hold_ids=[leg.hold_id], now=now)
    return True


def _moved(call: Call, before: Call.Status, after: Call.Status, **changes: datetime) -> bool:
    """Moves a call from one status to another; False when somebody else did."""
    won = Call.objects.filter(pk=call.pk, status=before).update(status=after, **changes)
    if won:
        call.status = after
    return bool(won)
