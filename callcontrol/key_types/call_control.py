"""The handler key: what a buyer or a group may do with the calls routed to it."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from callcontrol.control import registry
from callcontrol.control.actions.base import Action, ActionParameter
from publishers.keys.types import ChoicesField, KeyType
from publishers.keys.vocabulary import (
    SAMPLE_CALLER,
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
)

_SHAPE = {"success": False}
_HARM = "it would act on a live call, with people on the line"
_NOT_THEIRS = AnswerText(
    401,
    "The key, or the call, is not yours",
    {**_SHAPE, "error": "not authorized"},
    "The key is unknown or may not do this, or call_uuid is no call that is with you. Compare both.",
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
    label = "Call control"
    owners = ("buyer", "group")
    switch = "call_control_enabled"
    path = "/call_control/v1/active_calls.json"
    method = "GET"
    section = "handler_keys"
    fields: ClassVar[dict[str, forms.Field]] = {
        "actions": ChoicesField(
            label="What it may do",
            choices=registry.action_choices,
            initial=[],
            required=False,
            help_text="With the calls that are with this buyer, or with a buyer of this group. Nothing else is allowed.",
        ),
        "return_seconds": forms.IntegerField(
            label="Return within (seconds)",
            initial=60,
            min_value=0,
            max_value=86_400,
            help_text="How long after the buyer was dialed a call may be returned.",
        ),
        "reject_seconds": forms.IntegerField(
            label="Reject within (seconds)",
            initial=90,
            min_value=0,
            max_value=86_400,
            help_text="How long after the buyer was dialed a call may be rejected.",
        ),
    }

    @classmethod
    def summary(cls, settings: Mapping[str, Any]) -> str:
        """Its actions, with the windows of those that have one."""
        windows = {
            word: f" within {settings[f'{word}_seconds']} s" for word in ("return", "reject")
        }
        return (
            ", ".join(
                word.replace("_", " ") + windows.get(word, "") for word in settings["actions"]
            )
            or "no action"
        )

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        """The list of calls first, then what may be done with them."""
        may, known = settings["actions"], {action.slug: action for action in registry.all_actions()}
        told = [_listing()] if registry.LISTING in may else []
        for word in may:
            told += [_acting(known[word], settings)] if word in known else []
            told += _BY_TRANSFER if word == "transfer" else []
        return told


def _listing() -> RequestExample:
    about = "The calls that are with you now, ringing or answered, the newest first. Their call_uuid is what all other requests name."
    times = {name: f"When {what}, in milliseconds since 1970." for name, what in _TIMES.items()}
    return RequestExample(
        "List your calls",
        about,
        "GET",
        CallControlKey.path,
        (
            ParameterText("caller_number", "Only the calls of this caller."),
            ParameterText("page", "Which page of 25; 1 is the newest."),
        ),
        (
            AnswerText(
                200,
                "Your calls",
                {"success": True, "results": [_ACTIVE]},
                "Take the call_uuid of the call you mean.",
                times,
            ),
            AnswerText(
                200,
                "No call at present",
                {"success": False, "results": []},
                "Ask again when one rings.",
            ),
        ),
        test_effect="It only reads: no call is changed by it.",
        error_members=_SHAPE,
    )


_TIMES = {"started_at": "the call came in", "dialed_out_at": "you were dialed"}


def _acting(action: type[Action], settings: Mapping[str, Any]) -> RequestExample:
    """An action, in the words of its own class."""
    call = ParameterText(
        "call_uuid",
        "The call, as the list of calls names it.",
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
    return RequestExample(
        action.summary,
        f"{action.summary} that is with you.",
        "POST",
        f"/call_control/v1/calls/{{call_uuid}}/{action.slug}.json",
        (call, *(_parameter(name, member) for name, member in action.parameters.items())),
        (
            AnswerText(200, "Done", done, "It is done; asking twice does no harm.", meanings),
            *_refused(action.errors.items(), settings),
        ),
        no_test_reason=_HARM,
        error_members=_SHAPE,
    )


def _parameter(name: str, member: ActionParameter) -> ParameterText:
    return ParameterText(name, member.meaning, _sample(name, member), name.upper())


def _sample(name: str, member: ActionParameter) -> str:
    if member.type is bool:
        return "true"
    if member.type is UUID:
        return SAMPLE_UUID
    return SAMPLE_CALLER if name.endswith(("_to", "_number")) else "text"


def _refused(errors: Iterable[tuple[str, str]], settings: Mapping[str, Any]) -> list[AnswerText]:
    """Each refusal in its own situation."""
    return [
        AnswerText(422, error, {**_SHAPE, "error": error}, _in_seconds(when, settings))
        for error, when in errors
    ] + [_NOT_THEIRS]


def _in_seconds(when: str, settings: Mapping[str, Any]) -> str:
    for name in ("return_seconds", "reject_seconds"):
        when = when.replace(f"the key's `{name}`", f"{settings[name]} seconds")
    return when


def _of_transfer(
    title: str, about: str, method: str, path: str, errors: Mapping[str, str]
) -> RequestExample:
    uuid = ParameterText(
        "uuid",
        "The transfer_uuid of the answer to “Transfer a call”.",
        SAMPLE_UUID,
        "UUID",
        required=True,
        in_path=True,
    )
    unknown = AnswerText(
        404,
        "There is no such transfer",
        {**_SHAPE, "error": "transfer not found"},
        "The uuid is of no transfer.",
    )
    refused = [
        AnswerText(422, error, {**_SHAPE, "error": error}, when) for error, when in errors.items()
    ]
    done = AnswerText(200, "Done", {"success": True}, "It is done.")
    return RequestExample(
        title,
        about,
        method,
        path,
        (uuid,),
        (done, *refused, unknown),
        no_test_reason=_HARM,
        error_members=_SHAPE,
        key_name="",
    )


_BY_TRANSFER = [
    _of_transfer(
        "Connect the caller of a transfer",
        "Takes the caller off hold, into the talk. The transfer's own ID lets it in: no key is sent.",
        "POST",
        "/call_control/v1/transfers/{uuid}/conference_caller.json",
        {
            "call not live": "The call has ended.",
            "caller hung up": "The caller hung up while on hold.",
            "caller not held": "The caller is not on hold, and hears everything that is said.",
        },
    ),
    _of_transfer(
        "Stop a transfer",
        "Ends the line of whom the call was transferred to; the caller is with you again. No key is sent.",
        "DELETE",
        "/call_control/v1/transfers/{uuid}.json",
        {
            "call not live": "The call has ended.",
            "transfer not in progress": "The line of whom it was transferred to has ended.",
            "transferor not present": "You have left the call, and the caller would be left alone.",
        },
    ),
]
