"""Reasons for refused pings: the codes that rollups store, and their labels.

Codes: the slug of each routing filter that refused a buyer of a ping that all buyers refused, such
as `closed`; `no-target` for every such ping; `nobody` for a campaign without buyers; `rejected`;
and for an answer before routing its status and text: `422 FAILED must include caller_zip (string)`.
Rollups outlive the request log, so long numbers are masked. Texts are bounded because a request can
put its own text into an error.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.phone import mask_text
from campaigns.routing import explain

NO_TARGET = "no-target"
NOBODY = "nobody"
REJECTED = "rejected"
_MAX_LENGTH = 200  # a request can put its own text into an error
_MAX_ERRORS = 20  # with their texts
_MASKED = "*"
_IN_XML = re.compile(r"<error>(.*?)</error>", re.DOTALL)
_LABELS = {
    NOBODY: _("The campaign has no buyer"),
    REJECTED: _("Campaign or publisher paused"),
}
_MISSING = re.compile(r"FAILED must include (.+) \(\w+\)")


def reason_codes(
    *, result: str, status: int, reasons: str | None, response: str | None
) -> Iterator[str]:
    """Yield the codes of a request: `reasons` is the log's column, `response` an error's body."""
    if result == NO_TARGET:
        yield NO_TARGET
        yield from filter(None, reasons.split(",")) if reasons else [NOBODY]
    elif result == REJECTED:
        yield REJECTED
    elif status >= 400:
        response = response or ""
        try:
            text = json.loads(response)["error"]
        except (ValueError, TypeError, KeyError):
            found = _IN_XML.search(response)
            text = html.unescape(found[1]) if found else ""
        # PostgreSQL does not store NUL and halves of surrogate pairs.
        line = " ".join(str(text).split()).replace("\0", "\ufffd")
        error = mask_text(line.encode("utf-8", "replace").decode())[:_MAX_LENGTH]
        yield f"{status} {error}".strip()


def short_reasons(counted: Mapping[str, int]) -> dict[str, str]:
    """Return the short code, a status, of each error beyond the most frequent ones."""
    errors = sorted(filter(_is_error, counted), key=lambda code: (-counted[code], code))
    return {code: code.partition(" ")[0] for code in errors[_MAX_ERRORS:]}


def _is_error(code: str) -> bool:
    return code[:1].isdigit()


def is_whole(code: str) -> bool:
    """Return whether the code has the whole text of an error, so that the list can find it."""
    text = code.partition(" ")[2]
    return not _is_error(code) or (
        0 < len(text) < _MAX_LENGTH and _MASKED not in text and "\ufffd" not in text
    )


def is_of_routing(code: str) -> bool:
    """Return whether a filter of routing refused a buyer, not the request itself."""
    return not _is_error(code) and code not in (NO_TARGET, REJECTED)


def reason_text(code: str) -> str:
    """Return the label of a code."""
    if _is_error(code):
        status, __, text = code.partition(" ")
        missing = _MISSING.fullmatch(text)
        if missing:
            return gettext("“%(name)s” missing") % {"name": missing[1]}
        return capfirst(text) or gettext("Status %(status)s") % {"status": status}
    return str(_LABELS.get(code) or capfirst(explain.reason_summary(code)))
