"""Errors of a catalogue file: all are listed with their lines, and nothing changes."""

from datetime import UTC, datetime

import pytest

from campaigns.models import Buyer, Company
from publishers import catalogue
from publishers.catalogue import UnusableFile
from tests.factories import make_campaign, make_company, make_key, make_number, make_publisher

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
KEY = "00000000-0000-4000-8000-00000000beef"


def problems(text: str, **options: bool) -> list[str]:
    with pytest.raises(UnusableFile) as error:
        catalogue.apply_file(file_text=text, now=NOW, **options)
    return error.value.problems


def of_buyer(fields: str) -> list[str]:
    return problems(
        f"company: {{name: Acme}}\nbuyers:\n  - buyer_id: b1\n    name: One\n    number: '+14165550101'\n    {fields}\n"
    )


def of_campaign(fields: str, **options: bool) -> list[str]:
    return problems(
        f"company: {{name: Acme}}\ncampaigns:\n  - campaign_id: roofing\n    name: Roofing\n    {fields}\n",
        **options,
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("pirority: 2", "Unknown field pirority in buyers. Did you mean priority?"),
        ("daily_cap: many", "daily_cap must be a whole number, not “many”."),
        ("daily_cap: 1e3", "daily_cap must be a whole number, not “1e3”."),
        ("daily_cap: -1", "daily_cap must be a whole number, not “-1”."),
        ("daily_cap: [1]", "daily_cap must be a whole number, not a list."),
        ("daily_cap: 99999999999", "daily_cap must be at most 2147483647, not “99999999999”."),
        ("priority: 0", "priority: Ensure this value is greater than or equal to 1."),
        ("paused: maybe", "paused must be yes or no, not “maybe”."),
        (
            "time_zone: Mars/Phobos",
            "time_zone: “Mars/Phobos” is not a time zone. Use a name such as America/New_York.",
        ),
        (
            "acceptance: answr",
            "acceptance must be one of answer, explicit, not “answr”. Did you mean answer?",
        ),
        (
            "send_digits: xyz",
            "send_digits: Use digits, * and #, and w for each half second of pause, such as ww1234#.",
        ),
        ("caller_id: me", "caller_id must be a phone number, not “me”."),
        ("filters: {key: age}", "filters must be a list, not a mapping."),
        ("filters: [age]", "an item of filters must be a mapping, not “age”."),
        ("filters: [{value: 3}]", "An item of filters needs key."),
        ("closed_dates: [tomorrow]", "date must be a date like 2026-12-24, not “tomorrow”."),
        (
            "closed_dates: [2026-12-24, 2026-12-24]",
            "Duplicate closed date: it is already on line 6.",
        ),
        (
            "business_hours: [{day: monday, open: 24:00, close: 9:00}]",
            "open must be an hour from 00:00 to 23:59, not “24:00”.",
        ),
        ("postback_keys: [{type: rtb}]", "A buyer cannot have keys of type rtb."),
        (
            "postback_keys: [{type: call_control}]",
            "Keys of type call_control belong in handler_keys, not in postback_keys.",
        ),
        (
            "handler_keys: [{actions: [dance]}]",
            "actions: Select a valid choice. dance is not one of the available choices.",
        ),
        (
            "handler_keys: [{return_second: 3}]",
            "Unknown field return_second in handler_keys of type call_control."
            " Did you mean return_seconds?",
        ),
    ],
)
def test_a_wrong_field_of_a_buyer(fields: str, expected: str) -> None:
    assert of_buyer(fields) == [f"line 6: {expected}"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("routes: [{buyer: b9}]", "Unknown buyer b9."),
        ("routes: [{priority: 1}]", "An item of routes needs either a buyer or a group."),
        ("conversions: [{payout: 1e3}]", "payout must be an amount like 90.00, not “1e3”."),
        (
            "conversions: [{payout: 0.00001}]",
            "payout: Ensure that there are no more than 4 decimal places.",
        ),
        ("conversions: [{publisher: gamma}]", "Unknown publisher gamma."),
        ("numbers: [hello]", "number must be a phone number, not “hello”."),
        (
            "numbers: ['+18335550100', '+18335550100']",
            "Duplicate +18335550100: it is already on line 5.",
        ),
        (
            "numbers: [{number: '+18335550100', tags: [a]}]",
            "tags must be a mapping of names to text, like {source: radio}, not a list.",
        ),
        (
            f"numbers: [{{number: '+18335550100', tags: {{a: {'b' * 1_001}}}}}]",
            "tags: Invalid value of tag a. Use at most 1,000 characters, without NUL.",
        ),
        (
            "numbers: [{number: '+18335550100', tags: {'': b}}]",
            "tags: Invalid tag name. Use 1 to 100 characters, without control characters.",
        ),
        ("postback_keys: [{}]", "A key needs type: one of "),
        ("postback_keys: [{type: rbt}]", "Unknown key type rbt. Did you mean rtb?"),
        (
            "postback_keys: [{type: rtb, key: short}]",
            "key must be 16 to 64 letters, digits and dashes. Leave it out to get a new key.",
        ),
        (
            "postback_keys: [{type: rtb, allowed_networks: [1.2.3]}]",
            "allowed_networks must be a network like 203.0.113.0/24, not “1.2.3”.",
        ),
        (
            "postback_keys: [{type: rtb, inbound_number: x}]",
            "inbound_number must be a phone number, not “x”.",
        ),
    ],
)
def test_a_wrong_field_of_a_campaign(fields: str, expected: str) -> None:
    (line,) = of_campaign(fields)
    assert line.startswith(f"line 5: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buyers: []", "line 1: The section company is missing."),
        ("company: {time_zone: UTC}", "line 1: The company needs name or company_id."),
        ("company: [Acme]", "line 1: company must be a mapping, not a list."),
        (
            "company: {name: Acme}\nbuyerz: []",
            "line 2: Unknown section buyerz. Did you mean buyers?",
        ),
        (
            "company: {name: Acme}\nbuyers: [{name: One}]",
            "line 2: An item of buyers needs buyer_id.",
        ),
        (
            "company: {name: Acme}\npublishers: [{publisher_id: a}]",
            "line 2: New publisher a needs name.",
        ),
        (
            "company: {name: Acme, region: XX}",
            "line 1: region: “XX” is not a country code. Use two letters such as US.",
        ),
        ("company: {company_id: acme}", "line 1: New company acme needs name."),
    ],
)
def test_a_wrong_file(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_the_same_id_twice() -> None:
    text = "company: {name: Acme}\npublishers:\n  - {publisher_id: a, name: A}\n  - {publisher_id: a, name: A}"
    assert problems(text) == ["line 4: Duplicate publisher a: it is already on line 3."]


def test_all_errors_are_listed_in_the_order_of_their_lines() -> None:
    text = "company: {name: Acme, currency: usd}\nbuyers:\n  - {buyer_id: b1, number: x}\nfoo: 1"
    assert [line.split(":")[0] for line in problems(text)] == [
        "line 1",
        "line 3",
        "line 3",
        "line 4",
    ]


def test_the_first_fifty_errors_are_listed_and_the_others_counted() -> None:
    found = problems("company: {name: Acme}\nbuyers:\n" + "  - {buyer_id: b b}\n" * 60)
    assert len(found) == 51
    assert found[-1] == "and 10 more"


def test_a_file_with_an_error_changes_nothing() -> None:
    problems(
        'company: {name: Acme}\nbuyers: [{buyer_id: b1, name: One, number: "+14165550101"}]\ncampaigns: [{campaign_id: c}]'
    )
    assert Company.objects.count() == 0
    assert Buyer.objects.count() == 0


# --- numbers, keys and names of other owners ------------------------------------------------------


def test_a_number_of_another_company() -> None:
    make_number(number="+18335550100")
    assert of_campaign("pool: ['+18335550100']") == [
        "line 5: +18335550100 belongs to another company."
    ]


def test_a_number_of_another_campaign() -> None:
    other = make_campaign(make_company(name="Acme"), campaign_id="solar")
    make_number(other, number="+18335550100")
    assert of_campaign("pool: ['+18335550100']") == [
        "line 5: +18335550100 belongs to campaign solar. Retire it there or use --prune."
    ]


def test_a_number_that_two_publishers_list() -> None:
    text = (
        "company: {name: Acme}\npublishers:\n  - {publisher_id: a, name: A, numbers: ['+18335550100']}\n"
        "  - {publisher_id: b, name: B, numbers: ['+18335550100']}\ncampaigns:\n"
        "  - {campaign_id: c, name: C, numbers: ['+18335550100']}"
    )
    assert problems(text) == [
        "line 4: +18335550100 has another publisher on line 6.",
        "line 4: Duplicate +18335550100: it is already on line 3.",
    ]


def test_a_publishers_number_without_a_campaign() -> None:
    text = (
        "company: {name: Acme}\npublishers: [{publisher_id: a, name: A, numbers: ['+18335550100']}]"
    )
    assert problems(text) == [
        "line 2: No campaign has the number +18335550100. Add it to a campaign."
    ]


def test_a_key_of_another_company_is_named_by_its_last_characters() -> None:
    make_key("rtb", key=KEY)
    assert of_campaign(f"postback_keys: [{{type: rtb, key: {KEY}}}]") == [
        "line 5: Key …beef belongs to another company. Leave out `key` to get a new key."
    ]


def test_a_key_of_another_campaign() -> None:
    make_key("rtb", key=KEY, campaign=make_campaign(make_company(name="Acme")))
    assert of_campaign(f"postback_keys: [{{type: rtb, key: {KEY}}}]") == [
        "line 5: Key …beef belongs to another owner. Leave out `key` to get a new key."
    ]


def test_a_revoked_key_cannot_be_used_again() -> None:
    campaign = make_campaign(make_company(name="Acme"), campaign_id="roofing")
    make_key("rtb", key=KEY, campaign=campaign).retire(now=NOW)
    assert of_campaign(f"postback_keys: [{{type: rtb, key: {KEY}}}]") == [
        "line 5: Key …beef was revoked. Leave out `key` to get a new key."
    ]


def test_a_key_cannot_change_its_type() -> None:
    make_key(
        "rtb", key=KEY, campaign=make_campaign(make_company(name="Acme"), campaign_id="roofing")
    )
    assert of_campaign(f"postback_keys: [{{type: call_reservation, key: {KEY}}}]") == [
        "line 5: Key …beef has the type rtb, which cannot change. Leave out `key` to get a new key."
    ]


def test_the_same_key_twice() -> None:
    found = of_campaign(f"postback_keys: [{{type: rtb, key: {KEY}}}, {{type: rtb, key: {KEY}}}]")
    assert found == ["line 5: Duplicate key …beef: it is already on line 5."]


def test_the_name_of_another_company() -> None:
    make_company(name="Acme", company_id="other")
    found = problems("company: {company_id: acme, name: Acme}")
    assert found == ["line 1: Another company has this name."]


def test_with_prune_a_file_refers_only_to_its_own_rows() -> None:
    make_publisher(make_company(name="Acme"), publisher_id="alpha")
    found = of_campaign("conversions: [{publisher: alpha}]", prune=True)
    assert found == [
        "line 5: The publisher alpha is not in the file, so --prune retires it. Add it."
    ]
