"""Transfer, return, accept and reject over HTTP: each answer and each error of the seed in its own situation."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from defusedxml import ElementTree
from django.db import connection
from django.test import Client

from callcontrol.carriers import registry
from callcontrol.carriers.base import CarrierLeg, DialRequest
from callcontrol.carriers.simulator import Simulator
from callcontrol.control import handler
from callcontrol.models import Call, Transfer
from campaigns.models import Buyer, Campaign
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import (
    THIRD,
    arrive,
    at,
    do,
    handler_key,
    leave,
    line,
    pick_up,
    talk,
    told,
    transfer,
)
from tests.factories import make_market
from tests.pinging import CALLER, logged

pytestmark = pytest.mark.django_db
Clock = Callable[[float], object]
NOT_LIVE = (422, "call not live")
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


@pytest.fixture
def explicit(first: Buyer) -> Buyer:
    """The first buyer, who has to accept within 60 seconds."""
    first.acceptance = "explicit"
    first.save()
    return first


# --- transfer -------------------------------------------------------------------------------------
def test_a_transfer_is_answered_with_its_uuid(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    answer = do("transfer", call, key, {"hold_caller": True, "transfer_to": THIRD})
    made = Transfer.objects.get()
    assert answer.status_code == 200
    assert list(answer.json().items()) == [("success", True), ("transfer_uuid", str(made.pk))]


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (True, True),
        ("true", True),
        ("TRUE ", True),
        (False, False),
        ("false", False),
        ("", False),
        (1, False),
        ("yes", False),
    ],
    ids=repr,
)
def test_only_true_holds_the_caller(campaign: Campaign, key: Key, said: object, held: bool) -> None:
    call = talk(campaign)
    transfer(call, key, hold_caller=said)
    assert line(call, "caller").held == held
    assert Transfer.objects.get().hold_caller == held


@pytest.mark.parametrize(
    "spelled", [THIRD, "16465550142", "(646) 555-0142", " 16465550142", 16465550142], ids=repr
)
def test_a_number_in_any_spelling_is_dialed(campaign: Campaign, key: Key, spelled: object) -> None:
    call = talk(campaign)
    answer = do("transfer", call, key, {"transfer_to": spelled})
    assert told(answer) == DONE
    assert line(call, "transferee").number == THIRD


@pytest.mark.parametrize(
    "to",
    [
        None,
        "",
        "undefined",
        "hello",
        "911",
        "sip:911@example.com",
        CALLER,
        "123456",
        "+1234567890123456",
        [THIRD],
    ],
    ids=repr,
)
def test_who_cannot_be_dialed(campaign: Campaign, key: Key, to: object) -> None:
    call = talk(campaign)
    answer = do("transfer", call, key, {"transfer_to": to})
    assert told(answer) == (422, "cannot dial transfer_to number")
    assert call.legs.count() == 2


def test_beyond_the_companys_prefixes_nobody_is_dialed(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    campaign.company.dial_prefixes = ["+1416"]
    campaign.company.save()
    assert told(do("transfer", call, key, {"transfer_to": THIRD})) == (
        422,
        "cannot dial transfer_to number",
    )


def test_a_sip_address_is_dialed(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    transfer(call, key, to="sip:desk@pbx.example.com")
    assert line(call, "transferee").number == "sip:desk@pbx.example.com"


def test_a_call_is_transferred_once_at_a_time(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    transfer(call, key)
    again = do("transfer", call, key, {"transfer_to": THIRD})
    leave(call, "transferee", "busy")
    assert told(again) == (422, "call already transferred")
    assert told(do("transfer", call, key, {"transfer_to": THIRD})) == DONE


def test_the_one_it_was_transferred_to_has_the_transfer_key(
    campaign: Campaign, first: Buyer, key: Key
) -> None:
    second = Buyer.objects.get(buyer_id="b2")
    call, theirs = talk(campaign), handler_key(second)
    transfer(call, key, to=second.number)
    before = do("transfer", call, theirs, {"transfer_to": THIRD})
    pick_up(call, "transferee")
    asked = [do("transfer", call, one, {"transfer_to": THIRD}) for one in (key, theirs)]
    assert told(before) == (401, "not authorized")
    assert told(asked[0]) == (422, "call already transferred")
    assert told(asked[1]) == DONE


# --- return ---------------------------------------------------------------------------------------
def test_a_returned_call_rings_the_next_buyer(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    assert told(do("return", call, key)) == DONE
    assert at(call) == ("ringing", "b2")


def test_returned_by_the_last_buyer_it_finds_nobody(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    do("return", call, key)
    pick_up(call)
    assert told(do("return", call, handler_key(Buyer.objects.get(buyer_id="b2")))) == DONE
    assert at(call)[0] == "no-target"


def test_returned_twice_is_returned_once(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    assert [told(do("return", call, key)) for _ in range(2)] == [DONE, DONE]
    assert at(call) == ("ringing", "b2")
    assert call.legs.count() == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, DONE), (60.5, (422, "return timeout passed"))],
    ids=["in time", "too late"],
)
def test_a_call_is_returned_within_the_keys_seconds_of_dialing(
    campaign: Campaign, key: Key, clock: Clock, seconds: float, said: Any
) -> None:
    call = arrive(campaign)
    clock(20)
    pick_up(call)
    clock(seconds - 20)
    assert told(do("return", call, key)) == said


def test_a_call_that_must_be_accepted_is_not_returned(
    campaign: Campaign, key: Key, explicit: Buyer
) -> None:
    assert told(do("return", talk(campaign), key)) == (422, "call requires acceptance")


def test_a_transferred_call_is_not_returned(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    transfer(call, key)
    assert told(do("return", call, key)) == (422, "call already transferred")


# --- accept ---------------------------------------------------------------------------------------
def test_an_accepted_call_stays(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    clock(60 - 0.5)
    answers = [told(do("accept", call, key)) for _ in range(2)]
    clock(60)
    assert answers == [DONE, DONE]
    assert told(do("accept", call, key)) == DONE
    assert at(call) == ("in-progress", "b1")


def test_a_call_that_was_not_accepted_in_time_goes_on_with_no_worker(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    clock(60)
    assert told(do("accept", call, key)) == (422, "acceptance timeout passed")
    assert at(call) == ("ringing", "b2")


def test_acceptance_that_nobody_asked_for(campaign: Campaign, key: Key) -> None:
    assert told(do("accept", talk(campaign), key)) == (422, "acceptance not required")


def test_a_transfer_accepts_the_call(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    transfer(call, key)
    pick_up(call, "transferee")
    clock(61)
    assert told(do("accept", call, key)) == DONE
    assert at(call) == ("in-progress", "b1")


# --- reject ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("come_in", [arrive, talk], ids=["ringing", "picked up"])
def test_a_rejected_call_rings_the_next_buyer(
    campaign: Campaign, key: Key, come_in: Callable[[Campaign], Call]
) -> None:
    call = come_in(campaign)
    assert told(do("reject", call, key)) == DONE
    assert at(call) == ("ringing", "b2")


def test_rejected_twice_is_rejected_once(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign)
    assert [told(do("reject", call, key)) for _ in range(2)] == [DONE, DONE]
    assert at(call) == ("ringing", "b2")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(90, DONE), (90.5, (422, "reject timeout passed"))],
    ids=["in time", "too late"],
)
def test_a_call_is_rejected_within_the_keys_seconds_of_dialing(
    campaign: Campaign, key: Key, clock: Clock, seconds: float, said: Any
) -> None:
    call = arrive(campaign)
    clock(20)
    pick_up(call)
    clock(seconds - 20)
    assert told(do("reject", call, key)) == said


def test_an_accepted_call_is_not_rejected(campaign: Campaign, key: Key, explicit: Buyer) -> None:
    call = talk(campaign)
    do("accept", call, key)
    assert told(do("reject", call, key)) == (422, "call already accepted")


def test_a_transferred_call_is_not_rejected(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    transfer(call, key)
    assert told(do("reject", call, key)) == (422, "call already transferred")


def test_each_key_has_windows_of_its_own(campaign: Campaign, first: Buyer, clock: Clock) -> None:
    short, long = (
        handler_key(first, return_seconds=0, reject_seconds=0),
        handler_key(first, return_seconds=86_400),
    )
    call = talk(campaign)
    clock(100)
    assert [told(do(action, call, short))[1] for action in ("return", "reject")] == [
        "return timeout passed",
        "reject timeout passed",
    ]
    assert told(do("return", call, long)) == DONE


# --- a call that is not live ----------------------------------------------------------------------
@pytest.mark.parametrize("action", ["transfer", "return"])
def test_before_the_pick_up(campaign: Campaign, key: Key, action: str) -> None:
    assert told(do(action, arrive(campaign), key, {"transfer_to": THIRD})) == NOT_LIVE


def test_before_the_pick_up_there_is_nothing_to_accept(
    campaign: Campaign, key: Key, explicit: Buyer
) -> None:
    assert told(do("accept", arrive(campaign), key)) == NOT_LIVE


@pytest.mark.parametrize("party", ["caller", "handler"])
@pytest.mark.parametrize("action", ["transfer", "return", "accept", "reject"])
def test_after_the_end(campaign: Campaign, key: Key, action: str, party: str) -> None:
    call = talk(campaign)
    leave(call, party)
    assert told(do(action, call, key, {"transfer_to": THIRD})) == NOT_LIVE


# --- a call that was given back, or taken back ----------------------------------------------------
@pytest.mark.parametrize("gave", ["return", "reject"])
@pytest.mark.parametrize("action", ["transfer", "return", "accept", "reject"])
def test_who_gave_it_back_learns_nothing_of_what_becomes_of_it(
    campaign: Campaign, key: Key, gave: str, action: str, clock: Clock
) -> None:
    call = talk(campaign)
    do(gave, call, key)
    pick_up(call)
    answers = [told(do(action, call, key, {"transfer_to": THIRD}))]
    transfer(call, handler_key(Buyer.objects.get(buyer_id="b2")))
    answers.append(told(do(action, call, key, {"transfer_to": THIRD})))
    clock(91)
    leave(call, "caller")
    answers.append(told(do(action, call, key, {"transfer_to": THIRD})))
    assert answers == [DONE if action == gave else NOT_LIVE] * 3


def test_nor_when_the_windows_have_passed(campaign: Campaign, key: Key, clock: Clock) -> None:
    call = talk(campaign)
    do("return", call, key)
    pick_up(call)
    clock(91)
    assert told(do("reject", call, key)) == NOT_LIVE


def test_who_did_not_accept_in_time_learns_nothing_either(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    clock(61)
    answers = [told(do("accept", call, key))]
    pick_up(call)
    leave(call, "caller")
    assert [*answers, told(do("accept", call, key))] == [(422, "acceptance timeout passed")] * 2


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
    body = f"<hash><hold-caller type='boolean'>true</hold-caller><transfer-to>{THIRD}</transfer-to></hash>"
    path = f"/call_control/v1/calls/{talk(campaign).pk}/transfer.xml?api_key={key.key}"
    answer = Client().post(path, body, content_type="text/xml")
    made = Transfer.objects.get()
    start = '<?xml version="1.0" encoding="utf-8"?>\n'
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert made.hold_caller is True
    assert answer.content.decode() == (
        f'{start}<hash><success type="boolean">true</success><transfer-uuid>{made.pk}</transfer-uuid></hash>'
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
def test_one_row_tells_the_key_the_call_and_the_answer(
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


class Watching(Simulator):
    """Notes whether it was asked inside a transaction."""

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
def test_the_carrier_is_asked_in_no_transaction(
    campaign: Campaign, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, other = talk(campaign), talk(campaign, "+12025550177")
    monkeypatch.setitem(registry.all_carriers(), "simulator", Watching)
    transfer(call, key, hold_caller=True)
    do("return", other, key)
    assert Watching.asked == [("hold", False), ("dial", False), ("hang up", False), ("dial", False)]
