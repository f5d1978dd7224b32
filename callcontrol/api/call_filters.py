"""Which calls a list has, and in which order: the parameters of `GET /calls`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django_filters import CharFilter, Filter, FilterSet

from callcontrol.models import Call
from campaigns import phone
from campaigns.errors import Refusal
from config.http.parameters import Parameters

# What clients of the field call our parameters.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "campaign_id": ("client_cid",),
    "publisher_id": ("source_id", "affiliate_id", "client_afid"),
    "buyer_id": ("target_id", "client_tid"),
    "caller_number": ("caller",),
}
SORTS = {
    "created_at": "started_at",
    "started_at": "started_at",
    "connected_at": "connected_at",
    "ended_at": "ended_at",
}

_EPOCH = re.compile(r"\d{9,16}(\.\d+)?").fullmatch
_MILLISECONDS = 1e11  # as seconds, the year 5138
_LOST_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")  # a raw + in a query decodes to a space


class MomentField(forms.Field):
    """ISO 8601 (without an offset: UTC), or seconds or milliseconds since 1970."""

    default_error_messages = {
        "invalid": "must be a moment like 2026-05-05T06:25:08Z, or seconds since 1970"
    }

    def to_python(self, value: str | None) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return _moment(str(value))
        except (ValueError, OverflowError):
            raise ValidationError(self.error_messages["invalid"]) from None


def _moment(text: str) -> datetime:
    """The moment in UTC; ValueError or OverflowError for what is none, or is beyond the calendar there."""
    if _EPOCH(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS else seconds, UTC)
    moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Moment(Filter):
    field_class = MomentField


class OneOf(Filter):
    """One of a few words; another is refused with all of them."""

    field_class = forms.ChoiceField

    def __init__(self, field_name: str | None, words: list[str], **more: Any) -> None:
        wrong = {"invalid_choice": f"must be one of {', '.join(words)}"}
        super().__init__(
            field_name, choices=[(word, word) for word in words], error_messages=wrong, **more
        )


class TimelineFilter(OneOf):
    """Is checked, and filters nothing."""

    def filter(self, qs: QuerySet[Call], value: str) -> QuerySet[Call]:
        return qs


class CallFilters(FilterSet):
    """The filters by their parameters' names; `filtered` reads them from a request."""

    created_at_start = Moment("started_at", "gte")
    created_at_end = Moment(
        "started_at", "lt"
    )  # so that ranges which follow each other share no call
    campaign_id = CharFilter("campaign__campaign_id")
    publisher_id = CharFilter("publisher__publisher_id")
    buyer_id = CharFilter("buyer__buyer_id")
    status = OneOf("status", Call.Status.values)
    caller_number = CharFilter(method="of_caller")
    sort_by = TimelineFilter(None, list(SORTS))
    order = TimelineFilter(None, ["asc", "desc"])

    def __init__(self, asked: Mapping[str, str], calls: QuerySet[Call], region: str) -> None:
        super().__init__(asked, calls)
        self.region = region

    def of_caller(self, calls: QuerySet[Call], name: str, said: str) -> QuerySet[Call]:
        """In any spelling; `anonymous` and the like are the callers who withheld their number."""
        if phone.is_withheld(said):
            return calls.filter(caller_number=None)
        number = phone.to_e164(said, self.region)
        if number is None:
            raise Refusal(f"{name} must be a phone number of 7 to 15 digits")
        return calls.filter(caller_number=number)

    def filter_queryset(self, calls: QuerySet[Call]) -> QuerySet[Call]:
        """The calls that are asked for, in an order in which no two are equal."""
        asked = self.form.cleaned_data
        found: QuerySet[Call] = super().filter_queryset(calls)
        column = SORTS[asked["sort_by"] or "created_at"]
        descends = asked["order"] != "asc"
        if column == "started_at":  # never null: the order of its index
            return (
                found.order_by("-started_at", "-pk")
                if descends
                else found.order_by("started_at", "pk")
            )
        by = F(column).desc(nulls_last=True) if descends else F(column).asc(nulls_last=True)
        return found.order_by(by, "-pk" if descends else "pk")


def filtered(calls: QuerySet[Call], parameters: Parameters, *, region: str) -> QuerySet[Call]:
    """The calls that a request asks for, in its order. Refusal (422) for a value that cannot be meant."""
    filters = CallFilters(_asked(parameters), calls, region)
    for name, messages in filters.errors.items():
        raise Refusal(f"{name} {messages[0]}")
    return filters.qs


def _asked(parameters: Parameters) -> dict[str, str]:
    """What is asked, under our names; Refusal when two names of one thing say different things."""
    asked: dict[str, str] = {}
    for name in CallFilters.base_filters:
        names = (name, *ALIASES.get(name, ()))
        read = parameters.number_text if name == "caller_number" else parameters.value
        said = {text.strip() for text in map(read, names) if text}
        if len(said) > 1:
            raise Refusal(f"{', '.join(names)} contradict each other")
        if said:
            asked[name] = said.pop()
    return asked
