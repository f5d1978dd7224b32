"""Tags written while calls arrive and end: each is stored once. With a control that must fail."""

import pytest

from campaigns.models import Campaign
from publishers import stored_tags
from publishers.models import Key
from tests.factories import make_key, make_market
from tests.pinging import dial
from tests.races import storm
from tests.races.overlapping import overlapping
from tests.races.storm import Storm
from tests.writing import NO_CALL, on_calls, status, waiting_for_a_call

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 5


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key("call_data_writing", campaign=campaign)


def test_every_tag_of_a_storm_is_accounted_for_exactly_once(campaign: Campaign) -> None:
    blown = Storm(campaign, storm.callers(CALLERS))
    blown.blow()
    assert storm.places() == storm.everywhere_once(blown)
    assert storm.left_over() == (0, 0)
    assert blown.answered.total() == CALLERS * storm.WRITES


# --- a call that comes while a write is under way -------------------------------------------------
def test_a_call_waits_for_the_write_that_came_first(campaign: Campaign, key: Key) -> None:
    waited = overlapping(lambda: status(key, a="1"), lambda: dial(campaign.numbers.get().number))
    assert waited is True
    assert on_calls() == {"a": "1"}
    assert waiting_for_a_call() == {}


def test_a_write_waits_for_the_call_that_came_first(campaign: Campaign, key: Key) -> None:
    said: list[str] = []
    overlapping(
        lambda: dial(campaign.numbers.get().number), lambda: said.append(status(key, a="1"))
    )
    assert said == ["in progress call found, tags stored"]
    assert waiting_for_a_call() == {}


def test_other_callers_do_not_wait(campaign: Campaign, key: Key) -> None:
    said: list[str] = []
    overlapping(
        lambda: status(key, a="1"),
        lambda: said.append(status(key, caller_number="+13105550103", a="1")),
    )
    assert said == [NO_CALL]


def test_without_turns_a_tag_would_miss_the_call_that_it_was_written_for(
    campaign: Campaign, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_tags.advisory_locks, "acquire_lock", lambda name: None)
    overlapping(lambda: status(key, a="1"), lambda: dial(campaign.numbers.get().number))
    assert on_calls() == {}
    assert waiting_for_a_call() == {"a": "1"}
