"""The postback log: one row for every request that names a key."""

import time

from config.db.insert import insert
from publishers.models import LogEntry

from .request import KeyRequest

_MAX_RESPONSE = 64 * 1024


def write_log_entry(key_request: KeyRequest, *, status: int, body: str) -> None:
    """Insert the row of a request and its answer, in the transaction that is open."""
    snapshot, key = key_request.snapshot, key_request.key
    text = key_request.key_text or ""
    # The codes by which the trace refuses buyers, between commas for the list's filter.
    refused = key_request.trace and key_request.trace.get("refused")
    insert(
        LogEntry,
        at=key_request.now,
        company_pk=snapshot.company_pk if snapshot and key_request.is_authenticated else None,
        key_pk=key.row if key else None,
        publisher_pk=key_request.logged_publisher_pk(),
        key_end=text[-4:] if text.isascii() and text.isprintable() else "????",
        type=key_request.type,
        method=key_request.method[:10],
        path=key_request.path[:300].replace("\0", "\ufffd"),
        format=key_request.format,
        parameters=key_request.parameters.masked(),
        caller_number=key_request.caller_number,
        status=status,
        response=body[:_MAX_RESPONSE].replace("\0", ""),
        result=key_request.result or "error",
        duration_ms=round((time.perf_counter() - key_request.started) * 1000, 3),
        reservation_uuid=key_request.reservation_uuid,
        call_uuid=key_request.call_uuid,
        address=key_request.address,
        notes=key_request.notes,
        trace=key_request.trace,
        reasons=f",{','.join(refused)}," if refused else None,
    )
