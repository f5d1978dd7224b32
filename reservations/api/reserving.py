"""What the two reserving APIs share: the ping in a request, and what is logged of it."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from campaigns import phone
from campaigns.errors import Gone, Missing, Refusal
from publishers.gateway.prefetch import QueryPart
from publishers.gateway.viewset import KeyedViewSet
from publishers.snapshot import KeySnapshot, PublisherSnapshot
from reservations import lifecycle, numbers, queries
from reservations.lifecycle import ReserveRequest, ReserveResult


class ReservingViewSet(KeyedViewSet):
    """Pings: no buyer is refused for places that overdue reservations still hold."""

    def get_prefetch_parts(self) -> tuple[QueryPart, ...]:
        return queries.PING if self.action == "create" else (queries.OVERDUE,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Expire overdue reservations that no sweep has expired yet."""
        super().initial(request, *args, **kwargs)
        if self.key_request.rows.get("overdue"):
            lifecycle.expire_all_due(now=self.key_request.now, company_pk=self.snapshot.company_pk)
            self.run_prefetch()

    def reserve(self, *, number_anyway: bool = False) -> tuple[ReserveRequest, ReserveResult]:
        """Reserve what the request asks for, and put the outcome into its log row.

        Raises Missing for a required tag, Refusal for a number that cannot be dialed.
        """
        reserve_request = self._reserve_request(number_anyway=number_anyway)
        result = lifecycle.reserve(reserve_request)
        row, key_request = result.reservation, self.key_request
        key_request.reservation_uuid = row.uuid
        key_request.result = "shielded" if result.shielded else str(row.status)
        key_request.trace = result.decision.stored() if result.decision else None
        number = row.inbound_number
        if (
            number
            and number not in self.snapshot.numbers
            and number != numbers.sip_address(row.uuid)
        ):
            key_request.notes.append(
                f"{number} is no number of this company: a call to it is not seen here."
            )
        return reserve_request, result

    def _reserve_request(self, *, number_anyway: bool) -> ReserveRequest:
        key_request, key, rows = self.key_request, self.key, self.key_request.rows
        campaign = self.snapshot.campaigns.get(key.campaign_pk or 0)
        if campaign is None:
            raise Gone("the campaign of this key was deleted")
        publisher = key_request.named_publisher()
        number, text = None, self.parameters.number_text("inbound_number")
        if text is not None:
            number = phone.destination(text, self.snapshot.region)
            if number is None:
                raise Refusal(
                    "inbound_number must be a phone number of 7 to 15 digits, or a SIP address"
                )
        return ReserveRequest(
            snapshot=self.snapshot,
            key=key,
            campaign=campaign,
            publisher=publisher,
            caller_number=key_request.caller_number,
            inbound_number=number,
            tags=self._tags(publisher),
            stored=queries.waiting_tags(rows["waiting"], campaign_pk=campaign.row),
            used=queries.used_of(rows["full"]),
            open_rows=queries.open_rows(rows["open"]),
            repeats=queries.repeats_of(rows["repeats"], campaign, now=key_request.now),
            now=key_request.now,
            number_anyway=number_anyway,
        )

    def _tags(self, publisher: PublisherSnapshot | None) -> dict[str, str]:
        """Return the tags of the ping, with the name of an unknown publisher."""
        sent = self.parameters.tags()
        for name in self.key.settings["required_tags"]:
            if not sent.get(name, "").strip():
                raise Missing(name)
        tags = prefixed(sent, self.key)
        unknown = None if publisher else self.parameters.publisher()
        return tags if unknown is None else {**tags, "publisher_id": unknown}


def prefixed(tags: Mapping[str, str], key: KeySnapshot) -> dict[str, str]:
    """Return the tags with the key's prefix in their names."""
    return {key.settings["tag_prefix"] + name: value for name, value in tags.items()}
