"""The postback log: one row for every request that names a key."""

import time
from typing import Any

from config.db.insert import insert
from publishers.models import LogEntry

from .request import KeyRequest

_MAX_RESPONSE = 64 * 1024


def write_log_entry(key_request: KeyRequest, *, status: int, body: str) -> None:
    """Insert the row of a request and its answer, in the transaction that is open."""
    snapshot, key = key_request.snapshot, key_request.key
    insert(
        LogEntry,
        at=key_request.now,
        company_pk=snapshot.company_pk if snapshot and key_request.is_authenticated else None,
        key_pk=key.row if key else None,
        publisher_pk=key_request.logged_publisher_pk(),
        key_end=_storable_end(key_request.key_text or ""),
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
        reasons=_reasons(key_request.trace),
    )


def _reasons(trace: dict[str, Any] | None) -> str | None:
    """Return the codes by which a trace refuses buyers, between commas for the list's filter."""
    refused = trace and trace.get("refused")
    return f",{','.join(refused)}," if refused else None


def _storable_end(key: str) -> str:
    return key[-4:] if key.isascii() and key.isprintable() else "????"
