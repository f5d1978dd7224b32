"""What an account manager does to a live call on its page: as its handler could, by name, and
refused by the same words."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from callcontrol.control import manager
from callcontrol.models import Call, Leg, Transfer
from callcontrol.state.locked_call import read_call
from campaigns.models import Buyer
from tests.admin_client import browser
from tests.callcontrol.call_center import THIRD, arrive, leave, line, now_of, pick_up, talk
from tests.callcontrol.twilio.posting import NUMBER
from tests.callcontrol.twilio.rest import Api
from tests.factories import make_company, make_market, make_number
from tests.pinging import dial, held

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    """b1 talks; b2 would be next."""
    return talk(make_market(caps=[9, 9]))


def do(call: Call, what: str, row: Any = None, client: Client | None = None, **said: str) -> str:
    """Presses a button on the call's page; what the page then says, or the answer's status when
    it says nothing."""
    client = client or browser(call.company)
    pressed = {"do": f"{what} {row.pk}" if row else what, **said}
    answer = client.post(reverse("admin:callcontrol_call_action", args=[call.pk]), pressed)
    return str(next(iter(get_messages(answer.wsgi_request)), answer.status_code))


def transferred(call: Call, **said: str) -> Transfer:
    do(call, "transfer", line(call), transfer_to=THIRD, **said)
    return call.transfers.get()


def offers(call: Call) -> set[str]:
    return set(manager.manager_actions(read_call(now_of(call)), at=call.clock).actions)


def managed(call: Call) -> list[str]:
    return [event.detail["did"] for event in call.events.filter(kind="managed").order_by("id")]


# --- what is done ---------------------------------------------------------------------------------
def test_a_returned_call_rings_the_next_buyer(call: Call):
    said = do(call, "return", line(call))
    assert said == "Call returned. Routing to the next buyer."
    assert now_of(call).buyer.buyer_id == "b2"
    assert call.legs.get(place=1).outcome == "returned"
    assert held(Buyer.objects.get(buyer_id="b1")) == 0


def test_who_did_it_is_on_the_timeline(call: Call):
    client = browser(call.company)
    User.objects.update(first_name="Rita", last_name="Reed")
    do(call, "return", line(call), client)
    shown = client.get(reverse("admin:callcontrol_call_change", args=[call.pk])).context["steps"]
    assert [step.text for step in shown[-4:]] == [
        "The account manager Rita Reed returned the call.",
        "Buyer 1 returned the call.",
        "Routing decided.",
        "Buyer 2 is being dialed.",
    ]


def test_returning_twice_returns_one_buyers_call(call: Call):
    first = line(call)
    do(call, "return", first)
    do(call, "return", first)
    assert now_of(call).buyer.buyer_id == "b2"
    assert managed(call) == ["returned the call"]


def test_there_is_no_time_limit_for_an_account_manager(call: Call):
    Leg.objects.filter(party="handler").update(started_at=call.started_at.replace(year=2020))
    assert do(call, "return", line(call)) == "Call returned. Routing to the next buyer."


def test_a_ringing_call_is_rejected():
    call = arrive(make_market(caps=[9, 9]))
    do(call, "reject", line(call))
    assert now_of(call).buyer.buyer_id == "b2"
    assert call.legs.get(place=1).outcome == "rejected"
    assert managed(call) == ["rejected the call"]


def test_a_call_is_accepted_for_its_buyer():
    campaign = make_market()
    Buyer.objects.update(acceptance="explicit")
    call = talk(campaign)
    do(call, "accept", line(call))
    assert (line(call).accepted_at is None) is False
    assert managed(call) == ["accepted the call"]


@pytest.mark.parametrize(
    ("said", "on_hold"), [({}, False), ({"hold_caller": "on"}, True)], ids=["attended", "held"]
)
def test_a_call_is_transferred(call: Call, said: dict[str, str], on_hold: bool):
    transfer = transferred(call, **said)
    assert transfer.transferee.number == THIRD
    assert transfer.hold_caller == on_hold
    assert line(call, "caller").held == on_hold


def test_a_held_caller_is_connected(call: Call):
    transfer = transferred(call, hold_caller="on")
    said = do(call, "connect", transfer)
    assert said == "Caller connected."
    assert line(call, "caller").held is False


def test_a_transfer_is_stopped(call: Call):
    do(call, "stop", transferred(call))
    assert line(call, "transferee").outcome == "stopped"
    assert now_of(call).status == "in-progress"


@pytest.mark.parametrize("is_talking", [True, False], ids=["talking", "ringing"])
def test_the_whole_call_is_ended(is_talking: bool):
    call = (talk if is_talking else arrive)(make_market())
    said = do(call, "hang-up")
    ended = now_of(call)
    assert (said, ended.status, ended.settled_at is None, Leg.objects.live().count()) == (
        *("Call ended.", "finished"),
        *(False, 0),
    )
    assert held(Buyer.objects.get()) == 0


def test_what_was_due_before_the_end_has_happened_first(clock: Any):
    call = arrive(make_market(caps=[9, 9]))
    clock(40)
    do(call, "hang-up")
    assert [leg.outcome for leg in call.legs.exclude(party="caller").order_by("place")] == [
        "no-answer",
        "canceled",
    ]


# --- what is refused ------------------------------------------------------------------------------
def test_an_ended_call_can_not_be_steered(call: Call):
    handler = line(call)
    transfer = transferred(call)
    leave(call, "caller")
    said = [
        do(call, "hang-up"),
        do(call, "return", handler),
        do(call, "stop", transfer),
        do(call, "reject", handler),
    ]
    assert said == ["Not done: call not live."] * 4


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("return", "call already transferred"),
        ("reject", "call already transferred"),
        ("accept", "acceptance not required"),
        ("transfer", "call already transferred"),
    ],
)
def test_a_refusal_has_the_words_of_the_api(call: Call, what: str, why: str):
    handler = line(call)
    transferred(call)
    assert do(call, what, handler, transfer_to=THIRD) == f"Not done: {why}."


@pytest.mark.parametrize(
    "to", ["", "911", "abc", "\0", "9" * 300], ids=["none", "emergency", "letters", "nul", "long"]
)
def test_a_number_that_can_not_be_dialed_is_refused(call: Call, to: str):
    said = do(call, "transfer", line(call), transfer_to=to)
    assert said == "Not done: cannot dial transfer_to number."
    assert managed(call) == []


def test_a_caller_who_is_not_on_hold_is_not_connected(call: Call):
    assert do(call, "connect", transferred(call)) == "Not done: caller not held."


@pytest.mark.parametrize("what", ["", "explode", "return", "return x", "accept \0", "stop 7"])
def test_a_button_that_is_none_does_nothing(call: Call, what: str):
    assert do(call, what) == "Not done: there is no such button."
    assert managed(call) == []


def test_a_line_or_transfer_of_another_call_is_refused(call: Call):
    other = talk(make_market(caps=[9]), "+13105550103")
    said = [do(call, "return", line(other)), do(call, "stop", transferred(other))]
    assert said == ["Not done: call not live.", "Not done: transfer not found."]
    assert now_of(other).status == "in-progress"


@pytest.mark.parametrize("role", ["owner", "account_manager", "read_only", None])
def test_only_editors_of_the_calls_company_may(call: Call, role: str | None):
    client = browser(call.company, role) if role else browser(make_company())
    said = do(call, "hang-up", client=client)
    may = role in ("owner", "account_manager")
    assert (said, now_of(call).status) == (
        ("Call ended.", "finished") if may else ("403", "in-progress")
    )


def test_looking_at_the_address_of_a_button_does_nothing(call: Call):
    answer = browser(call.company).get(reverse("admin:callcontrol_call_action", args=[call.pk]))
    assert answer.status_code == 403
    assert now_of(call).status == "in-progress"


def test_a_button_wants_the_pages_token(call: Call):
    client = Client(enforce_csrf_checks=True)
    client.cookies = browser(call.company).cookies
    assert do(call, "hang-up", client=client) == "403"
    assert now_of(call).status == "in-progress"


def test_a_call_that_is_none_is_refused():
    answer = browser(make_company()).post(
        reverse("admin:callcontrol_call_action", args=[uuid4()]), {"do": "hang-up"}
    )
    assert answer.status_code == 403
    assert Call.objects.count() == 0


# --- what is offered ------------------------------------------------------------------------------
def test_each_act_is_offered_when_it_applies(call: Call):
    shown = [offers(call)]
    transferred(call, hold_caller="on")
    shown.append(offers(call))
    pick_up(call, "transferee")
    leave(call)
    shown.append(offers(call))
    assert shown == [
        {"hang-up", "return", "reject", "transfer"},
        {"hang-up", "connect", "stop"},
        {"hang-up"},
    ]


@pytest.mark.parametrize(
    ("acceptance", "ringing", "talking"),
    [
        ("answer", {"hang-up", "reject"}, {"hang-up", "reject", "return", "transfer"}),
        ("explicit", {"hang-up", "reject"}, {"hang-up", "reject", "accept", "transfer"}),
    ],
)
def test_what_is_offered_follows_the_buyers_acceptance(
    acceptance: str, ringing: set[str], talking: set[str]
):
    campaign = make_market()
    Buyer.objects.update(acceptance=acceptance)
    call = arrive(campaign)
    assert offers(call) == ringing
    assert offers(pick_up(call)) == talking


def test_a_buyer_who_was_transferred_to_may_have_it_steered(call: Call):
    do(call, "transfer", line(call), transfer_to=Buyer.objects.get(buyer_id="b2").number)
    pick_up(call, "transferee")
    leave(call)
    offer = manager.manager_actions(read_call(now_of(call)), at=call.clock)
    assert offer.leg == line(call, "transferee")
    assert set(offer.actions) == {"hang-up", "return", "reject", "transfer"}


def test_while_the_handler_is_there_it_is_the_handler_who_is_steered(call: Call):
    do(call, "transfer", line(call), transfer_to=Buyer.objects.get(buyer_id="b2").number)
    pick_up(call, "transferee")
    assert manager.manager_actions(read_call(now_of(call)), at=call.clock).leg == line(call)


@pytest.mark.parametrize(("role", "buttons"), [("account_manager", True), ("read_only", False)])
def test_readers_have_no_buttons(call: Call, role: str, buttons: bool):
    page = (
        browser(call.company, role)
        .get(reverse("admin:callcontrol_call_change", args=[call.pk]))
        .content.decode()
    )
    pressed = sorted(set(re.findall(r'name="do"\s+value="([a-z-]+)', page)))
    assert pressed == (["hang-up", "reject", "return", "transfer"] if buttons else [])


def test_an_ended_call_has_no_buttons(call: Call):
    leave(call, "caller")
    page = (
        browser(call.company)
        .get(reverse("admin:callcontrol_call_change", args=[call.pk]))
        .content.decode()
    )
    assert ('name="do"' in page) is False
    assert 'data-is-live="no"' in page


def test_a_call_from_outside_is_ended_at_both_ends():
    """A call that one campaign sells to another: its leg arrived as a second call."""
    seller, market = make_market(), make_market()
    Buyer.objects.filter(company=seller.company).update(number=market.numbers.get().number)
    call = Call.objects.get(pk=dial(seller.numbers.get().number)["call_uuid"])
    pick_up(Call.objects.get(campaign=market))
    do(call, "hang-up")
    assert set(Call.objects.values_list("status", flat=True)) == {"finished"}


@pytest.mark.django_db(transaction=True)
def test_through_twilio_everybodys_line_is_ended_too(twilio: Api):
    campaign = make_market()
    make_number(campaign, number=NUMBER)
    caller = twilio.standin.call(NUMBER)
    handler = twilio.standin.line_of(Leg.objects.get(party="handler").pk)
    twilio.standin.answer(handler)
    said = do(Call.objects.get(), "hang-up")
    twilio.standin.settle()
    ended = Call.objects.get()
    assert said == "Call ended."
    assert caller.is_live is False
    assert handler.is_live is False
    assert ended.status == "finished"
    assert (ended.settled_at is None) is False
