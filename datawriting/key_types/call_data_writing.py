"""The key by which a publisher or a campaign writes tags about a caller."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from publishers.kinds import KeyKind

_TEN_YEARS = 315_360_000


class CallDataWriting(KeyKind):
    """Writes tags about a caller before, during or after the call."""

    slug = "call_data_writing"
    label = "Call data writing"
    owners = ("publisher", "campaign")
    switch = "call_data_writing_enabled"
    path = "/data_writing"
    fields: ClassVar[dict[str, forms.Field]] = {
        "cut_off_seconds": forms.IntegerField(
            label="End call cut-off",
            initial=3_600,
            min_value=0,
            max_value=_TEN_YEARS,
            help_text="How long after its end a call is still found by its caller.",
        ),
        "storage_seconds": forms.IntegerField(
            label="Storage duration",
            initial=86_400,
            min_value=1,
            max_value=_TEN_YEARS,
            help_text="How long tags wait for a call.",
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [("caller_number", "CALLER_NUMBER"), ("TAG", "VALUE")]
