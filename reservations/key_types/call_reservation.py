"""The key of the older call reservation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from publishers.kinds import KeyKind

from .settings import shared_fields


class CallReservation(KeyKind):
    """Asks a campaign for an available buyer and a transfer number."""

    slug = "call_reservation"
    label = "Call reservation"
    owners = ("campaign",)
    switch = "call_reservations_enabled"
    path = "/call_reservations.json"
    fields: ClassVar[dict[str, forms.Field]] = shared_fields(ttl_seconds=300)

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        spelled = [("caller_number", "CALLER_NUMBER"), ("affiliate_id", "PUBLISHER_ID")]
        return spelled + [(tag, tag.upper()) for tag in settings["required_tags"]]
