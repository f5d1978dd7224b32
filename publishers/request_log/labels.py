"""The postback log in words: what came of a request, what its status means, and why a buyer was refused."""

import html
import json
import re
from http import HTTPStatus
from typing import Any

from campaigns.routing import explain
from publishers.keys.types import key_type_label
from publishers.models import LogEntry

# The words that the log keeps, as an account manager says them. Where they differ, the word itself stands behind.
RESULTS = {
    "reserved": "Reserved",
    "confirmed": "Confirmed",
    "claimed": "Claimed by a call",
    "expired": "Expired",
    "no-target": "No buyer (no-target)",
    "rejected": "Paused (rejected)",
    "shielded": "Repeat (shielded)",
    "replayed": "Sent twice (replayed)",
    "stored": "Tags stored",
    "in-progress": "Live call (in-progress)",
    "applied": "Tags applied",
    "converted": "Converted",
    "already-converted": "Already converted",
    "done": "Done",
    "refused": "Refused",
    "failed": "Failed",
}
COLORS = {
    **dict.fromkeys(("reserved", "confirmed", "claimed", "converted"), "success"),
    **dict.fromkeys(
        ("shielded", "replayed", "stored", "in-progress", "applied", "already-converted", "done"),
        "info",
    ),
    **dict.fromkeys(("no-target", "expired", "rejected"), "warning"),
    **dict.fromkeys(("refused", "failed"), "danger"),
}
# What the log's page says beside a status.
_STATUSES = {
    200: "the request was evaluated",
    400: "the body could not be read",
    401: "the key is missing, or nobody knows it",
    403: "paused, switched off, or not from this address",
    404: "there is no such thing",
    405: "the path takes another method",
    406: "an unknown format was asked for",
    409: "the first request with its Idempotency-Key was still running",
    410: "whose key it was is deleted",
    413: "the body is too large",
    415: "the body is of an unknown type",
    422: "understood, but a value is missing or unusable",
    429: "too many requests",
    500: "our fault",
    503: "the database could not be reached",
}
_IN_XML = re.compile(r"<error>(.*?)</error>", re.DOTALL)
_LONGEST = 160
_MOST_REASONS = 3


def result_text(entry: LogEntry) -> str:
    """`Reserved`; of an error with its status: `Refused: 422`."""
    word = RESULTS.get(entry.result, entry.result)
    return f"{word}: {entry.status}" if entry.status >= 400 else word


def key_type_text(entry: LogEntry) -> str:
    return "Transfer" if entry.type == "transfer" else key_type_label(entry.type) or "Unknown key"


def status_text(code: int) -> str:
    """`422 Unprocessable Entity`, or the number alone where it has no name."""
    phrase = next((one.phrase for one in HTTPStatus if one == code), "")
    return f"{code} {phrase}".strip()


def status_means(code: int) -> str:
    return _STATUSES.get(code, "")


def error_text(entry: LogEntry) -> str:
    """What the answer says went wrong, in either format; blank when nothing did."""
    if entry.status < 400:
        return ""
    found = _IN_XML.search(entry.response)
    text = html.unescape(found[1]) if found else error_members(entry).get("error", "")
    words = " ".join(str(text).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def error_members(entry: LogEntry) -> dict[str, Any]:
    """What a JSON answer holds; nothing of any other."""
    try:
        read = json.loads(entry.response)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def refusal_counts(trace: dict[str, Any]) -> str:
    """How many buyers were refused for what, the most frequent first: `3 closed, 1 filtered out`."""
    counted = [
        (sum(len(rows) for _, rows in groups), slug) for slug, groups in trace["refused"].items()
    ]
    counted.sort(key=lambda pair: -pair[0])
    told = [f"{count} {explain.reason_summary(slug)}" for count, slug in counted[:_MOST_REASONS]]
    rest = sum(count for count, _ in counted[_MOST_REASONS:])
    return ", ".join([*told, f"{rest} for other reasons"] if rest else told)
