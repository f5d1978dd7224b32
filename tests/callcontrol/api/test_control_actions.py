"""Transfer, return, accept and reject over HTTP: the answer and the error of each situation."""

from collections.abc import Callable
from typing import Any

import pytest

from callcontrol.models import Call, Transfer
from campaigns.models import Buyer, Campaign
from publishers.models import Key
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
from tests.pinging import CALLER

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
    """The first buyer, which has to accept within 60 seconds."""
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
def test_an_undialable_number_is_refused(campaign: Campaign, key: Key, to: object) -> None:
    call = talk(campaign)
    answer = do("transfer", call, key, {"transfer_to": to})
    assert told(answer) == (422, "cannot dial transfer_to number")
    assert call.legs.count() == 2


def test_a_number_outside_the_companys_prefixes_is_refused(campaign: Campaign, key: Key) -> None:
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


def test_a_transferee_may_transfer_after_it_answers(
    campaign: Campaign, first: Buyer, key: Key
) -> None:
    second = Buyer.objects.get(buyer_id="b2")
    call, second_key = talk(campaign), handler_key(second)
    transfer(call, key, to=second.number)
    before = do("transfer", call, second_key, {"transfer_to": THIRD})
    pick_up(call, "transferee")
    asked = [do("transfer", call, one, {"transfer_to": THIRD}) for one in (key, second_key)]
    assert told(before) == (401, "not authorized")
    assert told(asked[0]) == (422, "call already transferred")
    assert told(asked[1]) == DONE


# --- return ---------------------------------------------------------------------------------------
def test_a_returned_call_rings_the_next_buyer(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    assert told(do("return", call, key)) == DONE
    assert at(call) == ("ringing", "b2")


def test_a_call_returned_by_the_last_buyer_has_no_target(campaign: Campaign, key: Key) -> None:
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


def test_a_late_acceptance_moves_the_call_on_without_a_worker(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    clock(60)
    assert told(do("accept", call, key)) == (422, "acceptance timeout passed")
    assert at(call) == ("ringing", "b2")


def test_acceptance_that_is_not_required(campaign: Campaign, key: Key) -> None:
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


def test_each_key_has_its_own_windows(campaign: Campaign, first: Buyer, clock: Clock) -> None:
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
def test_a_buyer_that_gave_a_call_back_gets_the_same_answer_later(
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


def test_a_returned_call_is_not_live_after_the_windows_either(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    call = talk(campaign)
    do("return", call, key)
    pick_up(call)
    clock(91)
    assert told(do("reject", call, key)) == NOT_LIVE


def test_a_late_acceptance_gets_the_same_answer_after_the_end(
    campaign: Campaign, key: Key, explicit: Buyer, clock: Clock
) -> None:
    call = talk(campaign)
    clock(61)
    answers = [told(do("accept", call, key))]
    pick_up(call)
    leave(call, "caller")
    assert [*answers, told(do("accept", call, key))] == [(422, "acceptance timeout passed")] * 2
