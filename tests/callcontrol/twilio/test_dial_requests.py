"""The requests to Twilio's API when a buyer is dialed, and its refusals."""

from typing import Any

import pytest

from callcontrol.carriers import twilio as carrier
from callcontrol.carriers.base import CarrierError
from callcontrol.models import Call, CallEvent, Leg, Party
from campaigns.models import Buyer
from tests.callcontrol.twilio.posting import NUMBER
from tests.callcontrol.twilio.rest import Api, refusal
from tests.factories import make_market, make_number

pytestmark = pytest.mark.django_db
PLAIN = {
    "Beep": "false",
    "EarlyMedia": "false",
    "EndConferenceOnExit": "false",
    "StartConferenceOnEnter": "true",
    "WaitUrl": "",
}


@pytest.fixture
def buyer(twilio_here: Api) -> Buyer:
    """Return the only buyer of a campaign with a number."""
    campaign = make_market()
    make_number(campaign, number=NUMBER)
    buyer = Buyer.objects.get()
    buyer.number = "+14165550101"
    buyer.save()
    return buyer


def dial_request(
    twilio_here: Api, buyer: Buyer, caller: str = "+12025550102", **columns: Any
) -> dict[str, Any]:
    """Return the parameters that Twilio gets when this buyer is dialed."""
    for name, value in columns.items():
        setattr(buyer, name, value)
    buyer.save()
    twilio_here.standin.call(NUMBER, caller)
    return twilio_here.asked[-1][2]


def leg() -> Leg:
    return Leg.objects.exclude(party=Party.CALLER).get()


def test_a_number_is_dialed_into_the_conference_of_the_call(twilio_here: Api, buyer: Buyer) -> None:
    said = dial_request(twilio_here, buyer)
    callback = f"https://calls.example.com/carriers/twilio/status?leg={leg().pk}"
    events = ["initiated", "ringing", "answered", "completed"]
    token = f"token-{Call.objects.get().carrier_call_id}"
    plain = {
        "To": "+14165550101",
        "From": "+12025550102",
        "Timeout": "25",
        "Label": str(leg().pk),
        "CallToken": token,
    }
    assert said == PLAIN | plain | {"StatusCallback": callback, "StatusCallbackEvent": events}
    assert twilio_here.told() == [f"/Conferences/{Call.objects.get().pk}/Participants.json"]


@pytest.mark.parametrize(("seconds", "timeout"), [(30, "25"), (10, "5"), (3, "5"), (120, "115")])
def test_twilio_adds_five_seconds_to_the_ring_time(
    twilio_here: Api, buyer: Buyer, seconds: int, timeout: str
) -> None:
    assert dial_request(twilio_here, buyer, timeout_seconds=seconds)["Timeout"] == timeout


def test_in_band_signals_are_early_media(twilio_here: Api, buyer: Buyer) -> None:
    assert dial_request(twilio_here, buyer, inband_signals=True)["EarlyMedia"] == "true"


def test_a_sip_buyer_gets_its_credentials_and_the_call_s_identity(
    twilio_here: Api, buyer: Buyer
) -> None:
    said = dial_request(
        twilio_here, buyer, number="sip:desk@pbx.example.com", sip_username="u", sip_password="p&w"
    )
    call = Call.objects.get()
    address = f"sip:desk@pbx.example.com?X-PH-RetreaverUUID={call.pk}&X-PH-RetreaverKey={call.key}"
    assert said["To"] == address
    assert said["SipAuthUsername"] == "u"
    assert said["SipAuthPassword"] == "p&w"
    assert said["From"] == "+12025550102"
    assert ("CallToken" in said) is False


def test_a_secure_sip_address_is_spelled_as_twilio_knows_it(twilio_here: Api, buyer: Buyer) -> None:
    said = dial_request(twilio_here, buyer, number="sips:desk@pbx.example.com:5061")
    assert said["To"].partition("?")[0] == "sip:desk@pbx.example.com:5061;transport=tls"


def test_digits_are_sent_by_a_call_that_enters_the_conference_itself(
    twilio_here: Api, buyer: Buyer
) -> None:
    said = dial_request(twilio_here, buyer, send_digits="ww12#")
    twilio_here.standin.answer(twilio_here.standin.line_of(leg().pk))
    assert twilio_here.told() == ["/Calls.json"]
    assert said["SendDigits"] == "ww12#"
    assert leg().status == "in-progress"
    assert twilio_here.standin.line_of(leg().pk).conference == str(Call.objects.get().pk)


# --- the caller ID --------------------------------------------------------------------------------
def test_a_withheld_caller_is_shown_as_the_number_that_was_dialed(
    twilio_here: Api, buyer: Buyer
) -> None:
    said = dial_request(twilio_here, buyer, "anonymous")
    assert said["From"] == NUMBER
    assert ("CallToken" in said) is False
    assert leg().caller_number_sent == NUMBER


def test_a_withheld_caller_is_shown_as_the_number_of_the_settings(
    twilio_here: Api, buyer: Buyer, settings: Any
) -> None:
    settings.TWILIO_CALLER_ID = "+12025550100"
    assert dial_request(twilio_here, buyer, "anonymous")["From"] == "+12025550100"
    assert leg().caller_number_sent == "+12025550100"


def test_to_sip_a_withheld_caller_stays_withheld(twilio_here: Api, buyer: Buyer) -> None:
    said = dial_request(twilio_here, buyer, "anonymous", number="sip:desk@pbx.example.com")
    assert said["From"] == "anonymous"
    assert leg().caller_number_sent is None


def test_the_buyer_s_own_caller_id_goes_without_the_caller_s_token(
    twilio_here: Api, buyer: Buyer
) -> None:
    said = dial_request(twilio_here, buyer, caller_id="+12025550188")
    assert said["From"] == "+12025550188"
    assert ("CallToken" in said) is False


def test_a_caller_id_that_twilio_refuses_is_replaced(twilio_here: Api, buyer: Buyer) -> None:
    twilio_here.troubles.append(refusal(400, 21210, "Source number not verified"))
    said = dial_request(twilio_here, buyer)
    assert said["From"] == NUMBER
    assert leg().status == "ringing"
    assert leg().caller_number_sent == NUMBER


def test_the_carriers_token_is_on_no_timeline(twilio_here: Api, buyer: Buyer) -> None:
    dial_request(twilio_here, buyer)
    kept = CallEvent.objects.get(kind="arrived").detail
    assert kept["carrier_token"] == f"token-{Call.objects.get().carrier_call_id}"


# --- no -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (refusal(400, 21211), "Twilio refused (error 21211): that number cannot be dialed"),
        (
            refusal(400, 21215),
            "Twilio refused (error 21215): the account may not dial that country",
        ),
        (refusal(400, 21216), "Twilio refused (error 21216): Twilio blocks calls to that number"),
        (refusal(503, 20503), "Twilio refused (error 20503): HTTP status 503"),
        (refusal(429, 20429), "Twilio refused (error 20429): HTTP status 429"),
        ((201, {}), "Twilio’s answer has no name of the call"),
        ((201, []), "Twilio’s answer could not be read"),
    ],
    ids=["no-number", "country", "blocked", "out-of-order", "too-many", "nameless", "nonsense"],
)
def test_a_refusal_is_reported_without_numbers_and_not_retried(
    twilio_here: Api, buyer: Buyer, trouble: tuple[int, dict[str, Any]], why: str
) -> None:
    twilio_here.troubles.append(trouble)
    twilio_here.standin.call(NUMBER)
    assert CallEvent.objects.get(kind="leg-failed").detail == {"leg": str(leg().pk), "why": why}
    assert leg().outcome == "failed"
    assert Call.objects.get().status == "no-target"
    assert len(twilio_here.asked) == 2


def test_a_wrong_account_is_a_final_failure(twilio_here: Api, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
    with pytest.raises(CarrierError, match="the account’s SID or token is wrong") as raised:
        carrier.Twilio().check_account()
    assert raised.value.is_final is True


def test_the_check_reports_an_active_account(twilio_here: Api) -> None:
    assert carrier.Twilio().check_account() == "The carrier is twilio, and its account is active."


def test_the_check_of_the_account_is_retried(twilio_here: Api) -> None:
    twilio_here.troubles.extend([refusal(500, 20500)])
    assert carrier.Twilio().check_account() == "The carrier is twilio, and its account is active."
    assert twilio_here.told("GET") == [".json", ".json"]


def test_an_account_that_is_closed_is_a_failure(twilio_here: Api) -> None:
    twilio_here.troubles.append((200, {"sid": "AC", "status": "suspended"}))
    with pytest.raises(CarrierError, match="the account is suspended"):
        carrier.Twilio().check_account()


def test_an_api_that_does_not_listen_is_a_failure(settings: Any, twilio_here: Api) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:1"
    with pytest.raises(CarrierError, match="Twilio could not be reached in time") as raised:
        carrier.Twilio().check_account()
    assert raised.value.is_final is False
