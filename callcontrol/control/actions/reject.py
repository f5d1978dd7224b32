"""Reject: a handler refuses a call, picked up or not."""

from collections.abc import Mapping
from typing import Any, ClassVar

from callcontrol.control.handler import NOT_LIVE, TRANSFERRED, reject_call

from .base import Action, ActionRequest


class RejectAction(Action):
    slug = "reject"
    summary = "Reject a call"
    errors: ClassVar[Mapping[str, str]] = {
        NOT_LIVE: "The call has ended.",
        "reject timeout passed": (
            "More than the key's `reject_seconds` have passed since the handler was dialed."
        ),
        "call already accepted": "The handler has accepted the call.",
        TRANSFERRED: "A transfer of this call is in progress.",
    }
    by_link = True

    @classmethod
    def act(cls, command: ActionRequest) -> dict[str, Any]:
        reject_call(call_uuid=command.call_uuid, controller=command.controller, now=command.now)
        return {}
