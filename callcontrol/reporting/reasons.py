"""Why a ping found no buyer, in a code that tallies keep and in words.

Codes: that of a routing reason, such as `closed`, for each that refused a buyer where all were refused; `no-target` for
every ping that all buyers were refused; `nobody` where there was no buyer to ask; `rejected`; and the status and text of
an answer that came before routing: `422 FAILED must include caller_zip (string)`. Tallies outlive the log and whoever is
named in it, so long numbers are masked; and what a request holds may be part of an answer, so texts are bounded.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from campaigns.admin_base import mask_text
from campaigns.routing import explain

NO_TARGET = "no-target"
NOBODY = "nobody"
REJECTED = "rejected"
_LONGEST = 200
_MOST_ERRORS = 20  # told apart
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
    """Every code that applies to the pings of one outcome. `reasons` is the log's column, `response` the answer of an error."""
    if result == NO_TARGET:
        yield NO_TARGET
        yield from filter(None, reasons.split(",")) if reasons else [NOBODY]
    elif result == REJECTED:
        yield REJECTED
    elif status >= 400:
        yield f"{status} {_error(response or '')}".strip()


def _error(response: str) -> str:
    """What an answer says went wrong, in either format."""
    try:
        text = json.loads(response)["error"]
    except (ValueError, TypeError, KeyError):
        found = _IN_XML.search(response)
        text = html.unescape(found[1]) if found else ""
    return mask_text(_storable(" ".join(str(text).split())))[:_LONGEST]


def _storable(text: str) -> str:
    """What a JSON text spells out, and PostgreSQL keeps in no column: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def short_reasons(counted: Mapping[str, int]) -> dict[str, str]:
    """The rarer ones of many errors, with the status that they are told by."""
    errors = sorted(filter(_is_error, counted), key=lambda code: (-counted[code], code))
    return {code: code.partition(" ")[0] for code in errors[_MOST_ERRORS:]}


def _is_error(code: str) -> bool:
    return code[:1].isdigit()


def is_whole(code: str) -> bool:
    """Whether the answers behind it can be found by what it says."""
    text = code.partition(" ")[2]
    return not _is_error(code) or (
        0 < len(text) < _LONGEST and _MASKED not in text and "\ufffd" not in text
    )


def is_of_routing(code: str) -> bool:
    """Whether buyers were asked, and this is why one was refused."""
    return not _is_error(code) and code not in (NO_TARGET, REJECTED)


def reason_text(code: str) -> str:
    if _is_error(code):
        status, __, text = code.partition(" ")
        missing = _MISSING.fullmatch(text)
        return (
            f"“{missing[1]}” missing"
            if missing
            else f"{text[:1].upper()}{text[1:]}"
            if text
            else f"Answered {status}"
        )
    return str(_LABELS.get(code) or capfirst(explain.reason_summary(code)))
