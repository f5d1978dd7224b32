"""One request by a key: its parameters, the key, and what is logged of it."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaigns.errors import Refusal
from config.http.api_error import ApiError
from config.http.parameters import Parameters
from publishers.snapshot import KeySnapshot, PublisherSnapshot, Snapshot

from .prefetch import Row


@dataclass(slots=True)
class KeyRequest:
    """A request by a key, filled step by step; at its end it is one row of the postback log."""

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
    credential_type: str = ""  # of a credential that is not a key
    snapshot: Snapshot | None = None
    rows: dict[str, list[Row]] = field(default_factory=dict)  # of the prefetch, by its parts' names
    caller_number: str | None = None
    caller_is_invalid: bool = False
    result: str = ""
    notes: list[str] = field(default_factory=list)
    trace: dict[str, Any] | None = None
    reservation_uuid: uuid.UUID | None = None
    call_uuid: uuid.UUID | None = None

    def check_parameters(self) -> None:
        """Raise ApiError or Refusal (422) for text that cannot be stored, or an unusable caller."""
        self.parameters.check()
        if self.caller_is_invalid:
            raise Refusal("caller_number must be a phone number of 7 to 15 digits")

    @property
    def type(self) -> str:
        """The type of the credential; blank before authentication."""
        return self.key.type if self.key else self.credential_type

    @property
    def is_authenticated(self) -> bool:
        return self.snapshot is not None and self.type != ""

    @property
    def idempotency_scope(self) -> str:
        """The credential that this request's Idempotency-Key belongs to."""
        return f"key:{self.key.row}" if self.key else f"{self.credential_type}:{self.key_text}"

    def hide_key_in_path(self) -> None:
        """Keep the last four characters of a key that is part of the path."""
        before, key, after = self.path.rpartition(self.key_text or "")
        self.path = f"{before}…{key[-4:]}{after}" if key else self.path

    def named_publisher(self) -> PublisherSnapshot | None:
        """Return the publisher that the request names; an unknown name is noted in the log."""
        name = self.parameters.publisher()
        found = self.snapshot.publishers_by_id.get(name) if name and self.snapshot else None
        if name and found is None:
            self.notes.append(f"No publisher is called “{name}”: kept as the tag publisher_id.")
        return found

    def logged_publisher_pk(self) -> int | None:
        """Return the named publisher's row, else the key's; None when two names contradict."""
        if self.snapshot is None or not self.is_authenticated:
            return None
        try:
            named = self.snapshot.publishers_by_id.get(self.parameters.publisher() or "")
        except ApiError:
            named = None
        return named.row if named else self.key.publisher_pk if self.key else None
