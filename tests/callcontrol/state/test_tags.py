"""Tags that are written on a call after it came in: when they land, and that money is decided by
what was known at the end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from callcontrol.models import Call, CallTag
from callcontrol.state.tags import apply_late_tags, known_tags
from callcontrol.state.tags import write_call_tags as write_on_call
from campaigns.models import Campaign
from publishers.models import Conversion, ConversionFilter
from tests.callcontrol.lines import NOW, make_call
from tests.callcontrol.scripts import Quiet, after, arrive, final_state, play_line, use
from tests.factories import make_campaign, make_market, make_publisher
from tests.writing import on_calls, waiting_on_calls

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def ended_call(at: datetime = NOW, **fields: Any) -> Call:
    return make_call(make_campaign(), status="finished", ended_at=at, clock=at, **fields)


def write(call: Call, at: datetime, publisher_pk: int | None = None, **tags: str) -> None:
    write_on_call(call, tags, publisher_pk=publisher_pk, now=at)


# --- landing --------------------------------------------------------------------------------------
def test_a_live_call_keeps_them_until_they_land() -> None:
    call = make_call(make_campaign())
    write(call, NOW, a="1")
    assert on_calls() == {}
    assert waiting_on_calls() == {"a": "1"}
    apply_late_tags(call)
    assert on_calls() == {"a": "1"}
    assert waiting_on_calls() == {}


def test_they_land_with_who_wrote_them_and_when() -> None:
    call, publisher = make_call(make_campaign()), make_publisher()
    write(call, NOW + SECOND, publisher.pk, a="1")
    apply_late_tags(call)
    tag = CallTag.objects.get()
    assert tag.publisher == publisher
    assert tag.written_at == NOW + SECOND
    assert tag.value_before is None


def test_a_write_on_a_live_call_is_of_the_calls_own_clock() -> None:
    call = make_call(make_campaign(), clock=NOW + 60 * SECOND)
    write(call, NOW, a="1")
    assert call.late_tags.get().written_at == NOW + 60 * SECOND


def test_what_lands_writes_over_what_stood_there() -> None:
    call, publisher = make_call(make_campaign()), make_publisher()
    call.tags.create(name="a", value="came with the call", written_at=NOW)
    write(call, NOW, publisher.pk, a="later")
    apply_late_tags(call)
    tag = CallTag.objects.get()
    assert tag.value == "later"
    assert tag.value_before == "came with the call"
    assert tag.publisher == publisher


def test_landing_twice_is_once() -> None:
    call = make_call(make_campaign())
    write(call, NOW, a="1")
    apply_late_tags(call)
    apply_late_tags(call)
    assert on_calls() == {"a": "1"}


# --- what was known at the end --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, {"a": "1"}), (0, {"a": "1"}), (1, {})],
    ids=["before", "at the end", "after"],
)
def test_what_was_written_after_the_end_was_not_known(
    seconds: int, expected: dict[str, str]
) -> None:
    call = ended_call(NOW)
    call.started_at = NOW - 60 * SECOND
    call.tags.create(name="a", value="1", written_at=NOW + seconds * SECOND)
    assert known_tags(call) == expected


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_write_on_an_ended_call_is_after_its_end_whatever_the_clocks_say(seconds: int) -> None:
    call = ended_call()
    write(call, NOW + seconds * SECOND, a="1")
    assert on_calls() == {"a": "1"}
    assert known_tags(call) == {}


def test_the_value_at_the_end_counts_however_often_it_is_written_over() -> None:
    call = ended_call()
    call.tags.create(name="a", value="at the end", written_at=NOW)
    for seconds, value in ((1, "later"), (2, "latest")):
        write(call, NOW + seconds * SECOND, a=value)
    assert on_calls() == {"a": "latest"}
    assert known_tags(call) == {"a": "at the end"}


def test_a_blank_value_is_one() -> None:
    call = ended_call()
    call.tags.create(name="a", value="", written_at=NOW)
    write(call, NOW + SECOND, a="1")
    assert known_tags(call) == {"a": ""}


def test_what_lands_at_an_end_that_lay_before_it_was_not_known() -> None:
    call = make_call(make_campaign())
    call.tags.create(name="a", value="at the end", written_at=NOW)
    write(call, NOW + 10 * SECOND, a="later", b="later")
    call.ended_at = NOW + 9 * SECOND
    apply_late_tags(call)
    assert on_calls() == {"a": "later", "b": "later"}
    assert known_tags(call) == {"a": "at the end"}


def test_what_came_with_a_call_counts_though_it_is_told_to_have_ended_before_it_began() -> None:
    call = ended_call(NOW - SECOND)
    call.tags.create(name="a", value="1", written_at=NOW)
    assert known_tags(call) == {"a": "1"}


# --- money ----------------------------------------------------------------------------------------
@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    """Create a campaign with a conversion for qualified callers."""
    use(Quiet, monkeypatch, settings)
    campaign = make_market()
    ConversionFilter.objects.create(
        conversion=Conversion.objects.get(), key="qualified", operator="==", value="yes"
    )
    return campaign


def talk_with(campaign: Campaign, *lines: str | tuple[int, str]) -> Call:
    """A call of 200 seconds; lines of the carrier, and tags that are written at a second. The
    last word comes last."""
    call = arrive(campaign.numbers.get().number)
    for line in ("b1 answered 5", *lines, "b1 completed 200"):
        if isinstance(line, str):
            play_line(call, line)
        else:
            write(Call.objects.get(pk=call.pk), after(line[0]), qualified=line[1])
    return call


def test_a_tag_written_on_the_live_call_decides_its_money(campaign: Campaign) -> None:
    call = talk_with(campaign, (100, "yes"), "caller completed 200")
    assert final_state(call).paid == "90.00/120.00 at 200"
    assert on_calls() == {"qualified": "yes"}


def test_a_tag_written_after_the_end_does_not_though_the_money_is_not_decided_yet(
    campaign: Campaign,
) -> None:
    call = talk_with(campaign, "caller completed 200", (201, "yes"))
    assert final_state(call).paid == ""
    assert final_state(call).settled is True
    assert on_calls() == {"qualified": "yes"}


def test_a_tag_written_after_the_end_takes_no_money_away(campaign: Campaign) -> None:
    call = talk_with(campaign, (100, "yes"), "caller completed 200", (201, "no"))
    assert final_state(call).paid == "90.00/120.00 at 200"
    assert on_calls() == {"qualified": "no"}
