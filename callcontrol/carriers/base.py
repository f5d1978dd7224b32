"""The port to a carrier: what Ringpost asks of whoever carries its calls, and what a carrier tells.

A carrier is told what to do by the methods of `Carrier`, never inside a transaction. It tells what happened by events:
most carriers by calling back later (their entrance hands the event to `callcontrol.lifecycle.events.handle_event`), some at once, by
`heard`. The caller and everybody else of a call sit in one conference, so that they can be held and exchanged.

A carrier that calls back names its `webhooks`: what it posts to `/carriers/{slug}/{webhook}` is checked by `verify`, made
one of the events below by `read`, handed on by `callcontrol.api.carrier_callbacks`, and answered by one of its replies.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


# --- what a carrier is told -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DialRequest:
    """A leg to dial. `show` is the caller ID to send (None: withheld), `headers` the SIP headers of the call's identity."""

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
    """One party's line in a call's conference. `carrier_leg_id` of the caller's line is the carrier's id of the call.

    `at` is the moment by the call's own clock.
    """

    call_uuid: UUID
    leg_uuid: UUID
    carrier_leg_id: str
    at: datetime


# --- what a carrier tells ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller has dialed `to`. `digits` is what the caller keyed in when asked for the real number.

    `now` is the call's own clock, `received_at` the wall's where that is another: a simulated call brings its own times.
    `token` is what the carrier wants back when it is asked to show this caller's number.
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
    """The caller is in the call's conference: a buyer may be rung."""

    call_uuid: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class LegRings:
    """A dialed leg is on its way, under the carrier's own id."""

    leg_uuid: UUID
    at: datetime
    carrier_leg_id: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A dialed leg was picked up. `event_id` is the carrier's own name of the event, if it has one, as is `carrier_leg_id`."""

    leg_uuid: UUID
    at: datetime
    event_id: str | None = None
    carrier_leg_id: str = ""


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg is over, also the caller's. `outcome` is one of OUTCOMES, `seconds` how long it talked, where that is told."""

    leg_uuid: UUID
    at: datetime
    outcome: str
    seconds: int | None = None
    event_id: str | None = None


OUTCOMES = ("completed", "busy", "no-answer", "failed", "canceled")
Event = Arrival | LegAnswered | LegEnded
CallbackEvent = Event | CallerJoined | LegRings


@dataclass(frozen=True, slots=True)
class CarrierWebhook:
    """What a carrier posted: `url` is the public address that it asked, `said` its parameters, those of the query apart."""

    name: str
    url: str
    query: Mapping[str, str]
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class CarrierReply:
    """What a carrier is answered."""

    text: str = ""
    content_type: str = "text/xml; charset=utf-8"


class Carrier(ABC):
    """One carrier. A subclass names itself by `slug`, the value of CARRIER.

    `grace_seconds`: how long after a ring time its own word on the end is waited for. `keeps_virtual_time`: what was
    due has happened when it was due, also when nobody looked.
    """

    slug: ClassVar[str]
    grace_seconds: ClassVar[int] = 15
    keeps_virtual_time: ClassVar[bool] = False
    webhooks: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def dial(self, order: DialRequest) -> str:
        """Begins to ring a party into the call's conference; the carrier's own id of the leg. Raises CarrierFailed."""

    @abstractmethod
    def hang_up(self, line: CarrierLeg) -> None:
        """Ends a line, ringing or talking, the caller's too. Silent if it is over already. Raises CarrierFailed."""

    @abstractmethod
    def turn_away(self, caller: CarrierLeg) -> None:
        """Tells the caller that nobody is available, and ends the call. Raises CarrierFailed."""

    @abstractmethod
    def hold(self, line: CarrierLeg) -> None:
        """The party hears hold music and nobody of the conference, and is heard by nobody. Raises CarrierFailed."""

    @abstractmethod
    def unhold(self, line: CarrierLeg) -> None:
        """The party is back in the conference. Raises CarrierFailed."""

    def connected(self, caller: CarrierLeg) -> None:  # noqa: B027 - most carriers bridge by themselves
        """The caller's first leg was picked up."""

    def immediate_events(self) -> list[Event]:
        """What it can tell at once about what it was just asked, each event once; most carriers call back instead."""
        return []

    def linked_calls(self, call_uuid: UUID) -> Sequence[UUID]:
        """The calls of which one dialed the next, from the first on, with this one: where time is virtual, they share it."""
        return [call_uuid]

    def check_account(self) -> str:
        """Asks whether the carrier can be reached; what it said, in a sentence. Raises CarrierFailed."""
        return f"The carrier is {self.slug}."

    # --- of a carrier that calls back ---
    def verify(self, hook: CarrierWebhook) -> bool:
        """Whether the carrier itself posted this. Asks no database."""
        return False

    def parse(self, hook: CarrierWebhook) -> CallbackEvent | None:
        """What it tells, if that is of interest. Raises a Refusal for what cannot be read."""
        return None

    def prompt_for_number(self, arrival: Arrival) -> CarrierReply:
        """The caller is asked to key in the real caller's number; the next arrival brings the digits."""
        return CarrierReply()

    def join_conference(self, *, call_uuid: UUID, caller: UUID) -> CarrierReply:
        """The caller is put into the call's conference; `caller` is the UUID of the caller's leg."""
        return CarrierReply()

    def reject_arrival(self, arrival: Arrival) -> CarrierReply:
        """The number that was dialed is not ours, or the call is over already."""
        return CarrierReply()

    def acknowledge(self, hook: CarrierWebhook) -> CarrierReply:
        """Noted; there is nothing to do."""
        return CarrierReply()


class CarrierError(Exception):
    """The carrier did not do what it was asked. `is_final`: asking again will not help."""

    def __init__(self, text: str, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final
