"""A row of the postback log on its page: what was asked and answered, what it led to, and why it was decided so."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from campaigns import phone
from campaigns.admin_base import admin_link, mask_text, moment_text, pretty_json
from campaigns.models import Company
from config.http.parameters import NUMBERS, PUBLISHER_NAMES
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels
from publishers.request_log.related import RelatedCard

from . import request_log_list, routing_trace

Tells = Callable[[HttpRequest, LogEntry], RelatedCard | None]
_NAMES = {
    "key": "Key",
    "api_key": "Key",
    "company_id": "Account",
    "caller_number": "Caller's number",
    "inbound_number": "Number to dial",
    "call_uuid": "Call",
    **dict.fromkeys(PUBLISHER_NAMES, "Publisher"),
    "format": "Format",
    "controller": "Not used",
    "action": "Not used",
    "utf8": "Not used",
}
# What else a key_type of key knows; everything that is left is a tag, or not used.
_NAMES_OF = {
    "rtb": {"status": "New status"},
    "conversion": {"revenue": "Revenue", "payout": "Payout"},
    "call_control": {
        "transfer_to": "Transfer to",
        "hold_caller": "Hold the caller",
        "page": "Page",
        "per_page": "Rows a page",
    },
}
_LOOKING = frozenset({"rtb", "call_reservation"})
_TAGGED = frozenset({"rtb", "call_reservation", "call_data_writing"})


class SentParameter(NamedTuple):
    """A parameter: what it is called on the wire, what that means, and its value."""

    name: str
    words: str
    value: str


def page_context(request: HttpRequest, entry: Any, tells: Sequence[Tells]) -> dict[str, Any]:
    """What the page's template shows of a row that the user may see; `tells` are asked what it led to."""
    request_log_list.complete_rows([entry], request)
    mask = _as_it_is if entry.clear else mask_text
    key = Key.objects.filter(pk=entry.key_pk or 0).select_related("campaign").first()
    own, tags = _sent(entry, mask)
    return {
        "title": f"Postback of {moment_text(entry.at)}",
        "entry": entry,
        "result": (labels.result_text(entry), labels.COLORS.get(entry.result, "")),
        "headline": mask(request_log_list.row_headline(entry)),
        "facts": _facts(entry, key),
        "own": own,
        "tags": tags,
        "tagged": entry.type in _TAGGED,
        "path": mask(entry.path),
        "asked_format": entry.format.upper() or "–",
        "status": labels.status_text(entry.status),
        "status_means": labels.status_means(entry.status),
        "answer": mask(_laid_out(entry)),
        "remarks": [mask(note) for note in entry.notes],
        "led_to": [card for tell in tells if (card := tell(request, entry)) is not None],
        "gone": bool(entry.reservation_uuid or entry.call_uuid),
        "trace": _trace(entry, key, mask),
        "looks_for_buyers": entry.type in _LOOKING,
        **_ways(entry),
    }


def _as_it_is(text: str) -> str:
    return text


# --- what was asked -----------------------------------------------------------------------------------------
def _sent(
    entry: Any, mask: Callable[[str], str]
) -> tuple[list[SentParameter], list[SentParameter]]:
    """The parameters that have a meaning of their own, in the order of their meanings, and all others."""
    known = {**_NAMES, **_NAMES_OF.get(entry.type, {})}
    shown = {name: _value(name, str(text), entry, mask) for name, text in entry.parameters.items()}
    own = [
        SentParameter(name, words, shown[name]) for name, words in known.items() if name in shown
    ]
    return own, [SentParameter(name, "", text) for name, text in shown.items() if name not in known]


def _value(name: str, text: str, entry: Any, mask: Callable[[str], str]) -> str:
    """Numbers are hidden however short they are."""
    number = name in NUMBERS or name == "transfer_to"
    return phone.masked(text) if number and not entry.clear else mask(text)


def _facts(entry: Any, key: Key | None) -> list[tuple[str, Any]]:
    """Who asked what about whom; what is not known is left out."""
    publisher = Publisher.objects.filter(pk=entry.publisher_pk or 0).first()
    facts = [
        ("Time", moment_text(entry.at)),
        ("Type", labels.key_type_text(entry)),
        ("Key", admin_link(key) if key else key_text(entry)),
        ("Campaign", admin_link(key.campaign) if key and key.campaign else ""),
        ("Publisher", admin_link(publisher) if publisher else ""),
        ("Caller", _both_spellings(entry)),
        ("Took", f"{entry.duration_ms:.1f} ms"),
    ]
    return [(name, value) for name, value in facts if value]


def key_text(entry: Any) -> str:
    """How a key is called of which there is no row; a transfer's key is its own UUID."""
    if entry.type == "transfer":
        return f"transfer …{entry.key_end}"
    return f"key number {entry.key_pk}" if entry.key_pk else f"unknown key …{entry.key_end}"


def caller_cell(entry: Any) -> str:
    if not entry.asked_for:
        return ""
    number = phone.national(entry.asked_for)
    return number if entry.clear else phone.masked(number)


def _both_spellings(entry: Any) -> str:
    """As it is written at home, and as it is kept."""
    kept = entry.asked_for or ""
    return ", ".join(
        filter(None, (caller_cell(entry), kept if entry.clear else phone.masked(kept)))
    )


# --- what was answered --------------------------------------------------------------------------------------
def _laid_out(entry: LogEntry) -> str:
    """JSON and XML over several lines."""
    return _indented(entry.response) if entry.format == "xml" else pretty_json(entry.response)


def _indented(xml: str) -> str:
    """A line for each element, further in the deeper it is. An answer that the log cut off has no end."""
    lines, depth = [], 0
    for line in re.sub(r">\s*(?=<)", ">\n", xml).splitlines():
        closes, opens = (
            line.startswith("</"),
            re.match(r"<\w", line) and not re.search(r"/>$|</", line),
        )
        depth = max(depth - closes, 0)
        lines.append("  " * depth + line)
        depth += bool(opens)
    return "\n".join(lines)


def _trace(
    entry: Any, key: Key | None, mask: Callable[[str], str]
) -> routing_trace.TraceView | None:
    """Times are those of the campaign, which is where the decision was made."""
    if not routing_trace.is_readable(entry.trace):
        return None
    own = key.campaign.time_zone if key and key.campaign else ""
    zone = (
        own
        or Company.objects.filter(pk=entry.company_pk).values_list("time_zone", flat=True).first()
    )
    return routing_trace.read_trace(entry.trace, time_zone=zone or "UTC", mask=mask)


# --- where to go from here ----------------------------------------------------------------------------------
def _ways(entry: Any) -> dict[str, str]:
    """The caller's page, the dry run that asks again, and the rows of the same reservation; blank where there is no way."""
    same = entry.reservation_uuid
    of_row = urlencode({"log": entry.pk})
    of_caller = (
        of_row if entry.caller_number else urlencode({"reservation": same})
    )  # who confirms names no caller
    asks_again = entry.company_pk and routing_trace.is_readable(entry.trace)
    return {
        "caller_url": f"{reverse('caller')}?{of_caller}"
        if entry.asked_for and entry.company_pk
        else "",
        "same_url": f"{reverse('admin:publishers_logentry_changelist')}?{urlencode({'q': same})}"
        if same
        else "",
        "again_url": f"{reverse('dry-run')}?{of_row}" if asks_again else "",
    }
