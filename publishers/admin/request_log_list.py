"""The postback log's list: each row tells its story at a glance, by names that are read once a page."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from unfold.views import ChangeList

from campaigns.admin_base import may_edit
from campaigns.models import Buyer, Company
from campaigns.routing.engine import replay
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels

from .routing_trace import is_readable

_MOST_TAGS = 3
# Behind the buyer, where one is known.
_SAID = {
    "rejected": "The campaign or the publisher is paused",
    "shielded": "As it was answered the first time",
    "replayed": "As it was answered the first time",
    "confirmed": "The place is held",
    "claimed": "A call has come for it",
    "expired": "It came too late",
}


class LogList(ChangeList):
    """A page of rows, each with the names of what it speaks of."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        complete_rows(self.result_list, request)


def complete_rows(rows: Sequence[Any], request: HttpRequest) -> None:
    """Gives each row `clear`, the `asked_for` caller, and the names of its key, publisher, company and chosen buyer.

    Blank is what is not there. A row that repeats or confirms an earlier ping has from that one what it does not say.
    """
    pings = _first_pings(rows)
    firsts = {row.pk: pings.get(row.reservation_uuid, row) for row in rows}
    chosen = {row.pk: chosen_in(row.trace or firsts[row.pk].trace) for row in rows}
    owners = {row.pk: row.publisher_pk or firsts[row.pk].publisher_pk for row in rows}
    keys = {
        key.pk: str(key) for key in Key.objects.filter(pk__in=_some(row.key_pk for row in rows))
    }
    publishers, buyers = _names(Publisher, owners.values()), _names(Buyer, chosen.values())
    companies = _names(Company, (row.company_pk for row in rows))
    for row in rows:
        row.clear = may_edit(request, row.company_pk or 0)
        row.asked_for = row.caller_number or firsts[row.pk].caller_number
        row.key_name = keys.get(row.key_pk, "")
        row.publisher_name = publishers.get(owners[row.pk], "")
        row.company_name = companies.get(row.company_pk, "")
        row.buyer_name = buyers.get(chosen[row.pk], "")


def _first_pings(rows: Sequence[Any]) -> dict[Any, LogEntry]:
    """The pings that were decided, by the reservation, of rows that have come to one without a decision of their own."""
    uuids = {row.reservation_uuid for row in rows if row.trace is None} - {None}
    return {
        ping.reservation_uuid: ping
        for ping in LogEntry.objects.filter(reservation_uuid__in=uuids, trace__isnull=False)
    }


def _some(rows: Iterable[int | None]) -> set[int]:
    return {row for row in rows if row is not None}


def _names(model: Any, rows: Iterable[int | None]) -> dict[int | None, str]:
    return dict(model.objects.filter(pk__in=_some(rows)).values_list("pk", "name"))


def chosen_in(trace: Any) -> int | None:
    """The row of the buyer that a trace chose."""
    order = replay(trace) if is_readable(trace) else []
    return order[0] if order else None


def row_answer(entry: Any) -> str:
    """What the request was answered, in a few words; of a row that is complete."""
    if entry.status >= 400:
        return labels.error_text(entry)
    if entry.result in _SAID:
        said = _SAID[entry.result]
        return f"{entry.buyer_name}: {said[:1].lower()}{said[1:]}" if entry.buyer_name else said
    tell = _TOLD.get(entry.result, lambda entry: entry.buyer_name)
    return tell(entry)


def row_headline(entry: Any) -> str:
    """The row in one line, on its own page."""
    told = row_answer(entry)
    if entry.result == "reserved" and told:
        return f"Reserved for {told}"
    if entry.result == "no-target":
        return f"No buyer took this caller: {told}" if entry.trace else "No buyer took this caller"
    return told or labels.result_text(entry)


def _nobody(entry: Any) -> str:
    if not is_readable(entry.trace):
        return ""
    return labels.refusal_counts(entry.trace) or "The campaign has no buyer"


def _tags(entry: LogEntry) -> str:
    tags = labels.error_members(entry).get("tag_values")
    names = list(tags) if isinstance(tags, dict) else []
    more = f" and {len(names) - _MOST_TAGS} more" if len(names) > _MOST_TAGS else ""
    return ", ".join(names[:_MOST_TAGS]) + more


def _sale(entry: LogEntry) -> str:
    told = labels.error_members(entry)
    return ", ".join(
        f"{name} {told[name]}" for name in ("revenue", "payout") if told.get(name) is not None
    )


_TOLD: dict[str, Callable[[Any], str]] = {
    "no-target": _nobody,
    **dict.fromkeys(("stored", "in-progress", "applied"), _tags),
    **dict.fromkeys(("converted", "already-converted"), _sale),
}
