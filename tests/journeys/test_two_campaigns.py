"""A campaign sells a call to another of the installation: its start webhook reserves a buyer."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from callcontrol.models import Call
from campaigns.models import Campaign
from publishers.models import Key, LogEntry
from reservations.models import Reservation
from tests.callcontrol.hooked import said
from tests.factories import (
    make_buyer,
    make_campaign,
    make_conversion,
    make_key,
    make_number,
    make_publisher,
    make_route,
    make_webhook,
)
from tests.pinging import CALLER, TOKEN

pytestmark = pytest.mark.django_db(transaction=True)
Clock = Callable[[float], object]


def _campaign(number: str, *, payout: int, revenue: int) -> Campaign:
    """Create a campaign that pays after a minute, with one buyer at this number."""
    campaign = make_campaign()
    make_route(campaign, make_buyer(campaign.company, number=number))
    make_conversion(campaign, seconds=60, payout=Decimal(payout), revenue=Decimal(revenue))
    return campaign


@dataclass
class Sale:
    """The selling campaign with its number, the buying campaign with its key, and the phones."""

    http: httpx.Client
    number: str
    seller: Campaign
    purchaser: Campaign
    key: Key

    def dial(self) -> dict[str, Any]:
        """Place a call to the seller."""
        return self._post("calls", {"from": CALLER, "to": self.number})

    def rings(self, call: dict[str, Any]) -> dict[str, Any]:
        """Return the leg that was dialed last."""
        return dict(call["legs"][-1])

    def answer(self, leg: dict[str, Any]) -> None:
        self._post(f"legs/{leg['leg_uuid']}/answer", {})

    def hang_up(self, call: dict[str, Any]) -> None:
        self._post(f"calls/{call['call_uuid']}/hang-up", {})

    def shown(self, call_uuid: str) -> dict[str, Any]:
        return dict(self.http.get(f"/simulator/calls/{call_uuid}", headers=TOKEN).json())

    def _post(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        return dict(
            self.http.post(f"/simulator/{path}", json=told, headers=TOKEN).raise_for_status().json()
        )


@pytest.fixture
def sale(http: httpx.Client, live_server: LiveServer, settings: Any, clock: Clock) -> Sale:
    settings.WEBHOOK_ALLOWED_HOSTS = [live_server.url.removeprefix("http://")]
    seller = _campaign("[inbound_number]", payout=20, revenue=50)
    purchaser = _campaign("+14165550101", payout=50, revenue=70)
    make_number(purchaser, in_pool=True)
    make_publisher(purchaser.company, publisher_id="seller")
    key = make_key("call_reservation", campaign=purchaser)
    make_webhook(
        seller,
        url=f"{live_server.url}/call_reservations.json?key={key.key}&affiliate_id=seller&caller_number=[caller_number]&zip=[zip]",
        values={"inbound_number": "call_reservation.inbound_number"},
        deadline_ms=10_000,
    )
    return Sale(http, make_number(seller, tags={"zip": "90210"}).number, seller, purchaser, key)


def test_the_call_is_dialed_to_the_other_campaign_and_claims_its_reservation(sale: Sale) -> None:
    sold = sale.dial()
    reserved, leg = Reservation.objects.get(), sale.rings(sold)
    bought = sale.shown(leg["arrived_as"])
    assert sold["tags"]["inbound_number"] == reserved.inbound_number.lstrip("+")
    assert leg["number"] == reserved.inbound_number
    assert bought["reservation_uuid"] == str(reserved.uuid)
    assert bought["publisher_id"] == "seller"
    assert bought["tags"] == {"zip": "90210"}
    assert bought["status"] == "ringing"
    assert sale.rings(bought)["number"] == "+14165550101"


def test_both_settle_with_their_own_money(sale: Sale, clock: Clock) -> None:
    sold = sale.dial()
    bought = sale.shown(sale.rings(sold)["arrived_as"])
    sale.answer(sale.rings(bought))
    clock(61)
    sale.hang_up(sold)
    money = [
        (call["status"], call["payout"], call["revenue"])
        for call in map(sale.shown, (sold["call_uuid"], bought["call_uuid"]))
    ]
    assert money == [("finished", "20.00", "50.00"), ("finished", "50.00", "70.00")]


def test_the_sale_is_in_the_log_and_on_both_timelines(sale: Sale) -> None:
    sold = sale.dial()
    entry = LogEntry.objects.get()
    assert entry.key_pk == sale.key.pk
    assert entry.path == "/call_reservations.json"
    assert entry.result == "reserved"
    assert entry.status == 200
    assert said(Call.objects.get(pk=sold["call_uuid"]), "asked") == [
        "it answered 200 in ms; became tags: inbound_number"
    ]
    bought = sale.shown(sale.rings(sold)["arrived_as"])
    assert bought["events"][0]["detail"]["reservation"] == str(Reservation.objects.get().uuid)


def test_a_campaign_without_buyers_sells_nothing(sale: Sale) -> None:
    """The answer has a number all the same, and it is not dialed."""
    sale.purchaser.routes.all().delete()
    sold = sale.dial()
    verdict = [line for event in sold["events"] for line in event.get("verdicts") or []]
    assert sold["status"] == "no-target"
    assert sold["tags"] == {"zip": "90210"}
    assert verdict == ["Buyer: unreachable, its number needs the tag “inbound_number”"]


def test_a_retried_webhook_gets_the_same_answer(sale: Sale) -> None:
    """The webhook's id is an Idempotency-Key: a retry after a crash gets the same answer."""
    sold = sale.dial()
    word = Call.objects.get(pk=sold["call_uuid"]).deliveries.get()
    again = sale.http.post(word.url, headers={"Idempotency-Key": str(word.pk)})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Reservation.objects.count() == 1
