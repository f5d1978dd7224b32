"""Real-time bidding: `POST /rtbs` and `PUT`/`PATCH /rtbs/{uuid}`."""

from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import Missing, NotFound, Refusal
from publishers.gateway.viewset import logged
from reservations import lifecycle

from . import answers, schema
from .reserving import ReservingViewSet, prefixed


class RTBViewSet(ReservingViewSet):
    """Reserves a buyer for a caller, and confirms the reservation."""

    key_types: ClassVar = ("rtb",)
    lookup_url_kwarg = "uuid"

    @schema.create_rtb
    @logged
    def create(self, request: Request) -> Response:
        """Reserve a buyer for a caller, and answer the number to dial."""
        key, key_request = self.key, self.key_request
        if key_request.caller_number is None and not key.settings["allow_no_caller_number"]:
            raise Missing("caller_number")
        _, result = self.reserve()
        return Response(
            answers.rtb(
                result.reservation,
                key_settings=key.settings,
                shielded=result.shielded,
                now=key_request.now,
            )
        )

    @schema.confirm_rtb
    @logged
    def update(self, request: Request, uuid: str) -> Response:
        """Confirm a reservation, which takes its place in the buyer's caps."""
        key, key_request = self.key, self.key_request
        status = self.parameters.value("status")
        if status is None:
            raise Missing("status")
        if status != "confirmed":
            raise Refusal("status must be confirmed")
        try:
            reservation_uuid = UUID(uuid)
        except ValueError:
            raise NotFound("reservation not found") from None
        row = lifecycle.confirm(
            uuid=reservation_uuid,
            key=key,
            snapshot=self.snapshot,
            tags=prefixed(self.parameters.tags(frozenset({"status"})), key),
            now=key_request.now,
        )
        key_request.reservation_uuid = row.uuid
        key_request.result = row.status_at(key_request.now)
        return Response(
            answers.rtb(row, key_settings=key.settings, shielded=False, now=key_request.now)
        )

    partial_update = update
