"""What an account manager does to a live call by a button: read from what the page posts, done by one call inward."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from callcontrol.control import manager
from callcontrol.models import Call
from campaigns.errors import Refusal

_DONE = {
    "return": "The call was returned; the next buyer is looked for.",
    "reject": "The call was rejected; the next buyer is looked for.",
    "accept": "The call was accepted.",
    "connect": "The caller is connected.",
    "stop": "The transfer was stopped.",
    "transfer": "The number is being dialed.",
    "hang-up": "The call was ended.",
}


def read_action(request: HttpRequest) -> tuple[str, UUID | None]:
    """What a button says: a word, and the line or transfer that it is about."""
    what, _, row = request.POST.get("do", "").partition(" ")
    try:
        return what, UUID(row) if row else None
    except ValueError:
        return what, None


def run_call_action(request: HttpRequest, call: Call, *, now: datetime) -> str:
    """Does it as the user; what was done, in words. Raises Refusal."""
    what, row = read_action(request)
    user: Any = request.user
    person = user.get_full_name() or user.get_username()
    if what == "hang-up":
        manager.hang_up_as_manager(call=call, person=person, now=now)
    elif row is None or what not in _DONE:
        raise Refusal("there is no such button")
    elif what == "transfer":
        to, hold = request.POST.get("transfer_to", ""), request.POST.get("hold_caller") == "on"
        manager.transfer_as_manager(
            call=call, line=row, transfer_to=to, hold_caller=hold, person=person, now=now
        )
    elif what == "connect":
        manager.connect_as_manager(call=call, transfer=row, person=person, now=now)
    elif what == "stop":
        manager.stop_transfer_as_manager(call=call, transfer=row, person=person, now=now)
    else:
        manager.on_line(call=call, line=row, what=what, person=person, now=now)
    return _DONE[what]
