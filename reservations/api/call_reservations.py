"""The older call reservation: `POST /call_reservations`."""

from typing import Any, ClassVar

from campaigns.errors import Missing
from publishers.gateway.request import KeyRequest
from reservations import lifecycle

from . import answers, descriptions
from .reserving import Pings, ask_of, log_outcome, note_foreign_number


@descriptions.create_call_reservation
class CreateCallReservation(Pings):
    """A publisher's ping: reserves a buyer for a caller and answers with the number to transfer to."""

    kinds: ClassVar = ("call_reservation",)

    def post(self, visit: KeyRequest) -> tuple[int, dict[str, Any]]:
        if visit.caller_number is None:
            raise Missing("caller_number")
        if visit.parameters.publisher() is None:
            raise Missing("affiliate_id")
        ask = ask_of(visit, number_anyway=True)
        outcome = lifecycle.reserve(ask)
        log_outcome(visit, outcome)
        note_foreign_number(visit, outcome.reservation, ask.snapshot)
        return 200, answers.call_reservation(ask, outcome)
