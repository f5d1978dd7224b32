"""The far ends of a call on either carrier: one script of a call plays on both."""

from typing import Protocol

import httpx

from tests.callcontrol.twilio.rest import Api
from tests.pinging import CALLER, TOKEN


class FarEnds(Protocol):
    """Legs are named by their UUIDs, calls by those of their caller's leg."""

    def dial(self, to: str, caller: str = CALLER) -> None: ...

    def answer(self, leg_uuid: str) -> None: ...

    def end(self, leg_uuid: str, outcome: str = "completed") -> None: ...


class OnSimulator:
    """They act through the simulator's own HTTP interface."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def dial(self, to: str, caller: str = CALLER) -> None:
        self._post("calls", {"from": caller, "to": to})

    def answer(self, leg_uuid: str) -> None:
        self._post(f"legs/{leg_uuid}/answer")

    def end(self, leg_uuid: str, outcome: str = "completed") -> None:
        self._post(f"legs/{leg_uuid}/{'hang-up' if outcome == 'completed' else outcome}")

    def _post(self, path: str, said: dict[str, str] | None = None) -> None:
        self.http.post(f"/simulator/{path}", json=said or {}, headers=TOKEN).raise_for_status()


class OnTwilio:
    """Act at the stand-in, which posts the webhooks that Twilio would."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def dial(self, to: str, caller: str = CALLER) -> None:
        self.api.standin.call(to, caller)

    def answer(self, leg_uuid: str) -> None:
        self.api.standin.settle()
        self.api.standin.answer(self.api.standin.line_of(leg_uuid))

    def end(self, leg_uuid: str, outcome: str = "completed") -> None:
        self.api.standin.settle()
        self.api.standin.end(self.api.standin.line_of(leg_uuid), outcome)
