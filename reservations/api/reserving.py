"""What both reserving APIs make of a ping, and put into the log about it."""

from collections.abc import Mapping
from typing import ClassVar

from campaigns import phone
from campaigns.errors import Gone, Missing, Refusal
from publishers.gateway.prefetch import QueryPart
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import KeyedViewSet
from publishers.snapshot import KeySnapshot, PublisherSnapshot, Snapshot
from reservations import lifecycle, numbers, queries
from reservations.lifecycle import ReserveRequest
from reservations.models import Reservation


class Reserving(KeyedViewSet):
    """What takes places: nothing is refused for what a reservation past its end still holds."""

    reads: ClassVar[tuple[QueryPart, ...]] = (queries.OVERDUE,)

    def prepare(self, visit: KeyRequest) -> None:
        """Gives back what reservations past their end still hold, if no sweep has: late is never wrong."""
        if visit.read.get("overdue") and visit.snapshot:
            lifecycle.expire_all_due(now=visit.now, company_pk=visit.snapshot.company_pk)
            self.read_again(visit)


class Pings(Reserving):
    """What both reserving APIs do with a ping."""

    reads: ClassVar[tuple[QueryPart, ...]] = queries.PING


def ask_of(visit: KeyRequest, *, number_anyway: bool = False) -> ReserveRequest:
    """The ping in a request; raises Missing for a required tag, Refusal for a number that cannot be dialed."""
    key, snapshot = visit.let_in()
    campaign = snapshot.campaigns.get(key.campaign_pk or 0)
    if campaign is None:
        raise Gone("the campaign of this key was deleted")
    publisher = visit.named_publisher()
    return ReserveRequest(
        snapshot=snapshot,
        key=key,
        campaign=campaign,
        publisher=publisher,
        caller_number=visit.caller_number,
        inbound_number=_asked_number(visit, snapshot),
        tags=_tags(visit, key, publisher),
        stored=queries.waiting_tags(visit.read["waiting"], campaign_pk=campaign.row),
        used=queries.used_of(visit.read["full"]),
        open_rows=queries.open_rows(visit.read["open"]),
        repeats=queries.repeats_of(visit.read["repeats"], campaign, now=visit.now),
        now=visit.now,
        number_anyway=number_anyway,
    )


def _asked_number(visit: KeyRequest, snapshot: Snapshot) -> str | None:
    said = visit.parameters.number_text("inbound_number")
    if said is None:
        return None
    number = phone.destination(said, snapshot.region)
    if number is None:
        raise Refusal("inbound_number must be a phone number of 7 to 15 digits, or a SIP address")
    return number


def _tags(
    visit: KeyRequest, key: KeySnapshot, publisher: PublisherSnapshot | None
) -> dict[str, str]:
    sent = visit.parameters.tags()
    for name in key.settings["required_tags"]:
        if not sent.get(name, "").strip():
            raise Missing(name)
    tags = prefixed(sent, key)
    unknown = None if publisher else visit.parameters.publisher()
    return tags if unknown is None else {**tags, "publisher_id": unknown}


def prefixed(tags: Mapping[str, str], key: KeySnapshot) -> dict[str, str]:
    """The tags under the names that the key gives them."""
    return {key.settings["tag_prefix"] + name: value for name, value in tags.items()}


def note_foreign_number(visit: KeyRequest, row: Reservation, snapshot: Snapshot) -> None:
    number = row.inbound_number
    if number and number not in snapshot.numbers and number != numbers.sip_address(row.uuid):
        visit.notes.append(f"{number} is no number of this company: a call to it is not seen here.")


def log_outcome(visit: KeyRequest, outcome: lifecycle.ReserveResult) -> None:
    """Puts into the log row what the ping came to."""
    row = outcome.reservation
    visit.reservation_uuid = row.uuid
    visit.result = "shielded" if outcome.shielded else str(row.status)
    visit.trace = outcome.decision.stored() if outcome.decision else None
