"""Rows of the postback log, completed with names that are read once a page."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.views import ChangeList

from campaigns.admin_base import may_edit
from campaigns.models import Buyer, Company
from campaigns.routing.engine import replay
from publishers.models import Key, LogEntry, LogResult, Publisher
from publishers.request_log import labels

from .routing_trace import is_readable

_MAX_TAGS = 3
_SENTENCES = {
    LogResult.REJECTED: gettext_lazy("the campaign or the publisher is paused"),
    LogResult.SHIELDED: gettext_lazy("the first answer again"),
    LogResult.REPLAYED: gettext_lazy("the first answer again"),
    LogResult.CONFIRMED: gettext_lazy("the place is held"),
    LogResult.CLAIMED: gettext_lazy("a call has come for it"),
    LogResult.EXPIRED: gettext_lazy("it came too late"),
}


class LogList(ChangeList):
    """A page of completed rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        complete_rows(self.result_list, request)


def complete_rows(rows: Sequence[Any], request: HttpRequest) -> None:
    """Set `clear`, `caller`, and the names of each row's key, publisher, company and chosen buyer.

    Missing names are blank. A row that repeats or confirms a ping takes what it lacks from the
    ping.
    """
    uuids = {row.reservation_uuid for row in rows if row.trace is None} - {None}
    pings = {
        ping.reservation_uuid: ping
        for ping in LogEntry.objects.filter(reservation_uuid__in=uuids, trace__isnull=False)
    }
    firsts = {row.pk: pings.get(row.reservation_uuid, row) for row in rows}
    chosen = {row.pk: chosen_buyer(row.trace or firsts[row.pk].trace) for row in rows}
    owners = {row.pk: row.publisher_pk or firsts[row.pk].publisher_pk for row in rows}
    key_pks = {row.key_pk for row in rows} - {None}
    keys = {key.pk: str(key) for key in Key.objects.filter(pk__in=key_pks)}
    publishers, buyers = _names(Publisher, owners.values()), _names(Buyer, chosen.values())
    companies = _names(Company, (row.company_pk for row in rows))
    for row in rows:
        row.clear = may_edit(request, row.company_pk or 0)
        row.caller = row.caller_number or firsts[row.pk].caller_number
        row.key_name = keys.get(row.key_pk, "")
        row.publisher_name = publishers.get(owners[row.pk], "")
        row.company_name = companies.get(row.company_pk, "")
        row.buyer_name = buyers.get(chosen[row.pk], "")


def _names(model: Any, pks: Iterable[int | None]) -> dict[int | None, str]:
    return dict(model.objects.filter(pk__in=set(pks) - {None}).values_list("pk", "name"))


def chosen_buyer(trace: Any) -> int | None:
    """Return the primary key of the buyer that a trace chose."""
    order = replay(trace) if is_readable(trace) else []
    return order[0] if order else None


def row_answer(entry: Any) -> str:
    """Return the answer of a completed row in a few words."""
    if entry.status >= 400:
        return labels.error_text(entry)
    if sentence := str(_SENTENCES.get(entry.result, "")):
        if entry.buyer_name:
            return _("%(buyer)s: %(sentence)s") % {"buyer": entry.buyer_name, "sentence": sentence}
        return sentence[:1].upper() + sentence[1:]
    match entry.result:
        case LogResult.NO_TARGET:
            if not is_readable(entry.trace):
                return ""
            return labels.refusal_counts(entry.trace) or _("The campaign has no buyer")
        case LogResult.STORED | LogResult.IN_PROGRESS | LogResult.APPLIED:
            tags = labels.answer_members(entry).get("tag_values")
            names = list(tags) if isinstance(tags, dict) else []
            listed, more = ", ".join(names[:_MAX_TAGS]), len(names) - _MAX_TAGS
            if more <= 0:
                return listed
            return _("%(names)s and %(count)d more") % {"names": listed, "count": more}
        case LogResult.CONVERTED | LogResult.ALREADY_CONVERTED:
            members = labels.answer_members(entry)
            amounts = [(name, members.get(name)) for name in ("revenue", "payout")]
            return ", ".join(f"{name} {amount}" for name, amount in amounts if amount is not None)
    return str(entry.buyer_name)


def row_headline(entry: Any) -> str:
    """Return the headline of a completed row's own page."""
    answer = row_answer(entry)
    if entry.result == LogResult.RESERVED and answer:
        return _("Reserved for %(buyer)s") % {"buyer": answer}
    if entry.result == LogResult.NO_TARGET:
        if entry.trace:
            return _("No buyer for this caller: %(reasons)s") % {"reasons": answer}
        return _("No buyer for this caller")
    return answer or entry.result_label
