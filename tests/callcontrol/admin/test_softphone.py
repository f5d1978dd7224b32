"""The softphone: editors play a whole call on the simulator, in the admin."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcontrol.models import Call, Leg
from campaigns.models import Campaign
from reservations.models import Reservation
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.call_center import THIRD, arrive, line, now_of, talk
from tests.pinging import CALLER, ping

UNKNOWN_UUID = "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1"
pytestmark = pytest.mark.django_db
PAGE = reverse("softphone")


@pytest.fixture
def campaign() -> Campaign:
    return make.make_market(caps=[9, 9])


def number(campaign: Campaign) -> str:
    """Return the first number of the campaign."""
    return str(campaign.numbers.order_by("pk")[0].number)


def dial(campaign: Campaign, client: Client | None = None, **form: str) -> Call | str:
    """Return the dialed call, or the error message."""
    client = client or browser(campaign.company)
    answer = client.post(PAGE, {"from": CALLER, "to": number(campaign), **form})
    found = re.search("call=(.+)", answer["Location"])
    return (
        Call.objects.get(pk=found[1])
        if found
        else str(next(iter(get_messages(answer.wsgi_request))))
    )


def play(
    call: Call, action: str, row: Any = None, client: Client | None = None, **form: str
) -> Any:
    """Post an action as the page's script does; return the live part of the page."""
    data = {"do": f"{action} {row.pk}" if row else action, **form}
    return (client or browser(call.company)).post(f"{PAGE}?call={call.pk}&live=1", data)


def page_context(call: Call, role: str = "owner") -> Any:
    return browser(call.company, role).get(f"{PAGE}?call={call.pk}").context


def buttons(page: str) -> list[str]:
    return re.findall(r"<button[^>]*>\s*([^<]*?)\s*</button>", page)


def card_buttons(call: Call, party: str) -> list[str]:
    """Return the labels of the buttons on the card of a party."""
    card = next(card for card in page_context(call)["cards"] if card.leg.party == party)
    return [label for _, label in (*card.phone, *card.controls)] + ["Transfer"] * card.may_transfer


# --- dialing --------------------------------------------------------------------------------------
def test_a_caller_dials(campaign: Campaign):
    call = dial(campaign)
    assert call.caller_number == CALLER
    assert call.status == "ringing"
    assert call.carrier == "simulator"
    assert call.campaign == campaign


def test_a_caller_may_withhold_the_number(campaign: Campaign):
    assert dial(campaign, withheld="on").caller_number is None


def test_a_number_can_be_typed(campaign: Campaign):
    other = make.make_number(campaign)
    assert dial(campaign, typed=f" {other.number} ").inbound_number == other.number


def test_the_keyed_in_number_is_the_caller(campaign: Campaign):
    campaign.numbers.update(ask_caller_number=True)
    assert dial(campaign, digits="3105550103").caller_number == "+13105550103"


def test_a_call_to_a_pings_number_claims_its_reservation(campaign: Campaign):
    answered = ping(make.make_key("rtb", campaign=campaign))
    call = dial(campaign, typed=answered["inbound_number"])
    assert str(call.reservation_id) == answered["uuid"]
    assert Reservation.objects.get().status == "claimed"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"to": ""}, "Not dialed: choose the number to dial."),
        ({"to": "+18005550199"}, "Not dialed: that number is not one of ours."),
        ({"to": "a\0b@c"}, "Not dialed: that number is not one of ours."),
        (
            {"from": "abc"},
            "Not dialed: the caller’s number must be a phone number of 7 to 15 digits, or anonymous.",
        ),
        ({"typed": "9" * 10_000}, "Not dialed: that number is not one of ours."),
    ],
    ids=["nothing", "unknown", "nul", "no caller", "long"],
)
def test_an_unusable_number_is_an_error(campaign: Campaign, form: dict[str, str], error: str):
    assert dial(campaign, **form) == error
    assert Call.objects.count() == 0


def test_another_companys_number_is_unknown(campaign: Campaign):
    client = browser(make.make_company())
    assert dial(campaign, client) == "Not dialed: that number is not one of ours."


def test_the_page_offers_numbers_by_campaign_and_keys_to_ping_with(campaign: Campaign):
    fixed = make.make_number(
        campaign, publisher=make.make_publisher(campaign.company, name="Alpha Media")
    )
    key = make.make_key("rtb", campaign=campaign)
    make.make_key("rtb", campaign=campaign, paused=True)
    make.make_ready_key()
    context = browser(campaign.company).get(PAGE).context
    pool = number(campaign)
    assert context["numbers"] == [
        (
            "Roofing",
            [(fixed.number, f"{fixed.number} (Alpha Media)"), (pool, f"{pool} (pool)")],
        )
    ]
    assert list(context["keys"]) == [key]


def test_the_page_of_an_empty_company_has_the_next_steps():
    page = browser(make.make_company()).get(PAGE).content.decode()
    assert "Add a number to a campaign" in page
    assert "Add a key" in page
    assert ("Dial</button>" in page) is False


# --- playing --------------------------------------------------------------------------------------
def test_a_whole_call_is_played(campaign: Campaign):
    call = dial(campaign)
    play(call, "phone-answer", line(call))
    play(call, "skip-120")
    page = play(call, "phone-hang-up", line(call, "caller")).content.decode()
    assert now_of(call).status == "finished"
    assert now_of(call).payout == Decimal(90)
    assert now_of(call).revenue == Decimal(120)
    assert "90.00 USD" in page
    assert "120.00 USD" in page
    assert 'data-is-live="no"' in page


@pytest.mark.parametrize("action", ["busy", "no-answer"])
def test_an_unanswered_leg_rings_the_next_buyer(campaign: Campaign, action: str):
    call = dial(campaign)
    first = line(call)
    context = play(call, f"phone-{action}", first).context
    assert [card.title for card in context["cards"]] == ["Caller", "Handler: Buyer 2"]
    assert context["ended"] == [f"Buyer 1: {action.replace('-', ' ')}"]


def test_time_is_skipped_to_the_end_of_the_ring_time(campaign: Campaign):
    call = dial(campaign)
    play(call, "skip-ring")
    assert call.legs.get(place=1).outcome == "no-answer"
    assert now_of(call).buyer.buyer_id == "b2"


@pytest.mark.parametrize(("action", "seconds"), [("skip-30", 30), ("skip-120", 120)])
def test_time_is_skipped(campaign: Campaign, clock: Any, action: str, seconds: int):
    call = talk(campaign)
    context = play(call, action).context
    assert now_of(call).clock - timezone.now() == timedelta(seconds=seconds)
    assert context["ahead"] == seconds


def test_a_call_ahead_of_the_wall_clock_follows_the_clock_of_the_page(
    campaign: Campaign, clock: Any
):
    call = talk(campaign)
    play(call, "skip-30")
    clock(7)
    play(call, "look", ahead="30")
    assert now_of(call).clock - call.started_at == timedelta(seconds=37)


@pytest.mark.parametrize("ahead", ["nan", "inf", "-9", "1e400", "x", "", "999999999"])
def test_an_unusable_offset_of_the_page_is_ignored(campaign: Campaign, clock: Any, ahead: str):
    call = talk(campaign)
    play(call, "look", ahead=ahead)
    assert now_of(call).clock == timezone.now()


def test_a_held_caller_is_connected_to_the_transfer(campaign: Campaign):
    call = talk(campaign)
    play(call, "transfer", line(call), transfer_to=THIRD, hold_caller="on")
    play(call, "phone-answer", line(call, "transferee"))
    on_hold = page_context(call)["conference"].sentences[0]
    play(call, "connect", call.transfers.get())
    assert on_hold == "The caller is on hold and hears music."
    assert page_context(call)["conference"].sentences[0] == f"The caller hears Buyer 1 and {THIRD}."


def test_each_card_has_the_buttons_that_apply(campaign: Campaign):
    call = dial(campaign)
    ringing = [card_buttons(call, party) for party in ("caller", "handler")]
    play(call, "phone-answer", line(call))
    talking = card_buttons(call, "handler")
    play(call, "transfer", line(call), transfer_to=THIRD, hold_caller="on")
    assert ringing == [["Hang up"], ["Answer", "Busy", "No answer", "Reject"]]
    assert talking == ["Hang up", "Return", "Reject", "Transfer"]
    assert card_buttons(call, "handler") == ["Hang up"]
    assert card_buttons(call, "transferee") == [
        "Answer",
        "Busy",
        "No answer",
        "Connect the caller",
        "Cancel the transfer",
    ]


def test_a_refusal_is_shown_on_the_page(campaign: Campaign):
    call = talk(campaign)
    context = play(call, "transfer", line(call), transfer_to="911").context
    assert context["note"] == "Not done: cannot dial transfer_to number."
    assert context["refused"] is True


@pytest.mark.parametrize("action", ["phone-answer", "phone-hang-up x", "", "nonsense"])
def test_an_unknown_action_is_refused(campaign: Campaign, action: str):
    call = talk(campaign)
    assert play(call, action).context["refused"] is True
    assert now_of(call).status == "in-progress"


def test_a_leg_of_another_call_is_refused(campaign: Campaign):
    call, other = talk(campaign), talk(make.make_market())
    assert (
        play(call, "phone-hang-up", line(other)).context["note"]
        == "Not done: that line is not on this call."
    )
    assert now_of(other).status == "in-progress"


def test_a_leg_to_an_own_number_is_answered_on_its_call(campaign: Campaign):
    seller = make.make_campaign(campaign.company)
    make.make_route(seller, make.make_buyer(campaign.company, number=number(campaign)))
    call = dial(campaign, typed=make.make_number(seller).number)
    card = page_context(call)["cards"][1]
    assert card.own_call == Call.objects.get(campaign=campaign).pk
    assert [label for _, label in card.phone] == ["Busy", "No answer"]


def test_without_a_script_an_action_redirects_to_the_call(campaign: Campaign):
    call = dial(campaign)
    answer = browser(campaign.company).post(
        f"{PAGE}?call={call.pk}", {"do": f"phone-answer {line(call).pk}"}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{PAGE}?call={call.pk}"
    assert now_of(call).status == "in-progress"


def test_the_page_can_be_reloaded(campaign: Campaign):
    call = talk(campaign)
    assert page_context(call)["call"] == call
    assert page_context(call)["headline"] == "The caller talks with Buyer 1."


def test_other_live_calls_are_listed(campaign: Campaign):
    first, other = talk(campaign), talk(campaign, "+13105550103")
    talk(make.make_market())
    assert [uuid for uuid, _ in page_context(first)["live_calls"]] == [other.pk]
    assert browser(campaign.company).get(PAGE).context["live_calls"] == [
        (other.pk, "Roofing: +13105550103, in progress with Buyer 1"),
        (first.pk, f"Roofing: {CALLER}, in progress with Buyer 1"),
    ]


# --- permissions ----------------------------------------------------------------------------------
def test_readers_have_no_buttons(campaign: Campaign):
    call = talk(campaign)
    page = browser(campaign.company, "read_only").get(f"{PAGE}?call={call.pk}").content.decode()
    live_part = page[page.index("data-live-parts") :]
    assert buttons(live_part[: live_part.index('data-part="more"')]) == []
    assert (CALLER[1:] in page) is False
    assert "0102" in page


def test_readers_see_masked_numbers_of_live_calls(campaign: Campaign):
    call = talk(campaign)
    live = browser(campaign.company, "read_only").get(PAGE).context["live_calls"]
    assert live == [(call.pk, "Roofing: +*******0102, in progress with Buyer 1")]


@pytest.mark.parametrize("query", ["", "?call="], ids=["dial", "play"])
def test_readers_can_not_act(campaign: Campaign, query: str):
    call = talk(campaign)
    client = browser(campaign.company, "read_only")
    address = f"{PAGE}{query}{call.pk if query else ''}"
    answer = client.post(address, {"do": f"phone-hang-up {line(call).pk}", "to": number(campaign)})
    assert answer.status_code == 403
    assert now_of(call).status == "in-progress"
    assert Call.objects.count() == 1


def test_another_companys_call_does_not_exist(campaign: Campaign):
    call = talk(campaign, "+13105550103")
    page = browser(make.make_company()).get(f"{PAGE}?call={call.pk}").content.decode()
    assert "This call does not exist" in page
    assert ("data-live-parts" in page) is False
    assert ("3105550103" in page) is False


def test_a_call_of_another_carrier_is_not_played(campaign: Campaign):
    call = talk(campaign)
    Call.objects.update(carrier="twilio")
    assert (
        "This call does not exist"
        in browser(campaign.company).get(f"{PAGE}?call={call.pk}").content.decode()
    )


@pytest.mark.parametrize(
    "query",
    ["call=x", "call=%00", "call=" + "a" * 10_000, f"call={UNKNOWN_UUID}", "company=x", "live=1"],
)
def test_an_unusable_query_is_ignored(campaign: Campaign, query: str):
    page = browser(campaign.company).get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert "Softphone" in page.content.decode()


def test_the_page_is_disabled_with_another_carrier(campaign: Campaign, settings: Any):
    settings.CARRIER = "twilio"
    client = browser(campaign.company)
    page = client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"to": number(campaign)})
    assert "this installation uses another carrier" in page
    assert ("Dial</button>" in page) is False
    assert answer.status_code == 403
    assert Call.objects.count() == 0


def test_an_empty_installation_has_a_hint():
    assert "Add the first company" in browser().get(PAGE).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_live_calls(
    campaign: Campaign, count: int, django_assert_num_queries: Any
):
    for place in range(count):
        arrive(campaign, f"+1310555010{place}")
    client = browser(campaign.company)
    with django_assert_num_queries(10):
        client.get(PAGE)


def test_the_clock_of_an_ended_call_stands_still(campaign: Campaign, clock: Any):
    call = dial(campaign)
    play(call, "phone-hang-up", line(call, "caller"))
    clock(60)
    play(call, "look", ahead="30")
    assert now_of(call).clock == call.started_at
    assert Leg.objects.live().count() == 0
