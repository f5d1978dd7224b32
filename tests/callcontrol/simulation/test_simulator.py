"""The simulator's HTTP interface: access, input, and the call in answers."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callcontrol.models import Call
from campaigns.models import Campaign
from tests.admin_client import browser
from tests.factories import make_company, make_key, make_market, make_number
from tests.pinging import CALLER, TOKEN, Answer, dial, ping

pytestmark = pytest.mark.django_db
LINE = "+18335550199"
OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market()
    make_number(campaign, number=LINE)
    return campaign


def posted(
    said: Any = None, path: str = "/simulator/calls", client: Client | None = None, **headers: str
) -> tuple[int, Answer]:
    said = {"from": CALLER, "to": LINE} if said is None else said
    answer = (client or Client()).post(
        path, said, content_type="application/json", headers=headers or TOKEN
    )
    return answer.status_code, answer.json()


# --- access ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", "Basic simulator", "simulator", "Bearer simulatör"]
)
def test_without_the_token_nothing_is_shown(campaign: Campaign, header: str) -> None:
    call = dial(LINE)
    shown = Client().get(f"/simulator/calls/{call['call_uuid']}", headers={"Authorization": header})
    assert posted(Authorization=header) == (401, {"error": "not authorized"})
    assert shown.status_code == 401
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("staff", "site", "status"),
    [
        (True, "same-origin", 201),
        (True, "cross-site", 401),
        (True, "", 401),
        (False, "same-origin", 401),
    ],
)
def test_a_session_of_staff_may_call_from_our_own_pages(
    campaign: Campaign, staff: bool, site: str, status: int
) -> None:
    client = browser(campaign.company)
    User.objects.update(is_staff=staff)
    assert posted(client=client, **{"Sec-Fetch-Site": site})[0] == status
    assert Call.objects.count() == int(status == 201)


@pytest.mark.parametrize("role", ["owner", "account_manager", "superuser"])
def test_who_edits_a_company_may_call_its_numbers(campaign: Campaign, role: str) -> None:
    client = browser() if role == "superuser" else browser(campaign.company, role)
    assert (
        posted(client=client, **OUR_PAGE)[1]
        == client.get(f"/simulator/calls/{Call.objects.get().pk}").json()
    )


@pytest.mark.parametrize("role", ["owner", "read_only"])
def test_nobody_else_calls_them(campaign: Campaign, role: str) -> None:
    client = browser(campaign.company if role == "read_only" else make_company(), role)
    answer = posted(client=client, **OUR_PAGE)
    assert answer == (404, {"error": "that number is not one of ours"})
    assert Call.objects.count() == 0


def test_only_who_edits_a_company_sees_its_calls_for_their_numbers_stand_in_the_clear(
    campaign: Campaign,
) -> None:
    call = dial(LINE)
    clients = (
        browser(campaign.company, "owner"),
        browser(campaign.company, "read_only"),
        browser(make_company(), "owner"),
    )
    shown = [client.get(f"/simulator/calls/{call['call_uuid']}").json() for client in clients]
    assert shown == [call, {"error": "call not found"}, {"error": "call not found"}]


@pytest.mark.parametrize(
    "path",
    [
        "/simulator/calls",
        "/simulator/calls/5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11",
        "/simulator/calls/5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11/hang-up",
        "/simulator/legs/5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11/answer",
    ],
)
def test_under_another_carrier_there_is_no_simulator(settings: Any, path: str) -> None:
    settings.CARRIER = "twilio"
    answers = [Client().generic(method, path, headers=TOKEN) for method in ("GET", "POST")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (404, {"error": "not found"})
    ] * 2


# --- input ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("said", [{}, {"to": ""}, {"to": None}, {"to": "  "}, {"to": "undefined"}])
def test_there_must_be_a_number_to_dial(said: Answer) -> None:
    assert posted(said) == (422, {"error": "FAILED must include to (string)"})


def test_a_number_that_is_not_ours_is_not_found() -> None:
    assert posted({"to": "+18335550777"}) == (404, {"error": "that number is not one of ours"})


def test_a_caller_that_is_no_number_is_refused(campaign: Campaign) -> None:
    refusal = {"error": "from must be a phone number of 7 to 15 digits, or anonymous"}
    assert posted({"from": "zzz", "to": LINE}) == (422, refusal)
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    "to", ["+18335550199", "18335550199", "8335550199", "(833) 555-0199", 18335550199]
)
def test_the_number_may_be_written_as_people_do(campaign: Campaign, to: Any) -> None:
    assert posted({"from": CALLER, "to": to})[1]["events"][0]["detail"]["number"] == LINE


def test_a_plus_that_a_query_lost_is_put_back() -> None:
    campaign = make_market(pool=0)
    make_number(campaign, number="+493055501000")
    campaign.company.region = "DE"
    campaign.company.save()
    status, call = posted({}, path="/simulator/calls?from=+493055501001&to=+493055501000")
    assert status == 201
    assert call["legs"][0]["number"] == "+493055501001"


@pytest.mark.parametrize(
    ("at", "began"),
    [
        ("2026-05-05T12:00:09Z", "2026-05-05T12:00:09.000Z"),
        ("2026-05-05T14:00:09+02:00", "2026-05-05T12:00:09.000Z"),
        ("2026-05-05T12:00:09.5", "2026-05-05T12:00:09.500Z"),
        ("2026-05-05T11:59:59Z", "2026-05-05T12:00:00.000Z"),
        ("0001-01-01T00:00:00+14:00", "2026-05-05T12:00:00.000Z"),
        ("", "2026-05-05T12:00:00.000Z"),
    ],
)
@pytest.mark.usefixtures("clock")
def test_a_call_comes_at_the_later_of_now_and_what_is_said(
    campaign: Campaign, at: str, began: str
) -> None:
    assert dial(LINE, at=at)["events"][0]["at"] == began


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("tomorrow", "at must be a moment like 2026-05-05T06:25:08Z"),
        ("1778000000", "at must be a moment like 2026-05-05T06:25:08Z"),
        ("2026-13-01T00:00:00Z", "at must be a moment like 2026-05-05T06:25:08Z"),
        ("9999-12-31T23:59:59Z", "at must be within the next ten years"),
        ("9999-12-31T23:59:59-14:00", "at must be within the next ten years"),
    ],
)
def test_a_moment_that_is_none_is_refused(campaign: Campaign, at: str, text: str) -> None:
    assert posted({"from": CALLER, "to": LINE, "at": at}) == (422, {"error": text})
    assert Call.objects.count() == 0


# --- what it shows --------------------------------------------------------------------------------
@pytest.mark.usefixtures("clock")
def test_a_call_as_it_is_shown(campaign: Campaign) -> None:
    answer = ping(
        make_key(campaign=campaign), publisher_id="alpha", inbound_number=LINE, caller_zip="90210"
    )
    status, call = posted()
    caller, handler = call["legs"]
    at = "2026-05-05T12:00:00.000Z"
    assert status == 201
    assert list(call.items()) == [
        ("call_uuid", str(Call.objects.get().uuid)),
        ("status", "ringing"),
        ("buyer_id", "b1"),
        ("reservation_uuid", answer["uuid"]),
        ("publisher_id", "alpha"),
        ("tags", {"caller_zip": "90210"}),
        ("payout", None),
        ("revenue", None),
        ("converted", False),
        ("legs", [caller, handler]),
        (
            "events",
            [
                {
                    "at": at,
                    "event": "arrived",
                    "text": f"The caller dialed {LINE}.",
                    "verdicts": [],
                    "detail": {"number": LINE, "reservation": answer["uuid"]},
                },
                {
                    "at": at,
                    "event": "routed",
                    "text": "Routing decided.",
                    "verdicts": ["Buyer 1: reserved for this caller"],
                    "detail": {"reserved": "b1"},
                },
                {
                    "at": at,
                    "event": "dialing",
                    "text": "Buyer b1 is being dialed.",
                    "verdicts": [],
                    "detail": {"leg": handler["leg_uuid"], "buyer_id": "b1"},
                },
            ],
        ),
    ]


def test_the_legs_of_a_call(campaign: Campaign) -> None:
    number = campaign.routes.get().buyer.number  # type: ignore[union-attr]
    caller, handler = dial(LINE)["legs"]
    assert [list(leg.items())[1:] for leg in (caller, handler)] == [
        [("party", "caller"), ("number", CALLER), ("status", "in-progress"), ("hears", [])],
        [("party", "handler"), ("number", number), ("status", "ringing"), ("hears", [])],
    ]


def test_a_call_can_be_looked_at(campaign: Campaign) -> None:
    call = dial(LINE)
    assert Client().get(f"/simulator/calls/{call['call_uuid']}", headers=TOKEN).json() == call


@pytest.mark.parametrize("name", ["5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11", "nonsense", "%00"])
def test_a_call_that_is_none_is_not_found(name: str) -> None:
    answer = Client().get(f"/simulator/calls/{name}", headers=TOKEN)
    assert answer.status_code == 404
    assert answer.json() == {"error": "call not found"}


def test_a_call_in_xml(campaign: Campaign) -> None:
    call = dial(LINE)
    text = Client().get(f"/simulator/calls/{call['call_uuid']}.xml", headers=TOKEN).text
    assert (
        f"<hash><call-uuid>{call['call_uuid']}</call-uuid><status>ringing</status><buyer-id>b1</buyer-id>"
        in text
    )
