"""The words of posting instructions: what a client may ask by a key, with which parameters, and every answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SAMPLE_CALLER = "12025550142"
SAMPLE_UUID = "05d44513-666d-46f1-a4f6-fb23cf206011"
SAMPLE_MOMENT = "2026-05-05T06:25:08.295Z"
_SAMPLES = {
    "caller_zip": "90210",
    "caller_state": "CA",
    "caller_city": "Springfield",
    "caller_country": "US",
    "first_name": "Jane",
    "last_name": "Doe",
    "age": "42",
    "email": "jane@example.com",
}


@dataclass(frozen=True, slots=True)
class ParameterText:
    """What a request carries beside the key.

    `placeholder` stands for the value in the ready URL; without one the URL leaves the parameter out. `example` is what
    the examples send; without one they leave it out, and `like` shows what one looks like. `known` names what is filled
    in for both: "company_id" or "publisher_id". A parameter `in_path` is a {name} of the path. `free` is the name that the
    examples give to a parameter whose name the client chooses.
    """

    name: str
    meaning: str
    example: str = ""
    placeholder: str = ""
    required: bool = False
    known: str = ""
    in_path: bool = False
    free: str = ""
    like: str = ""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """One thing that may be answered: how it is told apart, an example of its body, and what to do then.

    `members` says what those mean that do not speak for themselves. `as_xml` is the body in XML, where that has another form.
    """

    status: int
    title: str
    body: Any
    then: str
    members: Mapping[str, str] = field(default_factory=dict)
    as_xml: Any = None


@dataclass(frozen=True, slots=True)
class RequestText:
    """Where in an answer the number to dial stands: `within` this member, when `status` is this word."""

    status: str
    number: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class RequestExample:
    """One request that a key allows.

    `trial` says what a test of it does; blank: the page has no form for it, for the reason in `no_trial`.
    `shape` stands before `error` in a refusal. `key_name` is what this API calls the key.
    """

    title: str
    about: str
    method: str
    path: str
    parameters: tuple[ParameterText, ...] = ()
    answers: tuple[AnswerText, ...] = ()
    trial: str = ""
    no_trial: str = ""
    shape: Mapping[str, Any] = field(default_factory=dict)
    call: RequestText | None = None
    key_name: str = "key"


DONE = AnswerText(200, "Done", {}, "The request was taken; there is nothing more to do.")
ANY_TAG = ParameterText(
    "any other name",
    "A tag: whatever you know of the caller, under a name of your own. At most 100 in a request; names of up to 100 characters, "
    "values of up to 1,000.",
    like="first_name=Jane",
)


def tag_parameter(name: str) -> ParameterText:
    """A tag that every request must carry."""
    meaning = f"What you know of the caller as “{name}”. Every request must carry it."
    return ParameterText(
        name, meaning, _SAMPLES.get(name.lower(), "example"), name.upper(), required=True
    )


def caller_parameter(meaning: str = "", *, required: bool = True) -> ParameterText:
    """The caller's number."""
    spelling = (
        "With its country code, like 12025550142; a plus, spaces, dashes and brackets do no harm."
    )
    meaning = meaning or "The phone number that the call comes from."
    return ParameterText(
        "caller_number", f"{meaning} {spelling}", SAMPLE_CALLER, "CALLER_NUMBER", required=required
    )


def publisher_parameter(name: str = "publisher_id", *, required: bool = False) -> ParameterText:
    """Whose call it is, under the name that the field's clients of this API use."""
    meaning = "Your ID: says that the call is yours, and is paid to you. Send it as it stands here."
    return ParameterText(
        name, meaning, placeholder="PUBLISHER_ID", required=required, known="publisher_id"
    )


def refusal_answers(request: RequestExample) -> tuple[AnswerText, ...]:
    """What any request by a key may be refused with, in this request's shape."""
    own = {answer.status for answer in request.answers}
    return tuple(
        AnswerText(status, title, {**request.shape, "error": _error(text, request)}, then)
        for status, title, text, then in _REFUSALS
        if status not in own and (request.method != "GET" or status not in _WRITING_ONLY)
    )


def _error(text: str, request: RequestExample) -> str:
    must = [
        parameter.name
        for parameter in request.parameters
        if parameter.required and not parameter.in_path
    ]
    return text.format(must[0] if must else "caller_number")


_WRITING_ONLY = {409}
_REFUSALS: tuple[tuple[int, str, str, str], ...] = (
    (
        422,
        "A value is missing or unusable",
        "FAILED must include {} (string)",
        "The text says which value. Mend the request; sending it again unchanged gives the same answer.",
    ),
    (
        401,
        "The key is not known",
        "not authorized",
        "The key is missing, mistyped, revoked, or for something else. Compare it with the one on this page.",
    ),
    (
        403,
        "Not now, or not from here",
        "this key is paused",
        "The key is paused, the feature is switched off, or the request comes from an address that may not use the key; the "
        "text says which. Stop sending, and ask whoever gave you this page.",
    ),
    (
        409,
        "The same request is still running",
        "the first request with this Idempotency-Key is still running",
        "Only with an Idempotency-Key: wait the seconds in Retry-After, then send it again.",
    ),
    (
        410,
        "It has ended",
        "the owner of this key was deleted",
        "What this key was for is no more. Stop sending.",
    ),
    (
        429,
        "Too many requests",
        "too many requests",
        "Wait the seconds in the Retry-After header, then go on more slowly.",
    ),
    (
        503,
        "Not available for a moment",
        "temporarily unavailable",
        "Nothing was done. Wait the seconds in the Retry-After header, then send it again.",
    ),
    (
        400,
        "The request can't be read",
        "unreadable body: not JSON",
        "The body is not what its Content-Type says. Parameters in the query need no body at all. Likewise 404 is an address, "
        "405 a method, 406 a format and 415 a Content-Type that there is none of, and 413 a body over 64 KB.",
    ),
)
