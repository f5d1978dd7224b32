"""Pings, confirmations and calls through the whole product in this process, and what became of them."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from campaigns.models import Buyer, CapCounter
from publishers.models import Key, LogEntry
from reservations.models import Reservation

TOKEN = {"Authorization": "Bearer simulator"}
CALLER = "+12025550102"
OTHER_CALLER = "+13105550103"
Answer = dict[str, Any]


def ping(key: Key, **parameters: str) -> Answer:
    """A ping by a key; as the caller above unless `caller_number` says otherwise."""
    query = urlencode({"key": key.key, "caller_number": CALLER, **parameters})
    return dict(Client().post(f"/rtbs.json?{query}").json())


def confirm(key: Key, uuid: str, **parameters: str) -> Answer:
    query = urlencode({"key": key.key, "status": "confirmed", **parameters})
    return dict(Client().put(f"/rtbs/{uuid}.json?{query}").json())


def dial(to: str, caller: str | None = CALLER, **more: str) -> Answer:
    """A call through the simulator, as it stands after it arrived."""
    said = {"from": caller, "to": to, **more}
    return dict(
        Client()
        .post("/simulator/calls", said, content_type="application/json", headers=TOKEN)
        .json()
    )


def act(leg_uuid: str, what: str, **more: str) -> Answer:
    """Somebody on a line acts: `answer`, `busy`, `no-answer` or `hang-up`. The call as it stands then."""
    answer = Client().post(
        f"/simulator/legs/{leg_uuid}/{what}", more, content_type="application/json", headers=TOKEN
    )
    return dict(answer.json())


def hang_up(call_uuid: str, **more: str) -> Answer:
    """The caller hangs up; the call as it stands then."""
    answer = Client().post(
        f"/simulator/calls/{call_uuid}/hang-up",
        more,
        content_type="application/json",
        headers=TOKEN,
    )
    return dict(answer.json())


def shown(call_uuid: str) -> Answer:
    """A call as it stands."""
    return dict(Client().get(f"/simulator/calls/{call_uuid}", headers=TOKEN).json())


def last_leg(call: Answer) -> str:
    """The UUID of the leg that was dialed last."""
    return str(call["legs"][-1]["leg_uuid"])


def lines(call: Answer) -> list[tuple[str, str, str | None]]:
    """Each leg's party, status and outcome, in the order in which they began."""
    return [(leg["party"], leg["status"], leg.get("outcome")) for leg in call["legs"]]


def reservation(answer: Answer) -> Reservation:
    return Reservation.objects.get(uuid=answer["uuid"])


def logged() -> LogEntry:
    """The newest row of the postback log."""
    return LogEntry.objects.latest("id")


def held(buyer: Buyer) -> int:
    """How many calls at once a buyer's counter says it has; 0 before the first."""
    counters = CapCounter.objects.filter(owner=f"buyer:{buyer.pk}", kind="concurrency")
    return counters.values_list("used", flat=True).first() or 0


def rung(call: Answer) -> list[str]:
    """The numbers of the legs that were dialed for a call, in their order."""
    return [leg["number"] for leg in call["legs"] if leg["party"] == "handler"]
