"""The page of a postback: its request and answer, what came of it, and the routing trace."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import phone
from campaigns.admin_base import admin_link, moment_text, pretty_json
from campaigns.models import Company
from campaigns.phone import mask_text
from config.http.parameters import NUMBERS, PUBLISHER_NAMES
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels
from publishers.request_log.related import RelatedCard

from . import request_log_list, routing_trace

CardSource = Callable[[HttpRequest, LogEntry], RelatedCard | None]
_UNUSED = gettext_lazy("Not used")
_LABELS = {
    "key": gettext_lazy("Key"),
    "api_key": gettext_lazy("Key"),
    "company_id": gettext_lazy("Account"),
    "caller_number": gettext_lazy("Caller's number"),
    "inbound_number": gettext_lazy("Number to dial"),
    "call_uuid": gettext_lazy("Call"),
    **dict.fromkeys(PUBLISHER_NAMES, gettext_lazy("Publisher")),
    "format": gettext_lazy("Format"),
    **dict.fromkeys(("controller", "action", "utf8"), _UNUSED),
}
# Parameters that a single key type reads. All others are tags, or not used.
_LABELS_BY_TYPE = {
    "rtb": {"status": gettext_lazy("New status")},
    "conversion": {"revenue": gettext_lazy("Revenue"), "payout": gettext_lazy("Payout")},
    "call_control": {
        "transfer_to": gettext_lazy("Transfer to"),
        "hold_caller": gettext_lazy("Hold the caller"),
        "page": gettext_lazy("Page"),
        "per_page": gettext_lazy("Rows a page"),
    },
}
_ROUTED_TYPES = frozenset({"rtb", "call_reservation"})
_TAGGED_TYPES = frozenset({"rtb", "call_reservation", "call_data_writing"})


class SentParameter(NamedTuple):
    """A parameter: its name on the wire, its label, and its value."""

    name: str
    label: str
    value: str


def page_context(
    request: HttpRequest, entry: Any, card_sources: Sequence[CardSource]
) -> dict[str, Any]:
    """Return the template context of a row; `card_sources` return what the request led to."""
    request_log_list.complete_rows([entry], request)
    mask: Callable[[str], str] = str if entry.clear else mask_text
    key = Key.objects.filter(pk=entry.key_pk or 0).select_related("campaign").first()
    parameters, tags = _sent_parameters(entry, mask)
    is_xml = entry.format == "xml"
    trace = None
    if routing_trace.is_readable(entry.trace):  # with times in the campaign's time zone
        zone = key.campaign.time_zone if key and key.campaign else ""
        if not zone:
            companies = Company.objects.filter(pk=entry.company_pk)
            zone = companies.values_list("time_zone", flat=True).first() or "UTC"
        trace = routing_trace.read_trace(entry.trace, time_zone=zone, mask=mask)
    return {
        "title": _("Postback of %(when)s") % {"when": moment_text(entry.at)},
        "entry": entry,
        "headline": mask(request_log_list.row_headline(entry)),
        "facts": _facts(entry, key),
        "parameters": parameters,
        "tags": tags,
        "tagged": entry.type in _TAGGED_TYPES,
        "path": mask(entry.path),
        "format": entry.format.upper() or "–",
        "answer": mask(_indented(entry.response) if is_xml else pretty_json(entry.response)),
        "notes": [mask(note) for note in entry.notes],
        "related_cards": [card for get in card_sources if (card := get(request, entry))],
        "had_related": bool(entry.reservation_uuid or entry.call_uuid),
        "trace": trace,
        "routed": entry.type in _ROUTED_TYPES,
        **_urls(entry),
    }


def _sent_parameters(
    entry: Any, mask: Callable[[str], str]
) -> tuple[list[SentParameter], list[SentParameter]]:
    """Return the labeled parameters, in the order of the labels, and all others."""
    values = {}
    for name, value in entry.parameters.items():
        # Numbers are masked even when they are too short for `mask` to recognize them.
        is_number = name in NUMBERS or name == "transfer_to"
        hidden = is_number and not entry.clear
        values[name] = phone.masked(str(value)) if hidden else mask(str(value))
    known = {**_LABELS, **_LABELS_BY_TYPE.get(entry.type, {})}
    labeled = [
        SentParameter(name, str(label), values[name])
        for name, label in known.items()
        if name in values
    ]
    others = [SentParameter(name, "", text) for name, text in values.items() if name not in known]
    return labeled, others


def _facts(entry: Any, key: Key | None) -> list[tuple[str, Any]]:
    """Return the labeled facts about the request, without the blank ones."""
    publisher = Publisher.objects.filter(pk=entry.publisher_pk or 0).first()
    stored = entry.caller or ""
    spellings = (caller_cell(entry), stored if entry.clear else phone.masked(stored))
    facts = [
        (_("Time"), moment_text(entry.at)),
        (_("Type"), labels.key_type_text(entry)),
        (_("Key"), admin_link(key) if key else key_text(entry)),
        (_("Campaign"), admin_link(key.campaign) if key and key.campaign else ""),
        (_("Publisher"), admin_link(publisher) if publisher else ""),
        (_("Caller"), ", ".join(filter(None, spellings))),
        (_("Took"), f"{entry.duration_ms:.1f} ms"),
    ]
    return [(label, value) for label, value in facts if value]


def key_text(entry: Any) -> str:
    """Return the name of a key without a row; a transfer is authorized by its own UUID."""
    if entry.type == "transfer":
        return _("transfer …%(end)s") % {"end": entry.key_end}
    if entry.key_pk:
        return _("key number %(pk)d") % {"pk": entry.key_pk}
    return _("unknown key …%(end)s") % {"end": entry.key_end}


def caller_cell(entry: Any) -> str:
    if not entry.caller:
        return ""
    number = phone.national(entry.caller)
    return number if entry.clear else phone.masked(number)


def _indented(xml: str) -> str:
    """Return XML with a line for each element. It may be truncated, so it is not parsed."""
    lines, depth = [], 0
    for line in re.sub(r">\s*(?=<)", ">\n", xml).splitlines():
        closes = line.startswith("</")
        opens = re.match(r"<\w", line) and not re.search(r"/>$|</", line)
        depth = max(depth - closes, 0)
        lines.append("  " * depth + line)
        depth += bool(opens)
    return "\n".join(lines)


def _urls(entry: Any) -> dict[str, str]:
    """Return the URLs of the caller, of the replay, and of the reservation's rows; blank if
    none."""
    reservation = entry.reservation_uuid
    by_entry = urlencode({"log": entry.pk})
    # A confirmation carries no caller; its reservation leads to the caller.
    by_caller = by_entry if entry.caller_number else urlencode({"reservation": reservation})
    has_caller = entry.caller and entry.company_pk
    replayable = entry.company_pk and routing_trace.is_readable(entry.trace)
    log = reverse("admin:publishers_logentry_changelist")
    return {
        "caller_url": f"{reverse('caller')}?{by_caller}" if has_caller else "",
        "reservation_url": f"{log}?{urlencode({'q': reservation})}" if reservation else "",
        "replay_url": f"{reverse('dry-run')}?{by_entry}" if replayable else "",
    }
