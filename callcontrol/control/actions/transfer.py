"""Transfer: a handler adds a third party to the call."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from callcontrol.control import transfers
from callcontrol.control.handler import NOT_LIVE, TRANSFERRED

from .base import Action, ActionParameter, ActionRequest


class TransferAction(Action):
    slug = "transfer"
    summary = "Transfer a call"
    parameters: ClassVar[Mapping[str, ActionParameter]] = {
        "transfer_to": ActionParameter(
            str, "The phone number or SIP address to transfer the call to."
        ),
        "hold_caller": ActionParameter(
            bool,
            "When true, the caller is placed on hold and an unattended transfer is initiated. "
            "When not true, an attended transfer is initiated with all three parties conferenced "
            "at once.",
        ),
    }
    answers: ClassVar[Mapping[str, ActionParameter]] = {
        "transfer_uuid": ActionParameter(
            UUID,
            "The UUID of the transfer, by which the caller is connected or the transfer stopped.",
        )
    }
    errors: ClassVar[Mapping[str, str]] = {
        NOT_LIVE: "The call has ended, or was not picked up yet.",
        transfers.CANNOT_DIAL: (
            "The number is missing, none that may be dialed, the caller's own,"
            " or the carrier can't reach it."
        ),
        TRANSFERRED: (
            "A transfer of this call is in progress; if it reached a buyer, use that buyer's key."
        ),
    }

    @classmethod
    def act(cls, command: ActionRequest) -> dict[str, Any]:
        transfer = transfers.begin_transfer(
            call_uuid=command.call_uuid,
            controller=command.controller,
            transfer_to=command.parameters.number_text("transfer_to") or "",
            hold_caller=(command.parameters.value("hold_caller") or "").strip().lower() == "true",
            now=command.now,
        )
        return {"transfer_uuid": transfer.pk}
