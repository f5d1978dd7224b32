"""Real-time bidding: `POST /rtbs` and `PUT`/`PATCH /rtbs/{uuid}`."""

from typing import Any, ClassVar
from uuid import UUID

from campaigns.errors import Missing, NotFound, Refusal
from publishers.gateway.request import KeyRequest
from reservations import lifecycle

from . import answers, descriptions
from .reserving import Pings, Reserving, ask_of, log_outcome, note_foreign_number, prefixed


@descriptions.create_rtb
class CreateRTB(Pings):
    """A ping: reserves a buyer for a caller and answers with the number to dial."""

    kinds: ClassVar = ("rtb",)

    def post(self, visit: KeyRequest) -> tuple[int, dict[str, Any]]:
        key, snapshot = visit.let_in()
        if visit.caller_number is None and not key.settings["allow_no_caller_number"]:
            raise Missing("caller_number")
        outcome = lifecycle.reserve(ask_of(visit))
        log_outcome(visit, outcome)
        note_foreign_number(visit, outcome.reservation, snapshot)
        return 200, answers.rtb(
            outcome.reservation, key_settings=key.settings, shielded=outcome.shielded, now=visit.now
        )


@descriptions.confirm_rtb
class ConfirmRTB(Reserving):
    """Confirms a reservation, which takes its place in the buyer's caps."""

    kinds: ClassVar = ("rtb",)

    def put(self, visit: KeyRequest, uuid: str) -> tuple[int, dict[str, Any]]:
        key, snapshot = visit.let_in()
        status = visit.parameters.value("status")
        if status is None:
            raise Missing("status")
        if status != "confirmed":
            raise Refusal("status must be confirmed")
        row = lifecycle.confirm(
            uuid=_uuid(uuid),
            key=key,
            snapshot=snapshot,
            tags=prefixed(visit.parameters.tags(frozenset({"status"})), key),
            now=visit.now,
        )
        visit.reservation_uuid, visit.result = row.uuid, row.status_at(visit.now)
        return 200, answers.rtb(row, key_settings=key.settings, shielded=False, now=visit.now)

    patch = put


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("reservation not found") from None
