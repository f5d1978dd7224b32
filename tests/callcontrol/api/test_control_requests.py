"""Requests for call-control actions: keys, formats, idempotency, the log, and crashes."""

from typing import ClassVar

import pytest
from defusedxml import ElementTree
from django.db import connection
from django.test import Client

from callcontrol.carriers import registry
from callcontrol.carriers.base import CarrierLeg, DialRequest
from callcontrol.carriers.simulator import Simulator
from callcontrol.control import handler
from callcontrol.models import Transfer
from campaigns.models import Buyer, Campaign
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import (
    THIRD,
    at,
    do,
    handler_key,
    talk,
    told,
    transfer,
)
from tests.factories import make_market
from tests.pinging import logged

pytestmark = pytest.mark.django_db
DONE = (200, None)


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def first(campaign: Campaign) -> Buyer:
    return Buyer.objects.get(buyer_id="b1")


@pytest.fixture
def key(first: Buyer) -> Key:
    return handler_key(first)


# --- what every action shares ---------------------------------------------------------------------
@pytest.mark.parametrize("action", ["transfer", "return", "accept", "reject"])
def test_a_link_preview_does_nothing(campaign: Campaign, key: Key, action: str) -> None:
    call = talk(campaign)
    answer = Client().head(f"/call_control/v1/calls/{call.pk}/{action}?api_key={key.key}")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert at(call) == ("in-progress", "b1")
    assert call.legs.count() == 2


def test_api_key_comes_before_key(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    path = f"/call_control/v1/calls/{call.pk}/return.json"
    answers = [
        Client().post(f"{path}?{query}")
        for query in (f"api_key=nobody&key={key.key}", f"key=nobody&api_key={key.key}")
    ]
    assert [answer.status_code for answer in answers] == [401, 200]


@pytest.mark.parametrize("name", ["api_key", "key", "Authorization", "X-Api-Key"])
def test_the_key_in_each_of_its_places(campaign: Campaign, key: Key, name: str) -> None:
    path = f"/call_control/v1/calls/{talk(campaign).pk}/return"
    if name[0].isupper():
        text = f"Bearer {key.key}" if name == "Authorization" else key.key
        assert told(Client().post(path, headers={name: text})) == DONE
    else:
        assert told(Client().post(path, {name: key.key}, content_type="application/json")) == DONE


def test_in_xml(campaign: Campaign, key: Key) -> None:
    body = (
        "<hash><hold-caller type='boolean'>true</hold-caller>"
        f"<transfer-to>{THIRD}</transfer-to></hash>"
    )
    path = f"/call_control/v1/calls/{talk(campaign).pk}/transfer.xml?api_key={key.key}"
    answer = Client().post(path, body, content_type="text/xml")
    made = Transfer.objects.get()
    start = '<?xml version="1.0" encoding="utf-8"?>\n'
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert made.hold_caller is True
    assert answer.content.decode() == (
        f'{start}<hash><success type="boolean">true</success>'
        f"<transfer-uuid>{made.pk}</transfer-uuid></hash>"
    )


def test_an_error_in_xml(campaign: Campaign, key: Key) -> None:
    answer = do("accept", talk(campaign), key, format="xml")
    root = ElementTree.fromstring(answer.content)
    members = [(one.tag, one.attrib, one.text) for one in root]
    assert answer.status_code == 422
    assert root.tag == "hash"
    assert members == [
        ("success", {"type": "boolean"}, "false"),
        ("error", {}, "acceptance not required"),
    ]


@pytest.mark.parametrize("action", ["return", "reject", "transfer"])
def test_a_repeat_with_an_idempotency_key_is_the_first_answer(
    campaign: Campaign, key: Key, action: str
) -> None:
    call = talk(campaign)
    said, once = {"transfer_to": THIRD}, {"Idempotency-Key": "once"}
    first, second = (do(action, call, key, said, headers=once) for _ in range(2))
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    assert call.legs.count() == 3


# --- the log --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("action", "status"), [("return", 200), ("accept", 422)])
def test_one_row_has_the_key_the_call_and_the_answer(
    campaign: Campaign, key: Key, action: str, status: int
) -> None:
    call = talk(campaign)
    answer = do(action, call, key)
    row = LogEntry.objects.get()
    facts = (row.type, row.key_pk, row.status, row.call_uuid, row.response, row.parameters)
    assert facts == (
        "call_control",
        key.pk,
        status,
        call.pk,
        answer.content.decode(),
        {"api_key": f"…{key.key[-4:]}"},
    )


def test_a_row_of_another_buyers_call_does_not_name_it(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    do("return", call, handler_key(Buyer.objects.get(buyer_id="b2")))
    assert logged().status == 401
    assert logged().call_uuid is None


def test_a_crash_is_a_500_with_its_row(
    campaign: Campaign, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = talk(campaign)
    monkeypatch.setattr(handler, "end_leg", lambda *given, **more: 1 / 0)
    answer = do("return", call, key)
    assert answer.status_code == 500
    assert answer.json() == {"success": False, "error": "internal error"}
    assert [row.status for row in LogEntry.objects.all()] == [500]
    assert at(call) == ("in-progress", "b1")


class RecordingCarrier(Simulator):
    """Records whether each request came inside a transaction."""

    asked: ClassVar[list[tuple[str, bool]]] = []

    def dial(self, order: DialRequest) -> str:
        self.asked.append(("dial", connection.in_atomic_block))
        return super().dial(order)

    def hold(self, line: CarrierLeg) -> None:
        self.asked.append(("hold", connection.in_atomic_block))

    def hang_up(self, line: CarrierLeg) -> None:
        self.asked.append(("hang up", connection.in_atomic_block))
        super().hang_up(line)


@pytest.mark.django_db(transaction=True)
def test_carrier_requests_run_outside_transactions(
    campaign: Campaign, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, other = talk(campaign), talk(campaign, "+12025550177")
    monkeypatch.setitem(registry.all_carriers(), "simulator", RecordingCarrier)
    transfer(call, key, hold_caller=True)
    do("return", other, key)
    assert RecordingCarrier.asked == [
        ("hold", False),
        ("dial", False),
        ("hang up", False),
        ("dial", False),
    ]
