"""Return: a handler gives back a call that it picked up."""

from collections.abc import Mapping
from typing import Any, ClassVar

from callcontrol.control.handler import NOT_LIVE, TRANSFERRED, return_call

from .base import Action, ActionRequest


class ReturnAction(Action):
    slug = "return"
    summary = "Return a call"
    errors: ClassVar[Mapping[str, str]] = {
        NOT_LIVE: "The call has ended, or was not picked up yet.",
        "return timeout passed": (
            "More than the key's `return_seconds` have passed since the handler was dialed."
        ),
        "call requires acceptance": (
            "The handler's calls are not its own until they are accepted: reject it instead."
        ),
        TRANSFERRED: "A transfer of this call is in progress.",
    }

    @classmethod
    def act(cls, command: ActionRequest) -> dict[str, Any]:
        return_call(call_uuid=command.call_uuid, controller=command.controller, now=command.now)
        return {}
