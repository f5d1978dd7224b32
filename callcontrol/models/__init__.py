"""The rows of calls: the call, its tags, legs and events."""

from .call import Call, CallTag, Party
from .event import CallEvent
from .leg import Leg

__all__ = ["Call", "CallEvent", "CallTag", "Leg", "Party"]
