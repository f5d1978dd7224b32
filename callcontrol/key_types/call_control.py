"""The handler key: what a buyer or a group may do with the calls routed to it."""

from typing import ClassVar

from django import forms

from callcontrol import steering
from publishers.kinds import ChosenField, KeyKind


class CallControlKey(KeyKind):
    """Steers the calls of one buyer or one buyer group."""

    slug = "call_control"
    label = "Call control"
    owners = ("buyer", "group")
    switch = "call_control_enabled"
    path = "/call_control/v1/active_calls.json"
    method = "GET"
    section = "handler_keys"
    fields: ClassVar[dict[str, forms.Field]] = {
        "actions": ChosenField(choices=steering.words, initial=[], required=False),
        "return_seconds": forms.IntegerField(initial=60, min_value=0, max_value=86_400, help_text="From dialing the handler."),
        "reject_seconds": forms.IntegerField(initial=90, min_value=0, max_value=86_400, help_text="From dialing the handler."),
    }
