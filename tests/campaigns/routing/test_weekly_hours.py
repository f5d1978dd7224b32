"""A week as people write it, and back."""

import re
from contextlib import suppress
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import BusinessHours
from campaigns.routing import weekly_hours
from campaigns.routing.weekly_hours import DAYS, OpenSpan, parse_week, week_text
from tests import factories as make


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("weekdays 9-17", "Mon-Fri 09:00-17:00"),
        ("Weekdays 9am-5pm", "Mon-Fri 09:00-17:00"),
        ("mon-fri 9 to 5pm", "Mon-Fri 09:00-17:00"),
        ("Monday – Friday: 9:00 – 17:00", "Mon-Fri 09:00-17:00"),
        ("weekdays 1-5pm", "Mon-Fri 13:00-17:00"),
        ("mon-fri 8:30-18, sat 10-14", "Mon-Fri 08:30-18:00\nSat 10:00-14:00"),
        ("mon, wed and fri 9-12 and 13-17", "Mon, Wed, Fri 09:00-12:00, 13:00-17:00"),
        ("weekends noon-midnight", "Sat-Sun 12:00-00:00"),
        ("daily 22-2", "Mon-Sun 22:00-02:00"),
        ("every day all day", "Mon-Sun 00:00-00:00"),
        ("fri-mon 9-17", "Mon, Fri-Sun 09:00-17:00"),
        ("tues 9.30-11.45; thurs 24 hours", "Tue 09:30-11:45\nThu 00:00-00:00"),
        ("sun 18-24", "Sun 18:00-00:00"),
        ("mon 9am-5am", "Mon 09:00-05:00"),
        ("mon 09:00-05:00", "Mon 09:00-05:00"),
        ("", ""),
    ],
)
def test_the_usual_forms_are_parsed(text, told):
    assert week_text(parse_week(text)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "funday 9-17",
            "“funday” is neither a day nor a time. Use the form weekdays 9-17, sat 10-14.",
        ),
        ("weekdays", "Friday has no time. Use the form weekdays 9-17, sat 10-14."),
        ("weekdays 9-17, sat", "Saturday has no time. Use the form weekdays 9-17, sat 10-14."),
        ("9-17", "“9-17” has no day. Use the form weekdays 9-17, sat 10-14."),
        (
            "mon 9-5",
            "“9-5” would be open through the night. Use 9-17 or 9am-5pm; for the night, 9am-5am.",
        ),
        ("mon 9-25", "“25” is not a time. Use the form 17:00 or 5pm."),
        ("mon 13pm-15pm", "“13pm” is not a time. Use the form 17:00 or 5pm."),
        ("mon 9:75-10", "“9:75” is not a time. Use the form 17:00 or 5pm."),
        ("mon 9-12, mon 9-17", "Monday opens twice at 09:00. Remove one of the two."),
        ("always", "“always” is neither a day nor a time. Use the form weekdays 9-17, sat 10-14."),
    ],
)
def test_an_unreadable_week_raises_a_sentence(text, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_week(text)


_times = st.times().map(lambda at: time(at.hour, at.minute))
_spans = st.builds(OpenSpan, st.sampled_from(DAYS), _times, _times)


@given(st.lists(_spans, max_size=12, unique_by=lambda span: (span.day, span.open)))
def test_a_formatted_week_parses_to_the_same(spans):
    assert sorted(parse_week(week_text(spans))) == sorted(spans)


@given(st.text(max_size=40))
def test_any_text_parses_or_raises_value_error(text):
    with suppress(ValueError):
        assert parse_week(week_text(parse_week(text))) == parse_week(text)


@pytest.mark.django_db
def test_openings_that_stay_are_not_touched():
    buyer = make.make_buyer()
    weekly_hours.save_week(buyer=buyer, spans=parse_week("weekdays 9-17"))
    stays = BusinessHours.objects.get(day="monday")
    weekly_hours.save_week(buyer=buyer, spans=parse_week("mon 9-17, sat 10-14"))
    assert week_text(weekly_hours.week_of(buyer)) == "Mon 09:00-17:00\nSat 10:00-14:00"
    assert stays.history.count() == 1
