"""`Idempotency-Key`: the first answer is kept for a day and sent again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from campaigns import sweeps
from campaigns.errors import Refusal, StillRunning
from config.db.insert import insert
from publishers.models import IdempotencyRecord

KEPT = timedelta(hours=24)
# After this time a first request counts as abandoned: its process was killed.
LOCKED = timedelta(seconds=60)
NEVER_KEPT = frozenset({401, 403, 409, 429})


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """An answer as it was sent."""

    status: int
    body: str
    format: str


def begin_request(
    *,
    scope: str,
    method: str,
    path: str,
    idempotency_key: str,
    parameters: Mapping[str, str],
    now: datetime,
) -> KeptResponse | int:
    """Return the kept answer, or the row that this request must `finish_request` or forget.

    Raises StillRunning until the first request is answered, Refusal if it had other parameters.
    """
    if not 0 < len(idempotency_key) <= 255 or not idempotency_key.isprintable():
        raise Refusal("Idempotency-Key must have 1 to 255 printable characters")
    names = {
        "scope": scope,
        "method": method,
        "path": path[:300].replace("\0", "\ufffd"),
        "idempotency_key": idempotency_key,
    }
    fingerprint = hashlib.sha256(
        json.dumps(sorted(parameters.items())).encode("utf-8", "surrogatepass")
    ).hexdigest()
    IdempotencyRecord.objects.filter(**names).filter(
        Q(expires_at__lte=now) | Q(status=None, locked_until__lte=now)
    ).delete()
    first = insert(
        IdempotencyRecord,
        **names,
        fingerprint=fingerprint,
        status=None,
        content_type="",
        body="",
        locked_until=now + LOCKED,
        expires_at=now + KEPT,
    )
    record = IdempotencyRecord.objects.filter(**names).first()
    if record is None:
        raise StillRunning("the first request with this Idempotency-Key has just ended; ask again")
    if first:
        return record.pk
    if record.fingerprint != fingerprint:
        raise Refusal("this Idempotency-Key was used with other parameters")
    if record.status is None:
        raise StillRunning("the first request with this Idempotency-Key is still running")
    return KeptResponse(record.status, record.body, record.content_type)


def finish_request(*, row: int, answer: KeptResponse) -> None:
    """Keep the answer, or free the key after an answer that is never kept.

    Raises StillRunning if the request counted as abandoned and a later one has its key.
    """
    if answer.status in NEVER_KEPT or answer.status >= 500:
        forget_request(row=row)
        return
    record = IdempotencyRecord.objects.filter(pk=row, status=None)
    if not record.update(status=answer.status, body=answer.body, content_type=answer.format):
        raise StillRunning(
            "this request took too long, and a later one with its Idempotency-Key took its place"
        )


def forget_request(*, row: int) -> None:
    """Free the key of a request that has no answer to keep."""
    IdempotencyRecord.objects.filter(pk=row, status=None).delete()


def drop_expired_records(*, now: datetime, limit: int) -> int:
    """Delete at most `limit` answers that are older than a day; return how many."""
    return sweeps.drop_expired_rows(IdempotencyRecord, now=now, limit=limit)
