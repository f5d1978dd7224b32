"""The handler key: what a buyer or a group may do with the calls routed to it."""

from collections.abc import Mapping
from typing import Any, ClassVar

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

    @classmethod
    def gist(cls, settings: Mapping[str, Any]) -> str:
        """Its actions, with the windows of those that have one."""
        windows = {word: f" within {settings[f'{word}_seconds']} s" for word in ("return", "reject")}
        return ", ".join(word.replace("_", " ") + windows.get(word, "") for word in settings["actions"]) or "no action"

    @classmethod
    def path_for(cls, settings: Mapping[str, Any]) -> str:
        """The list of calls, or the first action that the key may do."""
        actions = settings["actions"]
        if not actions or steering.LISTING in actions:
            return cls.path if actions else ""
        return f"/call_control/v1/calls/CALL_UUID/{actions[0]}.json"
