"""The port to a carrier: what Ringpost asks of whoever carries its calls.

A carrier tells what happens by calling `callcontrol.lifecycle`; it is told what to do by these methods, never inside
a transaction. A caller and each handler sit in one conference a call, so that they can be held and exchanged.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Dial:
    """A leg to dial. `show` is the caller ID to send (None: withheld), `headers` the SIP headers of the call's identity."""

    call_uuid: UUID
    leg_uuid: UUID
    carrier_call_id: str
    number: str
    show: str | None
    timeout_seconds: int
    send_digits: str
    sip_username: str
    sip_password: str
    headers: Mapping[str, str]


class Carrier(ABC):
    """One carrier. A subclass names itself by `slug`, the value of CARRIER."""

    slug: ClassVar[str]

    @abstractmethod
    def dial(self, order: Dial) -> str:
        """Begins to ring a party into the call's conference; the carrier's own id of the leg. Raises CarrierFailed."""

    @abstractmethod
    def turn_away(self, carrier_call_id: str) -> None:
        """Tells the caller that nobody is available, and ends the call."""


class CarrierFailed(Exception):
    """The carrier did not do what it was asked. `is_final`: asking again will not help."""

    def __init__(self, text: str, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final
