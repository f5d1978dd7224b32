"""Numbers as clients write them, as they are kept, shown, masked and placed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import phone


@pytest.mark.parametrize(
    ("text", "region", "kept"),
    [
        ("+12025550102", "US", "+12025550102"),
        ("12025550102", "US", "+12025550102"),
        ("2025550102", "US", "+12025550102"),
        ("2025550102", "CA", "+12025550102"),
        ("(202) 555-0102", "US", "+12025550102"),
        ("202.555.0102", "US", "+12025550102"),
        ("1 202 555 0102", "US", "+12025550102"),
        (" 12025550102", "US", "+12025550102"),  # a raw plus in a query
        (" 442079460102", "US", "+442079460102"),
        (" 2025550102", "US", "+12025550102"),
        (" 4930123456", "US", "+4930123456"),
        ("+10123456789", "US", "+10123456789"),  # no range in service, but the seeds use it
        ("10123456789", "US", "+10123456789"),
        ("0123456789", "US", "+10123456789"),
        ("442079460102", "US", "+442079460102"),
        ("020 7946 0102", "GB", "+442079460102"),
        ("+44 (0)20 7946 0102", "US", "+442079460102"),
        ("12025550102", "GB", "+12025550102"),
        ("5550102", "US", "+5550102"),
        ("+123456789012345", "US", "+123456789012345"),
    ],
)
def test_a_number_is_kept_by_its_shape(text: str, region: str, kept: str) -> None:
    assert phone.to_e164(text, region) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "123456",
        "+1234567890123456",
        "202555010a",
        "++12025550102",
        "202+5550102",
        "undefined",
        "٢٠٢٥٥٥٠١٠٢",
        "2025550102x9",
    ],
)
def test_other_text_is_none(text: str) -> None:
    assert phone.to_e164(text, "US") is None


@given(st.text(max_size=80), st.sampled_from(["US", "GB", "DE"]))
def test_whatever_comes_in_is_a_number_or_none(text: str, region: str) -> None:
    kept = phone.to_e164(text, region)
    assert kept is None or (kept[0] == "+" and kept[1:].isdigit() and 7 <= len(kept) - 1 <= 15)


@given(st.text("0123456789", min_size=7, max_size=15), st.sampled_from(["US", "GB", "DE"]))
def test_e164_stays_unchanged(digits: str, region: str) -> None:
    kept = phone.to_e164(digits, region)
    assert kept is not None
    assert phone.to_e164(kept, region) == kept


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("anonymous", True),
        (" Restricted ", True),
        ("+266696687", True),
        ("266696687", True),
        ("UNAVAILABLE", True),
        ("12025550102", False),
    ],
)
def test_a_withheld_number_is_recognized(text: str, is_it: bool) -> None:
    assert phone.is_withheld(text) is is_it


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("202-555-0102", "+12025550102"),
        ("sip:agent@example.com", "sip:agent@example.com"),
        ("sip:agent@example.com:5061", "sip:agent@example.com:5061"),
        ("SIP:agent@10.0.0.1;transport=tls", "SIP:agent@10.0.0.1;transport=tls"),
        ("sip:agent@[::1]:5060", "sip:agent@[::1]:5060"),
        ("sip:agent", None),
        ("sip:a b@example.com", None),
        ("sip:@example.com", None),
        ("sip:agent@-example.com", None),
        ("sip:" + "a" * 128 + "@" + "b" * 128, None),
        ("https://example.com", None),
        ("911", None),
    ],
)
def test_a_destination_is_a_number_or_a_sip_address(text: str, kept: str | None) -> None:
    assert phone.destination(text, "US") == kept


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+12025550102", "(202) 555-0102"),
        ("+10987654321", "(098) 765-4321"),
        ("+442079460102", "020 7946 0102"),
        ("sip:agent@example.com", "sip:agent@example.com"),
    ],
)
def test_a_number_has_its_national_format(e164: str, shown: str) -> None:
    assert phone.national(e164) == shown


@pytest.mark.parametrize(
    ("e164", "found"),
    [
        ("+12125550102", {"caller_state": "NY", "caller_city": "New York", "caller_country": "US"}),
        (
            "+14155550102",
            {"caller_state": "CA", "caller_city": "San Francisco", "caller_country": "US"},
        ),
        ("+13105550102", {"caller_state": "CA", "caller_country": "US"}),
        ("+19175550102", {"caller_state": "NY", "caller_country": "US"}),
        ("+12065550102", {"caller_state": "WA", "caller_country": "US"}),
        (
            "+12025550102",
            {"caller_state": "DC", "caller_city": "Washington", "caller_country": "US"},
        ),
        ("+14165550102", {"caller_state": "ON", "caller_country": "CA"}),
        ("+19025550102", {"caller_country": "CA"}),  # Nova Scotia or Prince Edward Island
        ("+442079460102", {"caller_city": "London", "caller_country": "GB"}),
        ("+33123456789", {"caller_country": "FR"}),
        ("+18335550102", {}),
        ("+10123456789", {}),
        ("sip:agent@example.com", {}),
    ],
)
def test_the_place_of_a_number(e164: str, found: dict[str, str]) -> None:
    assert phone.place(e164) == found


def test_a_place_that_is_changed_by_its_reader_is_not_changed_for_the_next() -> None:
    phone.place("+12125550102").clear()
    assert phone.place("+12125550102")["caller_state"] == "NY"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("+12025550102", "+*******0102"), ("sip:12025550102@x", "sip:*******0102@x"), ("102", "102")],
)
def test_a_masked_number_keeps_its_last_four_digits(text: str, shown: str) -> None:
    assert phone.masked(text) == shown


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("911", True),
        ("112", True),
        ("9-1-1", True),
        ("+1911", True),
        ("sip:911@example.com", True),
        ("sip:911;phone-context=+1@example.com", True),
        ("SIPS:911:secret@example.com", True),
        ("sip:9%31%31@example.com", True),
        ("+12025550102", False),
        ("sip:help@example.com", False),
    ],
)
def test_an_emergency_number_is_recognized(text: str, is_it: bool) -> None:
    assert phone.is_emergency(text) is is_it


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0012025550102", "+12025550102"),
        ("00 44 20 7946 0958", "+442079460958"),
    ],
)
def test_two_zeros_stand_for_the_plus(text: str, number: str | None) -> None:
    assert phone.to_e164(text, "US") == number
