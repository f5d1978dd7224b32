"""`Idempotency-Key`: the first answer is kept for a day and given again."""

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
# How long a first request may run before its key is taken to be abandoned (its process was killed).
LOCKED = timedelta(seconds=60)
NEVER_KEPT = frozenset({401, 403, 409, 429})


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """An answer as it goes over the wire."""

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
    """The kept answer, or the row that this request must `finish` or `forget`.

    Raises StillRunning while the first request has not answered, Refusal when its parameters were others.
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
    """Keeps the answer, or forgets the key after one that is never kept.

    Raises StillRunning when the key was taken for abandoned and given to a later request: only that one may act.
    """
    if answer.status in NEVER_KEPT or answer.status >= 500:
        forget_request(row=row)
        return
    mine = IdempotencyRecord.objects.filter(pk=row, status=None)
    if not mine.update(status=answer.status, body=answer.body, content_type=answer.format):
        raise StillRunning(
            "this request took too long, and a later one with its Idempotency-Key took its place"
        )


def forget_request(*, row: int) -> None:
    """The request came to nothing: its key is free again."""
    IdempotencyRecord.objects.filter(pk=row, status=None).delete()


def drop_expired_records(*, now: datetime, limit: int) -> int:
    """Deletes at most so many answers that are older than a day; how many."""
    return sweeps.drop_expired_rows(IdempotencyRecord, now=now, limit=limit)
