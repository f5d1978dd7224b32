"""Parts of posting instructions: the parameters, answers and requests that a key type declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

SAMPLE_CALLER = "12025550142"
SAMPLE_UUID = "05d44513-666d-46f1-a4f6-fb23cf206011"
SAMPLE_MOMENT = "2026-05-05T06:25:08.295Z"
_SAMPLE_TAGS = {
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
    """A request parameter other than the key.

    - `placeholder`: the value in the ready URL; blank leaves the parameter out of the URL.
    - `example`: the value in the code samples; blank leaves the parameter out of them.
    - `sample`: what a value looks like, for a parameter without an `example`.
    - `prefill`: "company_id" or "publisher_id", which the page fills in.
    - `in_path`: the parameter is a `{name}` of the path.
    - `example_name`: the sample's name for a parameter that the client names.
    """

    name: str
    meaning: Text
    example: str = ""
    placeholder: str = ""
    required: bool = False
    prefill: str = ""
    in_path: bool = False
    example_name: str = ""
    sample: str = ""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer: its status, an example of its body, and what the client should do next.

    `members` explains body members by name. `xml_body` replaces `body` in XML where they differ.
    """

    status: int
    title: Text
    body: Any
    advice: Text
    members: Mapping[str, Text] = field(default_factory=dict)
    xml_body: Any = None


@dataclass(frozen=True, slots=True)
class NumberLocation:
    """The member of an answer with the number to dial, inside `within`, if `status` matches."""

    status: str
    number: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class RequestExample:
    """A request that a key allows.

    - `test_effect`: what a test request does; blank hides the test form.
    - `no_test_reason`: why the page has no test form.
    - `error_members`: body members in front of `error` in a refusal.
    - `key_name`: the parameter that carries the key; blank sends none.
    """

    title: Text
    about: Text
    method: str
    path: str
    parameters: tuple[ParameterText, ...] = ()
    answers: tuple[AnswerText, ...] = ()
    test_effect: Text = ""
    no_test_reason: Text = ""
    error_members: Mapping[str, Any] = field(default_factory=dict)
    call: NumberLocation | None = None
    key_name: str = "key"


DONE = AnswerText(200, _("Done"), {}, _("The request was accepted. There is nothing else to do."))
ANY_TAG = ParameterText(
    "any other name",
    _(
        "A tag: a fact about the caller, under a name that you choose. At most 100 in a request; "
        "names of up to 100 characters, values of up to 1,000."
    ),
    sample="first_name=Jane",
)


def tag_parameter(name: str) -> ParameterText:
    """Return a tag that every request must carry."""
    meaning = _("The caller’s “%(name)s”. Every request must include it.") % {"name": name}
    example = _SAMPLE_TAGS.get(name.lower(), "example")
    return ParameterText(name, meaning, example, name.upper(), required=True)


def caller_parameter(meaning: Text = "", *, required: bool = True) -> ParameterText:
    """Return the parameter for the caller's number."""
    meaning = _(
        "%(meaning)s Include the country code: 12025550142. A plus sign, spaces, dashes and "
        "brackets are ignored."
    ) % {"meaning": meaning or _("The phone number that the call comes from.")}
    return ParameterText(
        "caller_number", meaning, SAMPLE_CALLER, "CALLER_NUMBER", required=required
    )


def publisher_parameter(name: str = "publisher_id", *, required: bool = False) -> ParameterText:
    """Return the parameter for the publisher's ID, under this API's name for it."""
    return ParameterText(
        name,
        _("Your publisher ID. It attributes the call to you, so that you are paid for it."),
        placeholder="PUBLISHER_ID",
        required=required,
        prefill="publisher_id",
    )


@dataclass(frozen=True, slots=True)
class _RefusalText:
    status: int
    title: Text
    error: str  # as it goes over the wire, never translated
    advice: Text


_REFUSALS = (
    _RefusalText(
        422,
        _("A value is missing or invalid"),
        "FAILED must include {} (string)",
        _("The error names the value. Correct the request; retrying it unchanged fails again."),
    ),
    _RefusalText(
        401,
        _("The key is unknown"),
        "not authorized",
        _(
            "The key is missing, mistyped, revoked, or meant for another request. Compare it with "
            "the key on this page."
        ),
    ),
    _RefusalText(
        403,
        _("The request is not allowed"),
        "this key is paused",
        _(
            "The key is paused, the feature is switched off, or the request comes from an address "
            "that may not use the key; the error says which. Stop sending, and contact the company "
            "that sent you this page."
        ),
    ),
    _RefusalText(
        409,
        _("The same request is still running"),
        "the first request with this Idempotency-Key is still running",
        _("Only with an Idempotency-Key. Wait the seconds in Retry-After, then send it again."),
    ),
    _RefusalText(
        410,
        _("The key has ended"),
        "the owner of this key was deleted",
        _("The campaign or account behind this key was deleted. Stop sending."),
    ),
    _RefusalText(
        429,
        _("Too many requests"),
        "too many requests",
        _("Wait the seconds in Retry-After, then send more slowly."),
    ),
    _RefusalText(
        503,
        _("Temporarily unavailable"),
        "temporarily unavailable",
        _("Nothing was done. Wait the seconds in Retry-After, then send it again."),
    ),
    _RefusalText(
        400,
        _("The request can’t be read"),
        "unreadable body: not JSON",
        _(
            "The body does not match its Content-Type. Parameters in the query need no body. "
            "Similar refusals: 404 unknown address, 405 wrong method, 406 unknown format, 415 "
            "unknown Content-Type, 413 body over 64 KB."
        ),
    ),
)


def refusal_answers(request: RequestExample) -> tuple[AnswerText, ...]:
    """Return the refusals that any request by a key can get, in this request's body format."""
    documented = {answer.status for answer in request.answers}
    if request.method == "GET":
        documented.add(409)  # reads take no Idempotency-Key
    required = [
        parameter.name
        for parameter in request.parameters
        if parameter.required and not parameter.in_path
    ]
    missing = required[0] if required else "caller_number"
    return tuple(
        AnswerText(
            refusal.status,
            refusal.title,
            {**request.error_members, "error": refusal.error.format(missing)},
            refusal.advice,
        )
        for refusal in _REFUSALS
        if refusal.status not in documented
    )
