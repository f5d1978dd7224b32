"""Actions of an account manager on a live call: read the posted button, run it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from callcontrol.control import manager
from callcontrol.models import Call
from campaigns.errors import Refusal

_MESSAGES = {
    "return": _("Call returned. Routing to the next buyer."),
    "reject": _("Call rejected. Routing to the next buyer."),
    "accept": _("Call accepted."),
    "connect": _("Caller connected."),
    "stop": _("Transfer canceled."),
    "transfer": _("Dialing the number."),
    "hang-up": _("Call ended."),
}


def read_action(request: HttpRequest) -> tuple[str, UUID | None]:
    """Return the posted action, and the UUID of its leg or transfer."""
    what, __, pk = request.POST.get("do", "").partition(" ")
    try:
        return what, UUID(pk) if pk else None
    except ValueError:
        return what, None


def run_call_action(request: HttpRequest, call: Call, *, now: datetime) -> str:
    """Run the action in the name of the user, and return a message. Raises Refusal."""
    what, pk = read_action(request)
    user: Any = request.user
    name = user.get_full_name() or user.get_username()
    if what == "hang-up":
        manager.hang_up_as_manager(call=call, manager_name=name, now=now)
    elif pk is None or what not in _MESSAGES:
        raise Refusal("there is no such button")
    elif what == "transfer":
        to, hold = request.POST.get("transfer_to", ""), request.POST.get("hold_caller") == "on"
        manager.transfer_as_manager(
            call=call, leg=pk, transfer_to=to, hold_caller=hold, manager_name=name, now=now
        )
    elif what == "connect":
        manager.connect_as_manager(call=call, transfer=pk, manager_name=name, now=now)
    elif what == "stop":
        manager.stop_transfer_as_manager(call=call, transfer=pk, manager_name=name, now=now)
    else:
        manager.act_on_leg(call=call, leg=pk, action=what, manager_name=name, now=now)
    return str(_MESSAGES[what])
