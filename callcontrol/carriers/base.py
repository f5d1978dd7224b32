"""The port to a carrier: commands to it, and events from it.

Ringpost sends commands by the methods of `Carrier`, never inside a transaction. A carrier reports
events: most post them later to `/carriers/{slug}/{webhook}`, where
`callcontrol.api.carrier_callbacks` checks them by `verify`, reads them by `parse`, hands them to
`callcontrol.lifecycle.events`, and answers with one of the carrier's replies. Some carriers return
events at once from `immediate_events`. All parties of a call sit in one conference, so that they
can be held and exchanged.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


# --- commands to a carrier ------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DialRequest:
    """A leg to dial. `caller_id` is the number to show, None to withhold it.

    `headers` are SIP headers with the identity of the call.
    """

    call_uuid: UUID
    leg_uuid: UUID
    carrier_call_id: str
    number: str
    caller_id: str | None
    timeout_seconds: int
    send_digits: str
    sip_username: str
    sip_password: str
    headers: Mapping[str, str]
    at: datetime
    inband_signals: bool = False


@dataclass(frozen=True, slots=True)
class CarrierLeg:
    """A leg in its call's conference, `at` a time on the call's own clock.

    The `carrier_leg_id` of the caller's leg is the carrier's ID of the call.
    """

    call_uuid: UUID
    leg_uuid: UUID
    carrier_leg_id: str
    at: datetime


# --- events from a carrier ------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller dialed `to`. `digits` are the digits that the caller entered when prompted.

    `now` is the time on the call's own clock; `received_at` is the wall clock's, where that
    differs: a simulated call brings its own times. `token` goes back to the carrier with a request
    to show this caller's number.
    """

    carrier: str
    carrier_call_id: str
    to: str
    caller: str | None
    digits: str | None
    now: datetime
    received_at: datetime | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class CallerJoined:
    """The caller joined the call's conference: routing may start."""

    call_uuid: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class LegRings:
    """A dialed leg rings, under the carrier's own ID."""

    leg_uuid: UUID
    at: datetime
    carrier_leg_id: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A dialed leg was answered. `event_id` is the carrier's ID of the event, if it has one."""

    leg_uuid: UUID
    at: datetime
    event_id: str | None = None
    carrier_leg_id: str = ""


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg ended, also the caller's. `seconds` is its talk time, if the carrier reports it."""

    leg_uuid: UUID
    at: datetime
    outcome: str  # one of OUTCOMES
    seconds: int | None = None
    event_id: str | None = None


OUTCOMES = ("completed", "busy", "no-answer", "failed", "canceled")
Event = Arrival | LegAnswered | LegEnded
CallbackEvent = Event | CallerJoined | LegRings


@dataclass(frozen=True, slots=True)
class CarrierWebhook:
    """A request that a carrier posted to the public address `url`.

    `query` are the parameters of the address, `parameters` those of the body.
    """

    name: str
    url: str
    query: Mapping[str, str]
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class CarrierReply:
    """The response to a carrier's webhook."""

    text: str = ""
    content_type: str = "text/xml; charset=utf-8"


class Carrier(ABC):
    """One carrier, chosen by its `slug` in the setting CARRIER."""

    slug: ClassVar[str]
    # How long to wait, after a leg's ring time, for the carrier's own event.
    grace_seconds: ClassVar[int] = 15
    # Timeouts count as done when they were due, not when a sweep got to them.
    keeps_virtual_time: ClassVar[bool] = False
    webhooks: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def dial(self, request: DialRequest) -> str:
        """Dial a party into the call's conference; return the carrier's ID of the leg.

        Raises CarrierError.
        """

    @abstractmethod
    def hang_up(self, leg: CarrierLeg) -> None:
        """End a leg, ringing or talking, the caller's too. Does nothing to a leg that has ended.

        Raises CarrierError.
        """

    @abstractmethod
    def turn_away(self, caller: CarrierLeg) -> None:
        """Announce to the caller that the call cannot be taken, and end it. Raises CarrierError."""

    @abstractmethod
    def hold(self, leg: CarrierLeg) -> None:
        """Play hold music to a party, and mute it in the conference. Raises CarrierError."""

    @abstractmethod
    def unhold(self, leg: CarrierLeg) -> None:
        """Return a party to the conference. Raises CarrierError."""

    def connected(self, caller: CarrierLeg) -> None:  # noqa: B027 - most carriers bridge the legs
        """React to the first answered leg of the caller's call."""

    def immediate_events(self) -> list[Event]:
        """Return what the commands so far have brought about, each event once."""
        return []

    def linked_calls(self, call_uuid: UUID) -> Sequence[UUID]:
        """Return the calls that dialed one another, from the first on, this one included.

        In virtual time they share one clock.
        """
        return [call_uuid]

    def check_account(self) -> str:
        """Check that the carrier can be reached; return its status as a sentence.

        Raises CarrierError.
        """
        return f"The carrier is {self.slug}."

    # --- webhooks of the carrier ---
    def verify(self, webhook: CarrierWebhook) -> bool:
        """Check the signature of a webhook, without a database query."""
        return False

    def parse(self, webhook: CarrierWebhook) -> CallbackEvent | None:
        """Return the event of a webhook, None for one of no interest. Raises a Refusal."""
        return None

    def prompt_for_number(self, arrival: Arrival) -> CarrierReply:
        """Ask the caller to enter the real caller's number; the next arrival has the digits."""
        return CarrierReply()

    def join_conference(self, *, call_uuid: UUID, caller: UUID) -> CarrierReply:
        """Put the caller into the call's conference; `caller` is the UUID of the caller's leg."""
        return CarrierReply()

    def reject_arrival(self, arrival: Arrival) -> CarrierReply:
        """Reject a call to an unknown number, or one that has ended already."""
        return CarrierReply()

    def acknowledge(self, webhook: CarrierWebhook) -> CarrierReply:
        """Answer an event that needs no instruction."""
        return CarrierReply()


class CarrierError(Exception):
    """A carrier did not carry out a command. `is_final`: a second try will fail too."""

    def __init__(self, text: str, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final
