"""The key type of handlers: what a buyer or a group may do with the calls routed to it."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from callcontrol.control import registry
from callcontrol.control.actions.base import Action, ActionParameter
from publishers.keys.types import ChoicesField, KeyType
from publishers.keys.vocabulary import (
    SAMPLE_CALLER,
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
    Text,
)

_SHAPE = {"success": False}
_NO_TEST_REASON = _("it would act on a live call, with people on the line")
_NOT_AUTHORIZED = AnswerText(
    401,
    _("The key or the call is not yours"),
    {**_SHAPE, "error": "not authorized"},
    _(
        "The key is unknown or may not do this, or the call of call_uuid is not with you. Compare "
        "both."
    ),
)
_ACTIVE = {
    "caller_number": "+12025550142",
    "caller_number_sent": "+12025550142",
    "dialed_out_number": "+12025550150",
    "call_uuid": SAMPLE_UUID,
    "started_at": 1_777_962_308_295,
    "dialed_out_at": 1_777_962_310_120,
}


class CallControlKey(KeyType):
    """Lets a buyer, or a group of them, act on the calls that are with it."""

    slug = "call_control"
    label = _("Call control")
    owners = ("buyer", "group")
    switch = "call_control_enabled"
    path = "/call_control/v1/active_calls.json"
    method = "GET"
    section = "handler_keys"
    fields: ClassVar[dict[str, forms.Field]] = {
        "actions": ChoicesField(
            label=_("Allowed actions"),
            choices=registry.action_choices,
            initial=[],
            required=False,
            help_text=_(
                "For the calls that are with this buyer, or with a buyer of this group. All other "
                "actions are refused."
            ),
        ),
        "return_seconds": forms.IntegerField(
            label=_("Return within (seconds)"),
            initial=60,
            min_value=0,
            max_value=86_400,
            help_text=_("A call may be returned for this long after its buyer was dialed."),
        ),
        "reject_seconds": forms.IntegerField(
            label=_("Reject within (seconds)"),
            initial=90,
            min_value=0,
            max_value=86_400,
            help_text=_("A call may be rejected for this long after its buyer was dialed."),
        ),
    }

    @classmethod
    def summary(cls, settings: Mapping[str, Any]) -> str:
        """Return the allowed actions, with the time windows of return and reject."""
        windows = {
            slug: f" within {settings[f'{slug}_seconds']} s" for slug in ("return", "reject")
        }
        return (
            ", ".join(
                slug.replace("_", " ") + windows.get(slug, "") for slug in settings["actions"]
            )
            or "no action"
        )

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        """Return the list of calls first, then the allowed actions."""
        allowed = settings["actions"]
        actions = {action.slug: action for action in registry.all_actions()}
        requests = [_listing()] if registry.LISTING in allowed else []
        for slug in allowed:
            requests += [_action_request(actions[slug], settings)] if slug in actions else []
            requests += _TRANSFER_REQUESTS if slug == "transfer" else []
        return requests


def _listing() -> RequestExample:
    about = _(
        "The calls that are with you now, ringing or answered, the newest first. All other "
        "requests need the call_uuid of a call."
    )
    times = {
        "started_at": _("When the call came in, in milliseconds since 1970."),
        "dialed_out_at": _("When you were dialed, in milliseconds since 1970."),
    }
    return RequestExample(
        _("List your calls"),
        about,
        "GET",
        CallControlKey.path,
        (
            ParameterText("caller_number", _("Only the calls of this caller.")),
            ParameterText("page", _("The page of 25 calls; 1 is the newest.")),
        ),
        (
            AnswerText(
                200,
                _("Your calls"),
                {"success": True, "results": [_ACTIVE]},
                _("Use the call_uuid of the call that you mean."),
                times,
            ),
            AnswerText(
                200,
                _("No calls now"),
                {"success": False, "results": []},
                _("Repeat the request when a call rings."),
            ),
        ),
        test_effect=_("It only reads and changes no call."),
        error_members=_SHAPE,
    )


def _action_request(action: type[Action], settings: Mapping[str, Any]) -> RequestExample:
    """Describe an action by the texts of its class."""
    call = ParameterText(
        "call_uuid",
        _("The call’s ID, from the list of calls."),
        SAMPLE_UUID,
        "CALL_UUID",
        required=True,
        in_path=True,
    )
    done = {
        "success": True,
        **{name: _sample(name, member) for name, member in action.answers.items()},
    }
    meanings = {name: member.meaning for name, member in action.answers.items()}
    refusals = []
    for error, when in action.errors.items():
        for name in ("return_seconds", "reject_seconds"):
            when = when.replace(f"the key's `{name}`", f"{settings[name]} seconds")
        refusals.append(AnswerText(422, error, {**_SHAPE, "error": error}, when))
    return RequestExample(
        action.summary,
        _("%(action)s that is with you.") % {"action": action.summary},
        "POST",
        f"/call_control/v1/calls/{{call_uuid}}/{action.slug}.json",
        (
            call,
            *(
                ParameterText(name, member.meaning, _sample(name, member), name.upper())
                for name, member in action.parameters.items()
            ),
        ),
        (
            AnswerText(
                200, _("Done"), done, _("Done. Repeating the request does no harm."), meanings
            ),
            *refusals,
            _NOT_AUTHORIZED,
        ),
        no_test_reason=_NO_TEST_REASON,
        error_members=_SHAPE,
    )


def _sample(name: str, member: ActionParameter) -> str:
    if member.type is bool:
        return "true"
    if member.type is UUID:
        return SAMPLE_UUID
    return SAMPLE_CALLER if name.endswith(("_to", "_number")) else "text"


def _transfer_request(
    title: Text, about: Text, method: str, path: str, errors: Mapping[str, Text]
) -> RequestExample:
    uuid = ParameterText(
        "uuid",
        _("The transfer_uuid from the answer to “Transfer a call”."),
        SAMPLE_UUID,
        "UUID",
        required=True,
        in_path=True,
    )
    unknown = AnswerText(
        404,
        _("Transfer not found"),
        {**_SHAPE, "error": "transfer not found"},
        _("There is no transfer with this uuid."),
    )
    refused = [
        AnswerText(422, error, {**_SHAPE, "error": error}, when) for error, when in errors.items()
    ]
    done = AnswerText(200, _("Done"), {"success": True}, _("Done."))
    return RequestExample(
        title,
        about,
        method,
        path,
        (uuid,),
        (done, *refused, unknown),
        no_test_reason=_NO_TEST_REASON,
        error_members=_SHAPE,
        key_name="",
    )


_TRANSFER_REQUESTS = [
    _transfer_request(
        _("Connect the caller of a transfer"),
        _(
            "Takes the caller off hold, into the conversation. The ID of the transfer authorizes "
            "the request: send no key."
        ),
        "POST",
        "/call_control/v1/transfers/{uuid}/conference_caller.json",
        {
            "call not live": _("The call has ended."),
            "caller hung up": _("The caller hung up while on hold."),
            "caller not held": _("The caller is not on hold, and hears everything."),
        },
    ),
    _transfer_request(
        _("Stop a transfer"),
        _(
            "Hangs up on the transferee; the caller is with you again. The ID of the transfer "
            "authorizes the request: send no key."
        ),
        "DELETE",
        "/call_control/v1/transfers/{uuid}.json",
        {
            "call not live": _("The call has ended."),
            "transfer not in progress": _("The transferee’s leg has ended."),
            "transferor not present": _("You have left the call, and the caller would be alone."),
        },
    ),
]
