"""The filters and the order of `GET /calls`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django_filters import CharFilter, Filter, FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from callcontrol.models import Call
from campaigns import phone
from campaigns.errors import Refusal
from config.http.parameters import Parameters

# The names that the field's clients have for our parameters.
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
            if _EPOCH(str(value)):
                number = float(str(value))
                seconds = number / 1000 if number >= _MILLISECONDS else number
                return datetime.fromtimestamp(seconds, UTC)
            moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", str(value)))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(self.error_messages["invalid"]) from None


class MomentFilter(Filter):
    field_class = MomentField


class ChoiceFilter(Filter):
    """One of a few words; the error for another one lists them."""

    field_class = forms.ChoiceField

    def __init__(self, field_name: str | None, words: list[str], **more: Any) -> None:
        invalid = {"invalid_choice": f"must be one of {', '.join(words)}"}
        super().__init__(
            field_name, choices=[(word, word) for word in words], error_messages=invalid, **more
        )


@extend_schema_field(str)
class OrderFilter(ChoiceFilter):
    """Is checked, and filters nothing: `filter_queryset` orders by it."""

    def filter(self, qs: QuerySet[Call], value: str) -> QuerySet[Call]:
        return qs


class CallFilterSet(FilterSet):
    """The filters, by their parameters' names."""

    created_at_start = MomentFilter("started_at", "gte")
    # "lt": ranges that follow each other share no call.
    created_at_end = MomentFilter("started_at", "lt")
    campaign_id = CharFilter("campaign__campaign_id")
    publisher_id = CharFilter("publisher__publisher_id")
    buyer_id = CharFilter("buyer__buyer_id")
    status = ChoiceFilter("status", Call.Status.values)
    caller_number = CharFilter(method="filter_caller")
    sort_by = OrderFilter(None, list(SORTS))
    order = OrderFilter(None, ["asc", "desc"])

    def __init__(self, *args: Any, region: str = "US", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region

    def filter_caller(self, calls: QuerySet[Call], name: str, text: str) -> QuerySet[Call]:
        """Filter by a number in any spelling; `anonymous` and the like are withheld numbers."""
        if phone.is_withheld(text):
            return calls.filter(caller_number=None)
        number = phone.to_e164(text, self.region)
        if number is None:
            raise Refusal(f"{name} must be a phone number of 7 to 15 digits")
        return calls.filter(caller_number=number)

    def filter_queryset(self, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Return the calls that every filter leaves, in an order in which no two are equal."""
        values = self.form.cleaned_data
        calls: QuerySet[Call] = super().filter_queryset(queryset)
        column = SORTS[values["sort_by"] or "created_at"]
        descends = values["order"] != "asc"
        key = "-pk" if descends else "pk"
        if column == "started_at":  # never null: the order of its index
            return calls.order_by("-started_at" if descends else "started_at", key)
        nullable = F(column)
        by = nullable.desc(nulls_last=True) if descends else nullable.asc(nulls_last=True)
        return calls.order_by(by, key)


class CallFilterBackend(DjangoFilterBackend):
    """django-filter's backend for our parameters: they are in the body too, under several names."""

    def get_filterset_kwargs(
        self, request: Request, queryset: QuerySet[Call], view: Any
    ) -> dict[str, Any]:
        """Pass on the values under our names; Refusal when two names of a filter contradict."""
        kwargs: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        parameters: Parameters = view.parameters
        values: dict[str, str] = {}
        for name in CallFilterSet.base_filters:
            names = (name, *ALIASES.get(name, ()))
            read = parameters.number_text if name == "caller_number" else parameters.value
            texts = {text.strip() for text in map(read, names) if text}
            if len(texts) > 1:
                raise Refusal(f"{', '.join(names)} contradict each other")
            if texts:
                values[name] = texts.pop()
        return {**kwargs, "data": values, "region": view.snapshot.region}

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Call], view: Any
    ) -> QuerySet[Call]:
        """Return the requested calls; Refusal (422) for a value that no filter can use."""
        filterset = self.get_filterset(request, queryset, view)
        for name, messages in filterset.errors.items():
            raise Refusal(f"{name} {messages[0]}")
        calls: QuerySet[Call] = filterset.qs
        return calls
