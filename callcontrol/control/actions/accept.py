"""Accept: a handler confirms that it takes the call."""

from collections.abc import Mapping
from typing import Any, ClassVar

from callcontrol.control.handler import NOT_LIVE, accept_call

from .base import Action, ActionRequest


class AcceptAction(Action):
    slug = "accept"
    summary = "Accept a call"
    errors: ClassVar[Mapping[str, str]] = {
        NOT_LIVE: "The call has ended, or was not picked up yet.",
        "acceptance not required": "The handler's calls are its own as soon as they are picked up.",
        "acceptance timeout passed": "The call was not accepted in time, and was taken back.",
    }

    @classmethod
    def act(cls, command: ActionRequest) -> dict[str, Any]:
        accept_call(call_uuid=command.call_uuid, controller=command.controller, now=command.now)
        return {}
