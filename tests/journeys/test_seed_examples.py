"""The seed's requests over a real socket, byte for byte; only host and key differ."""

import re
from typing import Any

import httpx
import pytest

from campaigns.models import Campaign
from tests.factories import make_campaign, make_conversion, make_key, make_number, make_route

pytestmark = pytest.mark.django_db(transaction=True)
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign()
    make_route(campaign)
    make_number(campaign, number="+18334583385", in_pool=True)
    make_conversion(campaign)
    return campaign


def reserved(number: str) -> re.Pattern[str]:
    """Return the seed's answer as a pattern, without jq's blanks; `number` is a pattern."""
    return re.compile(
        rf'{{"uuid":"({UUID})","status":"reserved","retreaver_payout":90\.0,"retreaver_seconds":120,'
        rf'"inbound_number":"{number}","expires_at":"{MOMENT}"}}'
    )


def body(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    return answer.text


def test_the_number_that_is_passed_is_answered(http: httpx.Client, campaign: Campaign) -> None:
    key = make_key(campaign=campaign, allow_no_caller_number=True).key
    answer = http.post(f"/rtbs.json?key={key}&inbound_number=+35924930101")
    assert reserved(r"\+35924930101").fullmatch(body(answer)), answer.text


def test_the_number_of_the_key_is_answered(http: httpx.Client, campaign: Campaign) -> None:
    key = make_key(
        campaign=campaign, allow_no_caller_number=True, inbound_number="+18339510260"
    ).key
    answer = http.post(f"/rtbs.json?key={key}")
    assert reserved(r"\+18339510260").fullmatch(body(answer)), answer.text


def test_a_sip_address_is_answered(http: httpx.Client, campaign: Campaign, settings: Any) -> None:
    settings.RTB_SIP_DOMAIN = "retreaver-rtb.sip.twilio.com"
    key = make_key(campaign=campaign, allow_no_caller_number=True).key
    answer = http.post(f"/rtbs.json?key={key}")
    assert reserved(r"sip:\1@retreaver-rtb\.sip\.twilio\.com").fullmatch(body(answer)), answer.text


def test_a_number_chosen_for_the_caller_is_answered(http: httpx.Client, campaign: Campaign) -> None:
    key = make_key(campaign=campaign, allow_no_caller_number=True).key
    answer = http.post(f"/rtbs.json?key={key}&caller_number=12025550102")
    assert reserved(r"\+18334583385").fullmatch(body(answer)), answer.text


def test_a_key_that_needs_a_caller_says_so(http: httpx.Client, campaign: Campaign) -> None:
    answer = http.post(f"/rtbs.json?key={make_key(campaign=campaign).key}")
    assert answer.status_code == 422
    assert answer.text == '{"error":"FAILED must include caller_number (string)"}'


def test_the_same_in_xml(http: httpx.Client, campaign: Campaign) -> None:
    answer = http.post(f"/rtbs.xml?key={make_key(campaign=campaign).key}&caller_number=12025550102")
    document = (
        rf'<\?xml version="1\.0" encoding="utf-8"\?>\n<hash><uuid>{UUID}</uuid><status>reserved</status>'
        r'<retreaver-payout type="float">90\.0</retreaver-payout><retreaver-seconds type="integer">120</retreaver-seconds>'
        rf'<inbound-number>\+18334583385</inbound-number><expires-at type="datetime">{MOMENT}</expires-at></hash>'
    )
    assert re.fullmatch(document, answer.text), answer.text


def test_the_error_in_xml(http: httpx.Client, campaign: Campaign) -> None:
    answer = http.post(f"/rtbs.xml?key={make_key(campaign=campaign).key}")
    assert answer.status_code == 422
    assert (
        answer.text
        == '<?xml version="1.0" encoding="utf-8"?>\n<hash><error>FAILED must include caller_number (string)</error></hash>'
    )
