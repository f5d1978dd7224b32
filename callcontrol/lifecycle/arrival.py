"""A call comes in: whose number it dialed, which reservation it is for, and what is known of its caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from callcontrol.carriers.base import Arrival
from callcontrol.models import Call, CallTag, Leg, Party
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
    """Where the call came in: the campaign that it is for, and what its number says about it."""

    snapshot: Snapshot
    campaign: CampaignSnapshot
    number: str
    sip_uuid: UUID | None = None
    publisher_pk: int | None = None
    tags: Mapping[str, str] | None = None
    ask_caller_number: bool = False


def destination_of(to: str) -> DialedDestination:
    """The campaign of a dialed number or SIP address; raises NotFound when it is not ours, or no longer."""
    if "@" in to:
        return _sip_destination(to)
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


def _sip_destination(to: str) -> DialedDestination:
    """With or without its scheme. A late or reused address still leads to its reservation's campaign."""
    try:
        uuid = UUID(to.partition("@")[0].rpartition(":")[2])
    except ValueError:
        raise NotFound(NOT_OURS) from None
    found = Reservation.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound(NOT_OURS)
    snapshot, campaign = _unretired(found.company_id, found.campaign_id)
    return DialedDestination(
        snapshot=snapshot, campaign=campaign, number=sip_address(uuid), sip_uuid=uuid
    )


def _unretired(company_pk: int, campaign_pk: int) -> tuple[Snapshot, CampaignSnapshot]:
    snapshot = current_snapshot(company_pk)
    campaign = snapshot.campaigns.get(campaign_pk)
    if campaign is None or snapshot.retired:
        raise NotFound(NOT_OURS)
    return snapshot, campaign


def record_arrival(arrival: Arrival, to: DialedDestination) -> Call:
    """Makes the call's row with its reservation, publisher, tags and caller's leg; inside the caller's transaction.

    A carrier that announces a call twice gets the first one again. Who writes tags about this caller meanwhile has
    written them before it came, or finds it.
    """
    call = _new_call(arrival, to)
    if call.caller_number:
        stored_tags.wait_for_turn(company_pk=call.company_id, caller_number=call.caller_number)
    if not insert_row(
        call
    ):  # before it claims anything: of two announcements at once, one waits here for the other
        return Call.objects.get(carrier=arrival.carrier, carrier_call_id=arrival.carrier_call_id)
    source = _recognize(call, to)
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
    add_event(call, "arrived", at=arrival.now, number=to.number, reservation=claimed)
    return call


def _new_call(arrival: Arrival, to: DialedDestination) -> Call:
    """An ordinary call of the number's campaign, not saved yet."""
    return Call(
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


def _recognize(call: Call, to: DialedDestination) -> Reservation | None:
    """Puts the call where its caller's ping belongs: the reservation that it claims, or one that only attributes it."""
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
        call.reservation = claimed
        call.campaign_id = (
            source.campaign_id if source.campaign_id in to.snapshot.campaigns else to.campaign.row
        )
        call.publisher_id = source.publisher_id or to.publisher_pk
        call.prepared_at = (
            None if has_start_webhooks(to.snapshot, call.campaign_id) else call.started_at
        )
        call.save(update_fields=["reservation", "campaign", "publisher", "prepared_at"])
    return source


def _caller_number(arrival: Arrival, to: DialedDestination) -> str | None:
    """The number of the caller: keyed in where the line is a transferring agent's, else the one that was shown."""
    said = (arrival.digits if to.ask_caller_number else arrival.caller) or ""
    if said.lower().startswith(("sip:", "sips:")):
        said = said.partition(":")[2].partition("@")[0]
    if phone.is_withheld(said):
        return None
    return phone.to_e164(said, to.snapshot.region)


def _write_tags(call: Call, to: DialedDestination, source: Reservation | None) -> None:
    """The number's tags first, then what was written and what the ping said, the later value of a name winning."""
    waiting: list[StoredTags] = []
    if call.caller_number:
        waiting = stored_tags.take_stored_tags(
            company_pk=call.company_id,
            campaign_pk=call.campaign_id,
            caller_number=call.caller_number,
            now=call.started_at,
        )
    if source is not None:
        waiting += [
            StoredTags(name, value, source.publisher_id, source.created_at)
            for name, value in source.tags.items()
        ]
    merged = {
        name: StoredTags(name, value, to.publisher_pk, call.started_at)
        for name, value in (to.tags or {}).items()
    }
    merged |= {row.name: row for row in sorted(waiting, key=lambda row: row.written_at)}
    CallTag.objects.bulk_create(
        CallTag(
            call=call,
            name=row.name,
            value=row.value,
            publisher_id=row.publisher_pk,
            written_at=min(row.written_at, call.started_at),
        )
        for row in merged.values()
    )
