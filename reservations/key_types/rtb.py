"""The key of real-time bidding."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from publishers.kinds import KeyKind, NumberOrNoneField

from .settings import shared_fields


class RealTimeBidding(KeyKind):
    """Pings a campaign for a buyer and a number to dial."""

    slug = "rtb"
    label = "Real-time bidding"
    owners = ("campaign",)
    switch = "rtb_enabled"
    path = "/rtbs.json"
    fields: ClassVar[dict[str, forms.Field]] = {
        **shared_fields(ttl_seconds=30),
        "allow_no_caller_number": forms.BooleanField(
            required=False, initial=False, help_text="Pings may leave out the caller's number."
        ),
        "inbound_number": NumberOrNoneField(
            initial="", help_text="Answered to pings without a caller number. Empty: a SIP address."
        ),
        "return_sip_address": forms.BooleanField(
            required=False, initial=False, help_text="Answers also carry sip_address, as user@domain."
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        spelled = [("caller_number", "CALLER_NUMBER"), ("publisher_id", "PUBLISHER_ID")]
        return spelled + [(tag, tag.upper()) for tag in settings["required_tags"]]
