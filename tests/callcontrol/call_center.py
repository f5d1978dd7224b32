"""A call center: its buyers' phones ring, are picked up or hung up; its keys control calls over
HTTP."""

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from callcontrol.carriers.base import Arrival, LegAnswered, LegEnded
from callcontrol.control import registry
from callcontrol.lifecycle import events
from callcontrol.models import Call, Leg
from campaigns.models import Buyer, BuyerGroup, Campaign
from publishers.models import Key
from tests.factories import make_key
from tests.pinging import CALLER

WORDS = [word for word, _ in registry.action_choices()]
THIRD = "+16465550142"  # not the number of a buyer


# --- the far ends ---------------------------------------------------------------------------------
def arrive(campaign: Campaign, caller: str | None = CALLER) -> Call:
    """A caller dials the campaign's first number."""
    to = campaign.numbers.order_by("pk")[0].number
    return events.handle_arrival(
        Arrival("simulator", uuid.uuid4().hex, to, caller, None, timezone.now())
    )


def line(call: Call, party: str = "handler") -> Leg:
    """The party's newest line in the call."""
    return call.legs.filter(party=party).latest("place")


def pick_up(call: Call, party: str = "handler") -> Call:
    now = timezone.now()
    events.handle_event(LegAnswered(line(call, party).pk, now), now=now)
    return now_of(call)


def leave(call: Call, party: str = "handler", outcome: str = "completed") -> Call:
    now = timezone.now()
    events.handle_event(LegEnded(line(call, party).pk, now, outcome), now=now)
    return now_of(call)


def talk(campaign: Campaign, caller: str | None = CALLER) -> Call:
    """A call that its first buyer has picked up."""
    return pick_up(arrive(campaign, caller))


def now_of(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def at(call: Call) -> tuple[str, str | None]:
    """Where a call stands: its status and the buyer that it was dialed to last."""
    now = now_of(call)
    return now.status, now.buyer.buyer_id if now.buyer else None


# --- the keys -------------------------------------------------------------------------------------
def handler_key(owner: Buyer | BuyerGroup, *words: str, **given: Any) -> Key:
    """A handler key with these words, or all of them."""
    name = "buyer" if isinstance(owner, Buyer) else "group"
    return make_key("call_control", **{name: owner, "actions": list(words) or WORDS, **given})


def do(
    action: str, call: Call | str, key: Key | str, said: dict[str, Any] | None = None, **more: Any
) -> Any:
    """An action on a call as a client asks for it: the key in the query, the rest as JSON."""
    call_uuid = call.pk if isinstance(call, Call) else call
    text = key.key if isinstance(key, Key) else key
    path = (
        f"/call_control/v1/calls/{call_uuid}/{action}.{more.pop('format', 'json')}?api_key={text}"
    )
    return Client().post(path, said or {}, content_type="application/json", **more)


def told(answer: Any) -> tuple[int, Any]:
    """What the answer says: its status, and its error if it has one."""
    members = answer.json()
    if answer.status_code == 200:
        assert members["success"] is True
        return 200, None
    assert list(members) == ["success", "error"]
    assert members["success"] is False
    return answer.status_code, members["error"]


def transfer(call: Call, key: Key, to: str = THIRD, hold_caller: object = False) -> str:
    """The UUID of a transfer that succeeded."""
    return str(
        do("transfer", call, key, {"transfer_to": to, "hold_caller": hold_caller}).json()[
            "transfer_uuid"
        ]
    )


def connect(transfer_uuid: str, **more: Any) -> Any:
    return Client().post(
        f"/call_control/v1/transfers/{transfer_uuid}/conference_caller.{more.pop('format', 'json')}",
        **more,
    )


def stop(transfer_uuid: str, **more: Any) -> Any:
    return Client().delete(
        f"/call_control/v1/transfers/{transfer_uuid}.{more.pop('format', 'json')}", **more
    )
