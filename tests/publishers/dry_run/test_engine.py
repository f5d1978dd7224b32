"""The dry run: it decides like a ping, and leaves nothing behind."""

import io
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.caps import counters
from campaigns.errors import NotFound, Refusal
from campaigns.models import BusinessHours, Buyer, Campaign, CapCounter
from campaigns.routing.engine import decide
from campaigns.routing.snapshot import capped_of
from publishers.dry_run import engine
from publishers.dry_run.engine import DryRunResult, QuotedPay
from publishers.models import LogEntry, StoredTag
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_conversion,
    make_publisher,
    make_route,
)
from tests.repeating import converted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)  # a Tuesday
CALLER = "+12025550102"


@pytest.fixture
def roofing() -> Campaign:
    """A campaign with a buyer for everybody, and one for those over 65."""
    company = make_company(company_id="acme")
    campaign = make_campaign(company, campaign_id="roofing")
    make_route(campaign, make_buyer(company, name="Any", priority=2))
    make_route(campaign, make_buyer(company, name="Old", filters=[("age", ">", "65")]))
    return campaign


def run(campaign: Campaign, **given: Any) -> DryRunResult:
    arguments: dict[str, Any] = {
        "company": campaign.company,
        "campaign_id": campaign.campaign_id,
        "now": NOW,
        "caller_number": CALLER,
    }
    return engine.dry_run(**{**arguments, **given})


def printed(*args: str) -> list[str]:
    out = io.StringIO()
    call_command("decide", *args, stdout=out)
    return out.getvalue().splitlines()


def test_each_buyer_has_a_sentence(roofing: Campaign) -> None:
    assert run(roofing, tags={"age": "70"}).lines() == ["Old: chosen", "Any: eligible, place 2"]


def test_waiting_tags_count_and_go_on_waiting(roofing: Campaign) -> None:
    stored = {
        "company": roofing.company,
        "caller_number": CALLER,
        "name": "age",
        "value": "70",
        "written_at": NOW,
    }
    StoredTag.objects.create(**stored, expires_at=NOW + timedelta(hours=1))
    assert run(roofing).lines()[0] == "Old: chosen"
    assert StoredTag.objects.count() == 1


def test_tags_that_wait_for_another_campaign_do_not_count(roofing: Campaign) -> None:
    stored = {
        "company": roofing.company,
        "caller_number": CALLER,
        "name": "age",
        "value": "70",
        "written_at": NOW,
    }
    StoredTag.objects.create(**stored, scope="campaign:0", expires_at=NOW + timedelta(hours=1))
    assert run(roofing).lines()[0] == "Any: chosen"


def test_at_a_moment_in_the_past_a_tag_that_was_written_later_does_not_wait_yet(
    roofing: Campaign,
) -> None:
    stored = {
        "company": roofing.company,
        "caller_number": CALLER,
        "name": "age",
        "value": "70",
        "written_at": NOW,
    }
    StoredTag.objects.create(**stored, expires_at=NOW + timedelta(hours=1))
    found = [run(roofing, at=NOW - timedelta(minutes=ago)).stored_tags for ago in (1, 0)]
    assert found == [{}, {"age": "70"}]


def test_of_buyers_in_two_zones_each_has_the_caps_of_its_own_day(roofing: Campaign) -> None:
    here, ahead = (
        make_buyer(roofing.company, name=zone, time_zone=zone, daily_cap=1)
        for zone in ("UTC", "Asia/Tokyo")
    )
    for buyer in (here, ahead):
        make_route(roofing, buyer)
        counters.take_places(
            company_id=roofing.company_id,
            buyer_pk=buyer.pk,
            capped=[capped_of(buyer, roofing.company)],
            now=NOW,
        )
    evening = run(
        roofing, now=NOW + timedelta(hours=1), at=NOW - timedelta(hours=12, minutes=30)
    )  # 8:30 of May 5 in Tokyo
    assert [one.name for one in evening.decision.verdicts() if one.reason == "daily-cap"] == [
        "Asia/Tokyo"
    ]


def test_a_full_cap_counts_and_nothing_is_taken(roofing: Campaign) -> None:
    buyer = make_buyer(roofing.company, name="Full", daily_cap=1)
    make_route(roofing, buyer)
    counters.take_places(
        company_id=roofing.company_id,
        buyer_pk=buyer.pk,
        capped=[capped_of(buyer, roofing.company)],
        now=NOW,
    )
    before = list(CapCounter.objects.order_by("pk").values_list("pk", "used"))
    assert [
        refused.reason for refused in run(roofing).decision.verdicts() if refused.name == "Full"
    ] == ["daily-cap"]
    assert list(CapCounter.objects.order_by("pk").values_list("pk", "used")) == before


@pytest.mark.parametrize(
    ("duplicates", "second"), [("pay_once", None), ("exclude_buyer", None), ("refuse", "duplicate")]
)
def test_a_conversion_counts(roofing: Campaign, duplicates: str, second: str | None) -> None:
    Campaign.objects.update(duplicates=duplicates, dedupe_seconds=60)
    converted(roofing, CALLER, buyer=Buyer.objects.get(name="Old"), at=NOW)
    verdicts = {
        verdict.name: verdict.reason
        for verdict in run(roofing, tags={"age": "70"}).decision.verdicts()
    }
    assert verdicts == {"Old": None if duplicates == "pay_once" else "duplicate", "Any": second}


def test_the_given_moment_decides_which_buyers_are_open(roofing: Campaign) -> None:
    buyer = make_buyer(roofing.company, name="Monday")
    BusinessHours.objects.create(buyer=buyer, day="monday", open=time(9), close=time(17))
    make_route(roofing, buyer)
    reasons = [
        {
            verdict.name: verdict.reason
            for verdict in run(roofing, now=NOW - timedelta(days=days)).decision.verdicts()
        }["Monday"]
        for days in (0, 1)
    ]
    assert reasons == ["closed", None]


def test_the_same_seed_draws_the_same_order(roofing: Campaign) -> None:
    for place in range(20):
        make_route(roofing, make_buyer(roofing.company, buyer_id=f"b{place}"))
    first, again = (run(roofing, seed=7).decision.order for _ in range(2))
    assert first == again


def test_an_unknown_publisher_is_a_tag(roofing: Campaign) -> None:
    assert run(roofing, publisher_id="nobody").ping.tags == {"publisher_id": "nobody"}


def test_those_of_the_first_priority_share_the_callers_by_their_weights(roofing: Campaign) -> None:
    make_route(roofing, make_buyer(roofing.company, name="Heavy", weight=3))
    chances = {one.name: one.chance for one in run(roofing, tags={"age": "70"}).standings()}
    assert chances == {"Old": 0.25, "Heavy": 0.75, "Any": 0}


def test_the_draws_share_as_the_chances_say(roofing: Campaign) -> None:
    make_route(roofing, make_buyer(roofing.company, name="Heavy", weight=3))
    trial = run(roofing, tags={"age": "70"})
    firsts = [
        decide(trial.campaign.buyers, trial.ping, {}, seed).order[0].name for seed in range(4000)
    ]
    assert abs(firsts.count("Heavy") / 4000 - 0.75) < 0.02


@pytest.mark.parametrize(("publisher", "payout"), [("alpha", "95"), (None, "90")])
def test_each_buyer_is_quoted_its_applying_conversions(
    roofing: Campaign, publisher: str | None, payout: str
) -> None:
    make_conversion(roofing)
    alpha = make_publisher(roofing.company, publisher_id="alpha")
    make_conversion(roofing, publisher=alpha, payout="95", seconds=60)
    quotes = [
        one.quote and (one.quote.payout, one.quote.seconds)
        for one in run(roofing, publisher_id=publisher).standings()
    ]
    assert quotes == [(Decimal(payout), 60 if publisher else 120), None]


def test_without_a_conversion_nothing_is_quoted(roofing: Campaign) -> None:
    assert run(roofing).standings()[0].quote == QuotedPay(Decimal(0), Decimal(0), 0)


def test_tags_of_the_number_are_listed_unless_they_were_sent(roofing: Campaign) -> None:
    placed = run(roofing, tags={"caller_state": "NY"}).number_tags
    assert placed == {"caller_city": "Washington", "caller_country": "US"}


def test_a_stored_tag_that_is_sent_again_is_not_listed(roofing: Campaign) -> None:
    stored = {"company": roofing.company, "caller_number": CALLER, "value": "70", "written_at": NOW}
    for name in ("age", "zip"):
        StoredTag.objects.create(**stored, name=name, expires_at=NOW + timedelta(hours=1))
    assert run(roofing, tags={"age": "20"}).stored_tags == {"zip": "70"}


@pytest.mark.parametrize(("hours", "reason"), [(0, "daily-cap"), (-24, None), (24, None)])
def test_the_caps_are_those_of_the_moment(
    roofing: Campaign, hours: int, reason: str | None
) -> None:
    buyer = make_buyer(roofing.company, name="Full", daily_cap=1)
    make_route(roofing, buyer)
    counters.take_places(
        company_id=roofing.company_id,
        buyer_pk=buyer.pk,
        capped=[capped_of(buyer, roofing.company)],
        now=NOW,
    )
    verdicts = {
        one.name: one.reason for one in run(roofing, at=NOW + timedelta(hours=hours)).standings()
    }
    assert verdicts["Full"] == reason


def test_a_day_that_is_over_counts_as_it_was_counted(roofing: Campaign) -> None:
    buyer = make_buyer(roofing.company, name="Full", daily_cap=1)
    make_route(roofing, buyer)
    yesterday = NOW - timedelta(days=1)
    counters.take_places(
        company_id=roofing.company_id,
        buyer_pk=buyer.pk,
        capped=[capped_of(buyer, roofing.company)],
        now=yesterday,
    )
    found = [
        {one.name: one.reason for one in run(roofing, at=at).standings()}["Full"]
        for at in (None, yesterday)
    ]
    assert found == [None, "daily-cap"]


def test_calls_at_once_are_as_they_are_now(roofing: Campaign) -> None:
    buyer = make_buyer(roofing.company, name="Busy", concurrency_cap=1)
    make_route(roofing, buyer)
    counters.take_places(
        company_id=roofing.company_id,
        buyer_pk=buyer.pk,
        capped=[capped_of(buyer, roofing.company)],
        now=NOW,
    )
    verdicts = {
        one.name: one.reason for one in run(roofing, at=NOW + timedelta(days=3)).standings()
    }
    assert verdicts["Busy"] == "concurrency-cap"


@pytest.mark.parametrize(
    ("minutes", "result"), [(0, "no-target"), (-5, "reserved"), (59, "no-target"), (61, "reserved")]
)
def test_a_conversion_counts_from_when_it_was(roofing: Campaign, minutes: int, result: str) -> None:
    Campaign.objects.update(duplicates="refuse", dedupe_seconds=3600)
    converted(roofing, CALLER, at=NOW)
    assert (
        run(roofing, now=NOW + timedelta(minutes=1), at=NOW + timedelta(minutes=minutes)).result
        == result
    )


def test_until_when_the_caller_is_a_repeat(roofing: Campaign) -> None:
    Campaign.objects.update(dedupe_seconds=60)
    converted(roofing, CALLER, at=NOW)
    assert run(roofing).converted_at == NOW
    assert run(roofing).duplicate_until == NOW + timedelta(seconds=60)


def test_features_that_are_switched_off_are_listed(roofing: Campaign) -> None:
    roofing.company.rtb_enabled = False
    roofing.company.save()
    assert run(roofing).disabled_types == ("Real-time bidding",)


def test_the_tags_that_a_campaign_looks_at(roofing: Campaign) -> None:
    make_route(
        roofing,
        make_buyer(
            roofing.company,
            number="[desk]",
            filters=[("publisher_id", "==", "a"), ("Zip", "exists", "")],
        ),
    )
    assert engine.routing_tags(run(roofing).campaign) == ["age", "desk", "Zip"]


@pytest.mark.parametrize("what", ["campaign", "publisher"])
def test_a_pause_is_the_first_line(roofing: Campaign, what: str) -> None:
    make_publisher(roofing.company, publisher_id="alpha", paused=what == "publisher")
    roofing.paused = what == "campaign"
    roofing.save()
    assert (
        run(roofing, publisher_id="alpha").lines()[0]
        == f"The {what} is paused: pings are rejected, calls find no buyer."
    )


def test_an_unknown_campaign(roofing: Campaign) -> None:
    with pytest.raises(NotFound, match=r"^no campaign solar$"):
        run(roofing, campaign_id="solar")


def test_a_caller_that_is_no_number(roofing: Campaign) -> None:
    with pytest.raises(Refusal, match=r"^caller_number must be a phone number of 7 to 15 digits$"):
        run(roofing, caller_number="hello")


def test_a_withheld_caller_is_none(roofing: Campaign) -> None:
    assert run(roofing, caller_number="anonymous").ping.caller_number is None


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("roofing")
def test_the_command_prints_the_trace_and_the_seed() -> None:
    assert printed("roofing", "2025550102", "--tag", "age=70", "--seed", "7") == [
        "Old: chosen",
        "Any: eligible, place 2",
        "seed 7",
    ]


@pytest.mark.usefixtures("roofing")
def test_the_command_leaves_no_log() -> None:
    printed("roofing", CALLER)
    assert LogEntry.objects.count() == 0


def test_the_command_says_that_a_campaign_has_no_buyer() -> None:
    make_campaign(campaign_id="solar")
    assert printed("solar", "--seed", "1") == ["No buyer is on this campaign.", "seed 1"]


@pytest.mark.usefixtures("roofing")
def test_the_command_needs_the_company_if_there_are_several() -> None:
    make_campaign(make_company(company_id="other"), campaign_id="roofing")
    with pytest.raises(CommandError, match=r"^which company\? --company is one of acme, other$"):
        printed("roofing")


@pytest.mark.parametrize("named", ["acme", "Acme Calls"])
def test_the_command_takes_the_companys_id_or_name(named: str) -> None:
    make_campaign(make_company(company_id="other"), campaign_id="roofing")
    make_campaign(make_company(company_id="acme", name="Acme Calls"), campaign_id="roofing")
    assert printed("roofing", "--company", named, "--seed", "1") == [
        "No buyer is on this campaign.",
        "seed 1",
    ]


def test_the_command_does_not_know_the_company() -> None:
    make_campaign(make_company(company_id="acme", name="Acme"), campaign_id="roofing")
    with pytest.raises(CommandError, match=r"^no company Acme Calls; there are: Acme \(acme\)$"):
        printed("roofing", "--company", "Acme Calls")


def test_the_command_does_not_know_the_campaign() -> None:
    with pytest.raises(CommandError, match=r"^no campaign solar$"):
        printed("solar")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--tag", "age", "a tag is written name=value"), ("--at", "noon", "a moment is")],
)
def test_the_command_explains_invalid_options(option: str, value: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        printed("roofing", option, value)
