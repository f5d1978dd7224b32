"""The conversion that paid a call is recorded with the call, whatever happens to the rule later."""

from decimal import Decimal
from typing import Any

import pytest

from callcontrol.admin.call_page import pay_reason
from callcontrol.lifecycle.sale_reports import SaleReporter, record_sale_report
from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.models import Conversion
from tests.callcontrol.scripts import CALLER, Quiet, after, arrive, play, use
from tests.factories import make_conversion, make_key, make_market, make_number, make_publisher
from tests.pinging import ping

pytestmark = pytest.mark.django_db
RULE = "By the campaign’s conversion after 120 s of talk"
QUOTE = "As its ping was quoted: after 120 s of talk"


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    return make_market()


def finished_call(to: str, seconds: int = 200) -> Call:
    """A call that its buyer answers after 5 seconds and that ends `seconds` after its arrival."""
    call = arrive(to)
    play(call, [["b1 answered 5", f"b1 completed {seconds}", f"caller completed {seconds}"]])
    return Call.objects.get(pk=call.pk)


def plain_call(campaign: Campaign, seconds: int = 200) -> Call:
    return finished_call(campaign.numbers.order_by("pk")[0].number, seconds)


def reason(call: Call) -> str:
    """What the call's page says about its pay."""
    return pay_reason(call, list(call.events.order_by("id")))


def test_the_conversion_that_paid_is_recorded(campaign: Campaign) -> None:
    call = plain_call(campaign)
    assert call.conversion == Conversion.objects.get()
    assert reason(call) == f"{RULE}."


def test_of_two_publishers_with_equal_amounts_each_pays_by_its_own_rule(
    campaign: Campaign,
) -> None:
    alpha = make_publisher(campaign.company, name="Alpha")
    beta = make_publisher(campaign.company, name="Beta")
    rules = [make_conversion(campaign, publisher=publisher) for publisher in (alpha, beta)]
    number = make_number(campaign, publisher=alpha)
    call = finished_call(number.number)
    assert call.conversion == rules[0]
    assert reason(call) == f"{RULE}, for calls of Alpha."


def test_a_rule_that_is_edited_after_the_call_changes_no_explanation(campaign: Campaign) -> None:
    call = plain_call(campaign)
    rule = Conversion.objects.get()
    rule.seconds, rule.payout = 30, 1
    rule.publisher = make_publisher(campaign.company)
    rule.save()
    assert reason(call) == f"{RULE}."


def test_a_rule_that_is_deleted_after_the_call_leaves_its_explanation(campaign: Campaign) -> None:
    call = plain_call(campaign)
    Conversion.objects.get().delete()
    call.refresh_from_db()
    assert call.conversion_id is None
    assert reason(call) == f"{RULE}."


def test_the_conversion_that_a_paying_reservation_quoted_is_recorded(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign), caller_number=CALLER)
    call = finished_call(answer["inbound_number"])
    assert call.payout == 90
    assert call.conversion == Conversion.objects.get()
    assert reason(call) == f"{QUOTE}."


def test_a_quoted_conversion_that_is_deleted_before_the_call_still_pays(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign), caller_number=CALLER)
    Conversion.objects.get().delete()
    call = finished_call(answer["inbound_number"])
    assert call.payout == 90
    assert call.conversion_id is None
    assert reason(call) == f"{QUOTE}."


def test_a_quoted_conversion_that_is_edited_before_the_call_pays_as_quoted(
    campaign: Campaign,
) -> None:
    answer = ping(make_key(campaign=campaign), caller_number=CALLER)
    rule = Conversion.objects.get()
    rule.seconds, rule.payout = 30, Decimal(1)
    rule.save()
    call = finished_call(answer["inbound_number"])
    assert call.payout == 90
    assert call.conversion == rule
    assert reason(call) == f"{QUOTE}."


def test_an_unconverted_call_records_the_seconds_that_it_lacked(campaign: Campaign) -> None:
    call = plain_call(campaign, seconds=60)
    Conversion.objects.get().delete()
    assert call.conversion_id is None
    assert (
        reason(call)
        == "It ended before a conversion that applies; the first is after 120 s of talk."
    )


def test_a_sale_report_has_no_conversion(campaign: Campaign) -> None:
    call = arrive(campaign.numbers.order_by("pk")[0].number)
    play(call, [["b1 answered 5"]])
    seller = SaleReporter(call.company_id, Buyer.objects.get().pk)
    amounts = {"revenue": Decimal(50), "payout": Decimal(5)}
    record_sale_report(call.pk, seller, **amounts, now=after(20))
    play(call, [["b1 completed 200", "caller completed 200"]])
    call.refresh_from_db()
    assert call.conversion_id is None
    assert reason(call) == "Its buyer reported the sale."
