"""Arrival of a call: its campaign, the reservation it claims, its publisher and its tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from callcontrol.carriers.base import Arrival
from callcontrol.models import Call, CallTag, EventKind, Leg, Party
from callcontrol.state.timeline import add_event
from callcontrol.webhooks.start import has_start_webhooks
from campaigns import phone
from campaigns.errors import NotFound
from config.db.insert import insert_row
from publishers import stored_tags
from publishers.models import InboundNumber
from publishers.snapshot import CampaignSnapshot, Snapshot, current_snapshot
from publishers.stored_tags import StoredTags
from reservations import lifecycle as reservations
from reservations.models import Reservation
from reservations.numbers import sip_address

NOT_OURS = "that number is not one of ours"


@dataclass(frozen=True, slots=True)
class DialedDestination:
    """The campaign that a dialed number or SIP address leads to, and the number's settings."""

    snapshot: Snapshot
    campaign: CampaignSnapshot
    number: str
    sip_uuid: UUID | None = None
    publisher_pk: int | None = None
    tags: Mapping[str, str] | None = None
    ask_caller_number: bool = False


def destination_of(to: str) -> DialedDestination:
    """Find the campaign of a dialed number or SIP address, with or without its scheme.

    Raises NotFound for an unknown one, or one whose campaign or company was retired.
    """
    if "@" in to:  # a late or reused address still leads to its reservation's campaign
        try:
            uuid = UUID(to.partition("@")[0].rpartition(":")[2])
        except ValueError:
            raise NotFound(NOT_OURS) from None
        reservation = Reservation.objects.filter(uuid=uuid).first()
        if reservation is None:
            raise NotFound(NOT_OURS)
        snapshot, campaign = _unretired(reservation.company_id, reservation.campaign_id)
        return DialedDestination(snapshot, campaign, number=sip_address(uuid), sip_uuid=uuid)
    number = phone.to_e164(to, "US")
    found = InboundNumber.objects.unretired().filter(number=number).first() if number else None
    if found is None:
        raise NotFound(NOT_OURS)
    snapshot, campaign = _unretired(found.company_id, found.campaign_id)
    return DialedDestination(
        snapshot=snapshot,
        campaign=campaign,
        number=found.number,
        publisher_pk=found.publisher_id,
        tags=found.tags,
        ask_caller_number=found.ask_caller_number,
    )


def _unretired(company_pk: int, campaign_pk: int) -> tuple[Snapshot, CampaignSnapshot]:
    snapshot = current_snapshot(company_pk)
    campaign = snapshot.campaigns.get(campaign_pk)
    if campaign is None or snapshot.retired:
        raise NotFound(NOT_OURS)
    return snapshot, campaign


def record_arrival(arrival: Arrival, to: DialedDestination) -> Call:
    """Insert the call with its reservation, publisher, tags and the caller's leg.

    Runs inside the caller's transaction. A carrier that announces a call twice gets the first one.
    """
    call = Call(
        company_id=to.snapshot.company_pk,
        campaign_id=to.campaign.row,
        publisher_id=to.publisher_pk,
        carrier=arrival.carrier,
        carrier_call_id=arrival.carrier_call_id,
        inbound_number=to.number,
        caller_number=_caller_number(arrival, to),
        started_at=arrival.now,
        clock=arrival.now,
        prepared_at=None if has_start_webhooks(to.snapshot, to.campaign.row) else arrival.now,
    )
    if call.caller_number:
        # Concurrent writes of tags for this caller end before the call exists, or find it.
        stored_tags.wait_for_turn(company_pk=call.company_id, caller_number=call.caller_number)
    # Before the call claims anything: of two announcements at once, one waits here for the other.
    if not insert_row(call):
        return Call.objects.get(carrier=arrival.carrier, carrier_call_id=arrival.carrier_call_id)
    source = _match_reservation(call, to)
    Leg.objects.create(
        call=call,
        party=Party.CALLER,
        number=call.caller_number,
        carrier_leg_id=call.carrier_call_id,
        status=Leg.Status.IN_PROGRESS,
        started_at=arrival.now,
        answered_at=arrival.now,
    )
    _write_tags(call, to, source)
    claimed = str(call.reservation_id) if call.reservation_id else None
    add_event(call, EventKind.ARRIVED, at=arrival.now, number=to.number, reservation=claimed)
    return call


def _caller_number(arrival: Arrival, to: DialedDestination) -> str | None:
    """The digits that a transferring agent entered, else the number that the carrier shows."""
    number = (arrival.digits if to.ask_caller_number else arrival.caller) or ""
    if number.lower().startswith(("sip:", "sips:")):
        number = number.partition(":")[2].partition("@")[0]
    return None if phone.is_withheld(number) else phone.to_e164(number, to.snapshot.region)


def _match_reservation(call: Call, to: DialedDestination) -> Reservation | None:
    """Attribute the call to the reservation of its caller's ping, and claim it if it is live."""
    claimed = reservations.claim(
        company_pk=call.company_id,
        sip_uuid=to.sip_uuid,
        inbound_number=to.number,
        caller_number=call.caller_number,
        now=call.started_at,
    )
    source = claimed or reservations.attributed(
        company_pk=call.company_id,
        inbound_number=to.number,
        caller_number=call.caller_number,
        now=call.started_at,
    )
    if source is not None:
        is_known = source.campaign_id in to.snapshot.campaigns
        call.reservation = claimed
        call.campaign_id = source.campaign_id if is_known else to.campaign.row
        call.publisher_id = source.publisher_id or to.publisher_pk
        waits = has_start_webhooks(to.snapshot, call.campaign_id)
        call.prepared_at = None if waits else call.started_at
        call.save(update_fields=["reservation", "campaign", "publisher", "prepared_at"])
    return source


def _write_tags(call: Call, to: DialedDestination, source: Reservation | None) -> None:
    """Write the number's tags, then stored tags and the ping's: the latest value of a name wins."""
    written: list[StoredTags] = []
    if call.caller_number:
        written = stored_tags.take_stored_tags(
            company_pk=call.company_id,
            campaign_pk=call.campaign_id,
            caller_number=call.caller_number,
            now=call.started_at,
        )
    if source is not None:
        written += [
            StoredTags(name, value, source.publisher_id, source.created_at)
            for name, value in source.tags.items()
        ]
    merged = {
        name: StoredTags(name, value, to.publisher_pk, call.started_at)
        for name, value in (to.tags or {}).items()
    }
    merged |= {tag.name: tag for tag in sorted(written, key=lambda tag: tag.written_at)}
    CallTag.objects.bulk_create(
        CallTag(
            call=call,
            name=tag.name,
            value=tag.value,
            publisher_id=tag.publisher_pk,
            written_at=min(tag.written_at, call.started_at),
        )
        for tag in merged.values()
    )
