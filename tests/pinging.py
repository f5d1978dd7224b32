"""Pings, confirmations and calls through the whole product, in the test's process."""

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
    """Send a ping with a key, for CALLER unless `caller_number` is passed."""
    query = urlencode({"key": key.key, "caller_number": CALLER, **parameters})
    return dict(Client().post(f"/rtbs.json?{query}").json())


def confirm(key: Key, uuid: str, **parameters: str) -> Answer:
    query = urlencode({"key": key.key, "status": "confirmed", **parameters})
    return dict(Client().put(f"/rtbs/{uuid}.json?{query}").json())


def dial(to: str, caller: str | None = CALLER, **more: str) -> Answer:
    """Place a call through the simulator; return the call after its arrival."""
    said = {"from": caller, "to": to, **more}
    return dict(
        Client()
        .post("/simulator/calls", said, content_type="application/json", headers=TOKEN)
        .json()
    )


def act(leg_uuid: str, what: str, **more: str) -> Answer:
    """Act on a leg: `answer`, `busy`, `no-answer` or `hang-up`; return the call after it."""
    answer = Client().post(
        f"/simulator/legs/{leg_uuid}/{what}", more, content_type="application/json", headers=TOKEN
    )
    return dict(answer.json())


def hang_up(call_uuid: str, **more: str) -> Answer:
    """Hang up the caller's leg; return the call after it."""
    answer = Client().post(
        f"/simulator/calls/{call_uuid}/hang-up",
        more,
        content_type="application/json",
        headers=TOKEN,
    )
    return dict(answer.json())


def shown(call_uuid: str) -> Answer:
    """Return the call as the simulator shows it."""
    return dict(Client().get(f"/simulator/calls/{call_uuid}", headers=TOKEN).json())


def last_leg(call: Answer) -> str:
    """Return the UUID of the leg that was dialed last."""
    return str(call["legs"][-1]["leg_uuid"])


def lines(call: Answer) -> list[tuple[str, str, str | None]]:
    """Return each leg's party, status and outcome, oldest first."""
    return [(leg["party"], leg["status"], leg.get("outcome")) for leg in call["legs"]]


def reservation(answer: Answer) -> Reservation:
    return Reservation.objects.get(uuid=answer["uuid"])


def logged() -> LogEntry:
    """Return the newest log entry."""
    return LogEntry.objects.latest("id")


def held(buyer: Buyer) -> int:
    """Return the buyer's concurrent calls by its counter; 0 before the first."""
    counters = CapCounter.objects.filter(owner=f"buyer:{buyer.pk}", kind="concurrency")
    return counters.values_list("used", flat=True).first() or 0


def rung(call: Answer) -> list[str]:
    """Return the numbers of the legs that were dialed for a call, oldest first."""
    return [leg["number"] for leg in call["legs"] if leg["party"] == "handler"]
