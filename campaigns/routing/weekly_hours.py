"""Weekly hours as text, `weekdays 9-17, sat 10-14`: parsing, formatting, and saving as rows."""

import re
from collections.abc import Iterable, Iterator
from datetime import time
from typing import NamedTuple

from django.utils.translation import gettext as _

from campaigns.models import BusinessHours, Buyer
from campaigns.models.conditions import Day

DAYS = [str(day) for day in Day.values]
_SHORT = [day[:3] for day in DAYS]
_DAY = (
    r"mon(?:days?)?|tue(?:s|sdays?)?|wed(?:s|nesdays?)?|thu(?:r|rs|rsdays?)?|fri(?:days?)?"
    r"|sat(?:urdays?)?|sun(?:days?)?"
)
_GROUPS = {
    "weekday": DAYS[:5],
    "weekend": DAYS[5:],
    "daily": DAYS,
    "everyday": DAYS,
    "every day": DAYS,
}
_TIME = r"(?:\d{1,2}(?:[:.]\d\d)?\s*(?:am|pm)?|noon|midnight)"
_TOKEN = re.compile(
    rf"(?P<group>weekdays?|weekends?|daily|every ?day)\b"
    rf"|(?P<first>{_DAY})\b(?:\s*-\s*(?P<last>{_DAY})\b)?"
    rf"|(?P<whole>24 hours|all day)\b"
    rf"|(?P<open>{_TIME})\s*-\s*(?P<close>{_TIME})(?![\d:])"
    r"|(?P<between>[\s,;:&]+|and\b)"
)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?|(noon|midnight)")
EXAMPLE = "weekdays 9-17, sat 10-14"


class OpenSpan(NamedTuple):
    """A weekly opening; a `close` at or before `open` is on the next day."""

    day: str
    open: time
    close: time


def parse_week(text: str) -> list[OpenSpan]:
    """Return the openings of a week in order; raise ValueError with a sentence for the user."""
    found: dict[tuple[str, time], OpenSpan] = {}
    plain = re.sub("[‐-―−]", "-", text.lower()).replace("a.m.", "am").replace("p.m.", "pm")
    plain = re.sub(r"\s+(?:to|till|until|through)\s+", "-", plain)
    for days, opens, closes in _entries(plain):
        for day in days:
            span = OpenSpan(day, opens, closes)
            if found.setdefault((day, opens), span) != span:
                text = _("%(day)s opens twice at %(time)s. Remove one of the two.")
                raise ValueError(text % {"day": _day_label(day), "time": f"{opens:%H:%M}"})
    return sorted(found.values(), key=lambda span: (DAYS.index(span.day), span.open))


def _entries(text: str) -> Iterator[tuple[list[str], time, time]]:
    """Yield days with the opening after them; refuse days and openings without each other."""
    days: list[str] = []
    has_opening, at = True, 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            refusal = _("“%(word)s” is neither a day nor a time. Use the form %(example)s.")
            word = text[at:].split()[0][:20]
            raise ValueError(refusal % {"word": word, "example": EXAMPLE})
        at = token.end()
        if token["group"] or token["first"]:
            days = [*([] if has_opening else days), *_days(token)]
            has_opening = False
        elif not token["between"]:
            if not days:
                refusal = _("“%(time)s” has no day. Use the form %(example)s.")
                raise ValueError(refusal % {"time": token[0], "example": EXAMPLE})
            yield (days, *_times(token))
            has_opening = True
    if not has_opening:
        refusal = _("%(day)s has no time. Use the form %(example)s.")
        raise ValueError(refusal % {"day": _day_label(days[-1]), "example": EXAMPLE})


def _day_label(day: str) -> str:
    return str(Day(day).label)


def _days(token: re.Match[str]) -> list[str]:
    if token["group"]:
        return (
            _GROUPS[token["group"]]
            if token["group"] in _GROUPS
            else _GROUPS[token["group"].removesuffix("s")]
        )
    first = _SHORT.index(token["first"][:3])
    last = _SHORT.index(token["last"][:3]) if token["last"] else first
    return [DAYS[number % 7] for number in range(first, last + 1 + (7 if last < first else 0))]


def _times(token: re.Match[str]) -> tuple[time, time]:
    if token["whole"]:
        return time(0), time(0)
    close_half = _half(token["close"])
    opens, closes = _clock(token["open"], ""), _clock(token["close"], "")
    if close_half and not _half(token["open"]):  # “9-5pm” begins in the morning, “1-5pm” after noon
        opens = _clock(token["open"], close_half if opens.hour % 12 < closes.hour % 12 else "am")
    is_vague = not close_half and re.match(r"[1-9](?!\d)", token["close"])  # unlike 05:00 and 5pm
    if is_vague and closes <= opens and opens.hour < 12:
        refusal = _(
            "“%(time)s” would be open through the night. Use 9-17 or 9am-5pm; for the night, "
            "9am-5am."
        )
        raise ValueError(refusal % {"time": token[0]})
    return opens, closes


def _half(text: str) -> str:
    return text[-2:] if text.endswith(("am", "pm")) else ""


def _clock(text: str, half: str) -> time:
    hour, minute, own_half, word = _CLOCK.fullmatch(text).groups()  # type: ignore[union-attr]
    if word:
        return time(12 if word == "noon" else 0)
    number, half = int(hour), own_half or half
    if (
        (half and not 1 <= number <= 12)
        or number * 60 + int(minute or 0) > 24 * 60
        or int(minute or 0) > 59
    ):
        refusal = _("“%(time)s” is not a time. Use the form 17:00 or 5pm.")
        raise ValueError(refusal % {"time": text})
    if half:
        number = number % 12 + (12 if half == "pm" else 0)
    return time(number % 24, int(minute or 0))


# --- formatting --------------------------------------------------------------------------------
def week_text(spans: Iterable[OpenSpan]) -> str:
    """Return a line for each set of days with equal hours: `Mon-Fri 09:00-17:00`."""
    of_day: dict[str, list[str]] = {}
    for span in sorted(spans, key=lambda span: (DAYS.index(span.day), span.open)):
        of_day.setdefault(span.day, []).append(f"{span.open:%H:%M}-{span.close:%H:%M}")
    by_times: dict[str, list[int]] = {}
    for day, times in of_day.items():
        by_times.setdefault(", ".join(times), []).append(DAYS.index(day))
    lines = []
    for hours, days in by_times.items():
        runs, first = [], 0  # of consecutive days, such as `Mon-Fri`
        for position, number in enumerate(days):
            if position + 1 == len(days) or days[position + 1] != number + 1:
                names = [_SHORT[each].capitalize() for each in (days[first], number)]
                runs.append(names[0] if names[0] == names[1] else "-".join(names))
                first = position + 1
        lines.append(f"{', '.join(runs)} {hours}")
    return "\n".join(lines)


# --- rows --------------------------------------------------------------------------------------
def week_of(buyer: Buyer) -> list[OpenSpan]:
    return (
        [OpenSpan(row.day, row.open, row.close) for row in buyer.business_hours.all()]
        if buyer.pk
        else []
    )


def save_week(*, buyer: Buyer, spans: Iterable[OpenSpan]) -> None:
    """Replace the buyer's rows by these openings; equal rows stay, for the history."""
    wanted = set(spans)
    for row in buyer.business_hours.all():
        if (span := OpenSpan(row.day, row.open, row.close)) in wanted:
            wanted.discard(span)
        else:
            row.delete()
    for span in sorted(wanted, key=lambda span: (DAYS.index(span.day), span.open)):
        BusinessHours.objects.create(buyer=buyer, **span._asdict())
