"""One request by a key: what it is, and what became of it. At its end it is one row of the postback log."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaigns.errors import NotAuthorized, Refusal
from config.db.insert import insert
from config.http.api_error import ApiError
from config.http.parameters import Parameters
from publishers.models import LogEntry
from publishers.snapshot import KeySnapshot, PublisherSnapshot, Snapshot

from .prefetch import Row

_LONGEST_RESPONSE = 64 * 1024


@dataclass(slots=True)
class KeyRequest:
    """What is known of a request so far."""

    method: str
    path: str
    address: str | None
    now: datetime
    started: float = field(default_factory=time.perf_counter)
    format: str = "json"
    parameters: Parameters = field(default_factory=Parameters)
    key_text: str | None = None
    idempotency_key: str | None = None
    key: KeySnapshot | None = None
    let_in_as: str = ""  # what let it in, where that is no key
    snapshot: Snapshot | None = None
    read: dict[str, list[Row]] = field(default_factory=dict)
    caller_number: str | None = None
    caller_is_unusable: bool = False
    result: str = ""
    notes: list[str] = field(default_factory=list)
    trace: dict[str, Any] | None = None
    reservation_uuid: uuid.UUID | None = None
    call_uuid: uuid.UUID | None = None
    headers: dict[str, str] = field(default_factory=dict)  # of the answer

    def check(self) -> None:
        """Raises ApiError or Refusal (422) for what no act can use: unstorable text, a caller that is no number."""
        self.parameters.check()
        if self.caller_is_unusable:
            raise Refusal("caller_number must be a phone number of 7 to 15 digits")

    @property
    def type(self) -> str:
        """The kind of what let it in; blank when nothing has."""
        return self.key.type if self.key else self.let_in_as

    @property
    def is_let_in(self) -> bool:
        return self.snapshot is not None and self.type != ""

    @property
    def scope(self) -> str:
        """Whose an Idempotency-Key is."""
        return f"key:{self.key.row}" if self.key else f"{self.let_in_as}:{self.key_text}"

    def let_in(self) -> tuple[KeySnapshot, Snapshot]:
        """The key and the settings of a request that the door has let in."""
        if self.key is None or self.snapshot is None:
            raise NotAuthorized
        return self.key, self.snapshot

    def hide_key_in_path(self) -> None:
        """Of a key that is part of the path, the last four characters stay."""
        before, key, after = self.path.rpartition(self.key_text or "")
        self.path = f"{before}…{key[-4:]}{after}" if key else self.path

    def named_publisher(self) -> PublisherSnapshot | None:
        """The publisher that the request names; an unknown one is noted, and attributed to nobody."""
        name = self.parameters.publisher()
        found = self.snapshot.publishers_by_id.get(name) if name and self.snapshot else None
        if name and found is None:
            self.notes.append(f"No publisher is called “{name}”: kept as the tag publisher_id.")
        return found

    def write(self, *, status: int, body: str) -> None:
        """Inserts the log row, in whatever transaction is open."""
        insert(
            LogEntry,
            at=self.now,
            company_pk=self.snapshot.company_pk if self.snapshot and self.is_let_in else None,
            key_pk=self.key.row if self.key else None,
            publisher_pk=self._publisher_row(),
            key_end=_storable_end(self.key_text or ""),
            type=self.type,
            method=self.method[:10],
            path=self.path[:300].replace("\0", "\ufffd"),
            format=self.format,
            parameters=self.parameters.masked(),
            caller_number=self.caller_number,
            status=status,
            response=body[:_LONGEST_RESPONSE].replace("\0", ""),
            result=self.result or "error",
            duration_ms=round((time.perf_counter() - self.started) * 1000, 3),
            reservation_uuid=self.reservation_uuid,
            call_uuid=self.call_uuid,
            address=self.address,
            notes=self.notes,
            trace=self.trace,
            reasons=_reasons(self.trace),
        )

    def _publisher_row(self) -> int | None:
        """Whom the request names, else whose key it is. Who names two names nobody."""
        if self.snapshot is None or not self.is_let_in:
            return None
        try:
            named = self.snapshot.publishers_by_id.get(self.parameters.publisher() or "")
        except ApiError:
            named = None
        return named.row if named else self.key.publisher_pk if self.key else None


def _reasons(trace: dict[str, Any] | None) -> str | None:
    """Why a trace refuses buyers, as a list finds it: each code between commas."""
    refused = trace and trace.get("refused")
    return f",{','.join(refused)}," if refused else None


def _storable_end(key: str) -> str:
    return key[-4:] if key.isascii() and key.isprintable() else "????"
