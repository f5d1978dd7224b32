"""The older call reservation: `POST /call_reservations`."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import Missing
from publishers.gateway.viewset import logged

from . import answers, schema
from .reserving import ReservingViewSet


class CallReservationViewSet(ReservingViewSet):
    """Reserves a buyer for a caller and answers with the number to transfer to."""

    key_types: ClassVar = ("call_reservation",)

    @schema.create_call_reservation
    @logged
    def create(self, request: Request) -> Response:
        """Reserve a buyer for a caller, and answer the number to transfer to."""
        if self.key_request.caller_number is None:
            raise Missing("caller_number")
        if self.parameters.publisher() is None:
            raise Missing("affiliate_id")
        return Response(answers.call_reservation(*self.reserve(number_anyway=True)))
