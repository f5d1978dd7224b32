"""The rows of calls: the call, its tags, legs, transfers and events, and what webhooks are told of it."""

from .call import LIVE, Call, CallTag, LateTag, Party
from .delivery import Delivery, DeliveryAttempt
from .event import CARRIER_TOKEN, PAY_RULE, CallEvent
from .leg import REROUTING_OUTCOMES, Leg, Outcome
from .transfer import Transfer

__all__ = [
    "CARRIER_TOKEN",
    "LIVE",
    "PAY_RULE",
    "REROUTING_OUTCOMES",
    "Call",
    "CallEvent",
    "CallTag",
    "Delivery",
    "DeliveryAttempt",
    "LateTag",
    "Leg",
    "Outcome",
    "Party",
    "Transfer",
]
