"""System checks: settings that cannot work, each with its cure."""

from typing import Any

import pytest

from config import checks


def found() -> list[tuple[str | None, str, str | None]]:
    messages = [
        *checks.check_carrier(),
        *checks.check_twilio(),
        *checks.check_addresses(),
        *checks.check_formats(),
        *checks.check_exposure(),
    ]
    return [(message.id, message.msg, message.hint) for message in messages]


def test_the_defaults_work() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "number", "message"),
    [
        ("CARRIER", "pigeon", "E001", "CARRIER is 'pigeon'."),
        ("PUBLIC_BASE_URL", "calls.example.com", "E004", "PUBLIC_BASE_URL is 'calls.example.com'."),
        ("PUBLIC_BASE_URL", "ftp://localhost", "E004", "PUBLIC_BASE_URL is 'ftp://localhost'."),
        ("TRUSTED_PROXIES", ["10.0.0.0/8", "proxy"], "E005", "TRUSTED_PROXIES holds 'proxy'."),
        ("RTB_SIP_DOMAIN", "sip:example.com", "E006", "RTB_SIP_DOMAIN is 'sip:example.com'."),
        ("RTB_FIELD_PREFIX", "a-b", "E007", "RTB_FIELD_PREFIX is 'a-b'."),
        ("RETENTION_DAYS", 0, "E008", "RETENTION_DAYS is 0."),
        (
            "BIND",
            "::",
            "W002",
            "The simulator accepts its published token from other machines.",
        ),
    ],
)
def test_a_setting_that_cannot_work(
    settings: Any, name: str, value: object, number: str, message: str
) -> None:
    setattr(settings, name, value)
    assert [found_message[:2] for found_message in found()] == [(f"ringpost.{number}", message)]


def test_the_hint_lists_the_carriers(settings: Any) -> None:
    settings.CARRIER = "pigeon"
    assert [hint for _, _, hint in found()] == ["Choose one of: simulator, twilio."]


def test_twilio_needs_its_account_and_an_address(settings: Any) -> None:
    settings.CARRIER, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "twilio", "", ""
    messages = [message for number, message, _ in found() if number != "ringpost.E001"]
    assert messages == [
        "CARRIER is twilio, without TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
        "CARRIER is twilio, without PUBLIC_BASE_URL.",
    ]


def test_debug_at_a_public_address(settings: Any) -> None:
    settings.DEBUG, settings.PUBLIC_BASE_URL, settings.SIMULATOR_TOKEN = (
        True,
        "https://calls.example.com",
        "made",
    )
    assert found() == [
        (
            "ringpost.W001",
            "DEBUG is on at a public address.",
            "Error pages would show keys: unset DEBUG.",
        )
    ]


@pytest.mark.parametrize(
    ("name", "value", "number", "message"),
    [
        ("TWILIO_CALLER_ID", "2025550100", "E010", "TWILIO_CALLER_ID is not a phone number."),
        ("TWILIO_API_BASE_URL", "api.twilio.com", "E011", "TWILIO_API_BASE_URL is not an address."),
    ],
)
def test_a_setting_of_twilio_that_cannot_work(
    twilio: Any, settings: Any, name: str, value: str, number: str, message: str
) -> None:
    setattr(settings, name, value)
    assert [found_message[:2] for found_message in found()] == [(f"ringpost.{number}", message)]


def test_twilio_needs_its_library(twilio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert found() == [
        (
            "ringpost.E009",
            "CARRIER is twilio, without its library.",
            "pip install 'ringpost[twilio]'",
        )
    ]
