"""The rows of calls: the call, its tags, legs, transfers and events."""

from .call import LIVE, Call, CallTag, LateTag, Party
from .event import CallEvent
from .leg import GIVEN_BACK, Leg, Outcome
from .transfer import Transfer

__all__ = ["GIVEN_BACK", "LIVE", "Call", "CallEvent", "CallTag", "LateTag", "Leg", "Outcome", "Party", "Transfer"]
