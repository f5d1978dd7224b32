"""Models of calls: the call, its tags, legs, transfers, events and webhook deliveries."""

from .call import LIVE, Call, CallTag, LateTag, Party
from .delivery import Delivery, DeliveryAttempt
from .event import CARRIER_TOKEN, INTERNAL_DETAILS, PAY_RULE, CallEvent, EventKind
from .leg import CLOSING_OUTCOMES, REROUTING_OUTCOMES, Leg, Outcome
from .transfer import Transfer

__all__ = [
    "CARRIER_TOKEN",
    "CLOSING_OUTCOMES",
    "INTERNAL_DETAILS",
    "LIVE",
    "PAY_RULE",
    "REROUTING_OUTCOMES",
    "Call",
    "CallEvent",
    "CallTag",
    "Delivery",
    "DeliveryAttempt",
    "EventKind",
    "LateTag",
    "Leg",
    "Outcome",
    "Party",
    "Transfer",
]
