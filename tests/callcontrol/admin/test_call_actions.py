"""Actions of an account manager on a live call: effects, refusals, and which are offered."""

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


def press(
    call: Call, action: str, row: Any = None, client: Client | None = None, **form: str
) -> str:
    """Post an action of the call's page; return the message, or the status without a message."""
    client = client or browser(call.company)
    data = {"do": f"{action} {row.pk}" if row else action, **form}
    answer = client.post(reverse("admin:callcontrol_call_action", args=[call.pk]), data)
    return str(next(iter(get_messages(answer.wsgi_request)), answer.status_code))


def make_transfer(call: Call, **form: str) -> Transfer:
    press(call, "transfer", line(call), transfer_to=THIRD, **form)
    return call.transfers.get()


def offers(call: Call) -> set[str]:
    return set(manager.manager_actions(read_call(now_of(call)), at=call.clock).actions)


def managed_actions(call: Call) -> list[str]:
    return [event.detail["did"] for event in call.events.filter(kind="managed").order_by("id")]


# --- effects ---------------------------------------------------------------------------------------
def test_a_returned_call_rings_the_next_buyer(call: Call):
    message = press(call, "return", line(call))
    assert message == "Call returned. Routing to the next buyer."
    assert now_of(call).buyer.buyer_id == "b2"
    assert call.legs.get(place=1).outcome == "returned"
    assert held(Buyer.objects.get(buyer_id="b1")) == 0


def test_the_timeline_names_the_manager(call: Call):
    client = browser(call.company)
    User.objects.update(first_name="Rita", last_name="Reed")
    press(call, "return", line(call), client)
    steps = client.get(reverse("admin:callcontrol_call_change", args=[call.pk])).context["steps"]
    assert [step.text for step in steps[-4:]] == [
        "The account manager Rita Reed returned the call.",
        "Buyer 1 returned the call.",
        "Routing decided.",
        "Buyer 2 is being dialed.",
    ]


def test_a_second_return_of_the_same_leg_does_nothing(call: Call):
    first = line(call)
    press(call, "return", first)
    press(call, "return", first)
    assert now_of(call).buyer.buyer_id == "b2"
    assert managed_actions(call) == ["returned the call"]


def test_a_manager_returns_a_call_without_a_time_limit(call: Call):
    Leg.objects.filter(party="handler").update(started_at=call.started_at.replace(year=2020))
    assert press(call, "return", line(call)) == "Call returned. Routing to the next buyer."


def test_a_ringing_call_is_rejected():
    call = arrive(make_market(caps=[9, 9]))
    press(call, "reject", line(call))
    assert now_of(call).buyer.buyer_id == "b2"
    assert call.legs.get(place=1).outcome == "rejected"
    assert managed_actions(call) == ["rejected the call"]


def test_a_manager_accepts_a_call_for_its_buyer():
    campaign = make_market()
    Buyer.objects.update(acceptance="explicit")
    call = talk(campaign)
    press(call, "accept", line(call))
    assert (line(call).accepted_at is None) is False
    assert managed_actions(call) == ["accepted the call"]


@pytest.mark.parametrize(
    ("form", "on_hold"), [({}, False), ({"hold_caller": "on"}, True)], ids=["attended", "held"]
)
def test_a_call_is_transferred(call: Call, form: dict[str, str], on_hold: bool):
    transfer = make_transfer(call, **form)
    assert transfer.transferee.number == THIRD
    assert transfer.hold_caller == on_hold
    assert line(call, "caller").held == on_hold


def test_a_held_caller_is_connected(call: Call):
    transfer = make_transfer(call, hold_caller="on")
    message = press(call, "connect", transfer)
    assert message == "Caller connected."
    assert line(call, "caller").held is False


def test_a_transfer_is_canceled(call: Call):
    press(call, "stop", make_transfer(call))
    assert line(call, "transferee").outcome == "stopped"
    assert now_of(call).status == "in-progress"


@pytest.mark.parametrize("is_talking", [True, False], ids=["talking", "ringing"])
def test_a_hang_up_ends_and_settles_the_call(is_talking: bool):
    call = (talk if is_talking else arrive)(make_market())
    message = press(call, "hang-up")
    ended = now_of(call)
    assert (message, ended.status, ended.settled_at is None, Leg.objects.live().count()) == (
        *("Call ended.", "finished"),
        *(False, 0),
    )
    assert held(Buyer.objects.get()) == 0


def test_due_timeouts_apply_before_a_hang_up(clock: Any):
    call = arrive(make_market(caps=[9, 9]))
    clock(40)
    press(call, "hang-up")
    assert [leg.outcome for leg in call.legs.exclude(party="caller").order_by("place")] == [
        "no-answer",
        "canceled",
    ]


# --- refusals --------------------------------------------------------------------------------------
def test_every_action_on_an_ended_call_is_refused(call: Call):
    handler = line(call)
    transfer = make_transfer(call)
    leave(call, "caller")
    messages = [
        press(call, "hang-up"),
        press(call, "return", handler),
        press(call, "stop", transfer),
        press(call, "reject", handler),
    ]
    assert messages == ["Not done: call not live."] * 4


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("return", "call already transferred"),
        ("reject", "call already transferred"),
        ("accept", "acceptance not required"),
        ("transfer", "call already transferred"),
    ],
)
def test_a_refusal_has_the_text_of_the_api(call: Call, action: str, error: str):
    handler = line(call)
    make_transfer(call)
    assert press(call, action, handler, transfer_to=THIRD) == f"Not done: {error}."


@pytest.mark.parametrize(
    "to", ["", "911", "abc", "\0", "9" * 300], ids=["none", "emergency", "letters", "nul", "long"]
)
def test_a_transfer_to_an_unusable_number_is_refused(call: Call, to: str):
    message = press(call, "transfer", line(call), transfer_to=to)
    assert message == "Not done: cannot dial transfer_to number."
    assert managed_actions(call) == []


def test_connecting_a_caller_that_is_not_on_hold_is_refused(call: Call):
    assert press(call, "connect", make_transfer(call)) == "Not done: caller not held."


@pytest.mark.parametrize("action", ["", "explode", "return", "return x", "accept \0", "stop 7"])
def test_an_unknown_action_is_refused(call: Call, action: str):
    assert press(call, action) == "Not done: there is no such button."
    assert managed_actions(call) == []


def test_a_leg_or_transfer_of_another_call_is_refused(call: Call):
    other = talk(make_market(caps=[9]), "+13105550103")
    messages = [press(call, "return", line(other)), press(call, "stop", make_transfer(other))]
    assert messages == ["Not done: call not live.", "Not done: transfer not found."]
    assert now_of(other).status == "in-progress"


@pytest.mark.parametrize("role", ["owner", "account_manager", "read_only", None])
def test_only_editors_of_the_calls_company_may_act(call: Call, role: str | None):
    client = browser(call.company, role) if role else browser(make_company())
    message = press(call, "hang-up", client=client)
    may = role in ("owner", "account_manager")
    assert (message, now_of(call).status) == (
        ("Call ended.", "finished") if may else ("403", "in-progress")
    )


def test_a_get_request_of_the_action_url_is_forbidden(call: Call):
    answer = browser(call.company).get(reverse("admin:callcontrol_call_action", args=[call.pk]))
    assert answer.status_code == 403
    assert now_of(call).status == "in-progress"


def test_an_action_without_the_csrf_token_is_forbidden(call: Call):
    client = Client(enforce_csrf_checks=True)
    client.cookies = browser(call.company).cookies
    assert press(call, "hang-up", client=client) == "403"
    assert now_of(call).status == "in-progress"


def test_an_action_on_an_unknown_call_is_forbidden():
    answer = browser(make_company()).post(
        reverse("admin:callcontrol_call_action", args=[uuid4()]), {"do": "hang-up"}
    )
    assert answer.status_code == 403
    assert Call.objects.count() == 0


# --- offers -----------------------------------------------------------------------------------------
def test_actions_are_offered_when_they_apply(call: Call):
    offered = [offers(call)]
    make_transfer(call, hold_caller="on")
    offered.append(offers(call))
    pick_up(call, "transferee")
    leave(call)
    offered.append(offers(call))
    assert offered == [
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
def test_the_offered_actions_follow_the_buyers_acceptance(
    acceptance: str, ringing: set[str], talking: set[str]
):
    campaign = make_market()
    Buyer.objects.update(acceptance=acceptance)
    call = arrive(campaign)
    assert offers(call) == ringing
    assert offers(pick_up(call)) == talking


def test_a_transferee_that_stays_alone_becomes_the_managed_leg(call: Call):
    press(call, "transfer", line(call), transfer_to=Buyer.objects.get(buyer_id="b2").number)
    pick_up(call, "transferee")
    leave(call)
    offer = manager.manager_actions(read_call(now_of(call)), at=call.clock)
    assert offer.leg == line(call, "transferee")
    assert set(offer.actions) == {"hang-up", "return", "reject", "transfer"}


def test_the_handler_is_the_managed_leg_while_it_is_live(call: Call):
    press(call, "transfer", line(call), transfer_to=Buyer.objects.get(buyer_id="b2").number)
    pick_up(call, "transferee")
    assert manager.manager_actions(read_call(now_of(call)), at=call.clock).leg == line(call)


@pytest.mark.parametrize(("role", "buttons"), [("account_manager", True), ("read_only", False)])
def test_readers_have_no_buttons(call: Call, role: str, buttons: bool):
    page = (
        browser(call.company, role)
        .get(reverse("admin:callcontrol_call_change", args=[call.pk]))
        .content.decode()
    )
    actions = sorted(set(re.findall(r'name="do"\s+value="([a-z-]+)', page)))
    assert actions == (["hang-up", "reject", "return", "transfer"] if buttons else [])


def test_an_ended_call_has_no_buttons(call: Call):
    leave(call, "caller")
    page = (
        browser(call.company)
        .get(reverse("admin:callcontrol_call_change", args=[call.pk]))
        .content.decode()
    )
    assert ('name="do"' in page) is False
    assert 'data-is-live="no"' in page


def test_a_hang_up_ends_both_linked_calls():
    """A call that one campaign sells to another: its leg arrived as a second call."""
    seller, market = make_market(), make_market()
    Buyer.objects.filter(company=seller.company).update(number=market.numbers.get().number)
    call = Call.objects.get(pk=dial(seller.numbers.get().number)["call_uuid"])
    pick_up(Call.objects.get(campaign=market))
    press(call, "hang-up")
    assert set(Call.objects.values_list("status", flat=True)) == {"finished"}


@pytest.mark.django_db(transaction=True)
def test_a_hang_up_ends_every_leg_at_twilio(twilio: Api):
    campaign = make_market()
    make_number(campaign, number=NUMBER)
    caller = twilio.standin.call(NUMBER)
    handler = twilio.standin.line_of(Leg.objects.get(party="handler").pk)
    twilio.standin.answer(handler)
    message = press(Call.objects.get(), "hang-up")
    twilio.standin.settle()
    ended = Call.objects.get()
    assert message == "Call ended."
    assert caller.is_live is False
    assert handler.is_live is False
    assert ended.status == "finished"
    assert (ended.settled_at is None) is False
