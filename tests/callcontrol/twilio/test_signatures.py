"""Signatures: Twilio alone may post events, signed over the public URL and all parameters."""

import json
from typing import Any

import pytest
from django.test import Client

from callcontrol.models import Call
from tests.callcontrol.twilio.posting import NUMBER, path, posted, recorded, signature
from tests.callcontrol.twilio.standin import ACCOUNT, PUBLIC, TOKEN
from tests.factories import make_market, make_number

VOICE = path("voice")
SAID = recorded("voice")
REFUSED = (403, '{"error":"the signature is missing or wrong"}')


@pytest.fixture(autouse=True)
def _installed(settings: Any) -> None:
    settings.CARRIER, settings.PUBLIC_BASE_URL = "twilio", PUBLIC
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "forged",
        "é",
        signature(VOICE, SAID, token="a-token-of-yesterday"),
        signature(VOICE, SAID | {"From": "+13105550103"}),
        signature(path("status"), SAID),
        signature(VOICE, SAID, base="http://testserver"),
        signature(VOICE + "?a=1", SAID),
    ],
    ids=[
        "missing",
        "forged",
        "no-latin",
        "old-token",
        "other-caller",
        "other-path",
        "inner-address",
        "other-query",
    ],
)
def test_a_signature_that_is_not_good_is_refused_before_anything_is_looked_up(signed: str) -> None:
    assert (
        posted(VOICE, SAID, signed=signed) == REFUSED
    )  # without a database: a query would fail the test


def test_no_signature_is_good_without_a_token(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert posted(VOICE, SAID, signed=signature(VOICE, SAID, token="")) == REFUSED


def test_one_that_is_good_for_other_parameters_is_not_for_more() -> None:
    assert posted(VOICE, SAID | {"Digits": "1"}, signed=signature(VOICE, SAID)) == REFUSED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("base", "signed"),
    [
        (PUBLIC, PUBLIC),
        (PUBLIC, PUBLIC + ":443"),
        ("https://example.com/ringpost", "https://example.com/ringpost"),
    ],
    ids=["plain", "port", "prefix"],
)
def test_behind_a_proxy_the_public_address_counts(settings: Any, base: str, signed: str) -> None:
    settings.PUBLIC_BASE_URL = base
    make_number(make_market(), number=NUMBER)
    headers = {
        "X-Forwarded-Host": "evil.example.com",
        "X-Forwarded-Proto": "http",
        "X-Twilio-Signature": "",
    }
    headers["X-Twilio-Signature"] = signature(VOICE, SAID, base=signed)
    assert Client().post(VOICE, SAID, headers=headers).status_code == 200
    assert Call.objects.count() == 1


@pytest.mark.django_db
def test_letters_of_other_scripts_are_signed_too() -> None:
    make_number(make_market(), number=NUMBER)
    assert posted(VOICE, SAID | {"CallerCity": "ZÜRICH 東京 & +=%"})[0] == 200


# --- other requests -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "where",
    [
        "/carriers/twilio/vioce",
        "/carriers/simulator/voice",
        "/carriers/pigeon/voice",
        "/carriers/twilio/voice/more",
    ],
)
def test_an_address_that_is_no_webhook_is_not_found(where: str) -> None:
    assert posted(where, SAID)[0] == 404


def test_under_another_carrier_nothing_is_there(settings: Any) -> None:
    settings.CARRIER = "simulator"
    assert posted(VOICE, SAID) == (404, '{"error":"not found"}')


def test_another_verb_is_refused() -> None:
    answer = Client().get(VOICE)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST, OPTIONS"
    assert "error" in json.loads(answer.content)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"a=" + b"x" * 65_600, "application/x-www-form-urlencoded", 413),
        (b"From=%FF", "application/x-www-form-urlencoded", 400),
        (b"From=%00", "application/x-www-form-urlencoded", 422),
        (b"From", "image/png", 415),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
    ids=["too-big", "no-utf-8", "nul", "no-form", "empty"],
)
def test_a_body_that_is_none_of_twilios(body: bytes, content_type: str, status: int) -> None:
    answer = Client().post(VOICE, body, content_type, headers={"X-Twilio-Signature": "x"})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
