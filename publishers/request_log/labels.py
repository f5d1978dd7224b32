"""Texts read from a logged request: its key type, its error, and its counts of refusals."""

import html
import json
import re
from typing import Any

from django.utils.translation import gettext as _

from campaigns.routing import explain
from publishers.keys.types import key_type_label
from publishers.models import LogEntry

_XML_ERROR = re.compile(r"<error>(.*?)</error>", re.DOTALL)
_MAX_ERROR_LENGTH = 160
_MAX_REASONS = 3


def key_type_text(entry: LogEntry) -> str:
    if entry.type == "transfer":  # authorized by its UUID, which is not a key
        return _("Transfer")
    return key_type_label(entry.type) or _("Unknown key")


def error_text(entry: LogEntry) -> str:
    """Return the error of the answer, in either format; blank without one."""
    if entry.status < 400:
        return ""
    in_xml = _XML_ERROR.search(entry.response)
    error = html.unescape(in_xml[1]) if in_xml else answer_members(entry).get("error", "")
    text = " ".join(str(error).split())
    return text if len(text) <= _MAX_ERROR_LENGTH else f"{text[:_MAX_ERROR_LENGTH]}…"


def answer_members(entry: LogEntry) -> dict[str, Any]:
    """Return the members of a JSON answer; empty for any other answer."""
    try:
        parsed = json.loads(entry.response)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def refusal_counts(trace: dict[str, Any]) -> str:
    """Return the refused buyers by reason, the most frequent first: `3 closed, 1 filtered out`."""
    counts = [
        (sum(len(rows) for _detail, rows in groups), slug)
        for slug, groups in trace["refused"].items()
    ]
    counts.sort(key=lambda pair: -pair[0])
    texts = [f"{count} {explain.reason_summary(slug)}" for count, slug in counts[:_MAX_REASONS]]
    if rest := sum(count for count, _slug in counts[_MAX_REASONS:]):
        texts.append(_("%(count)d for other reasons") % {"count": rest})
    return ", ".join(texts)
