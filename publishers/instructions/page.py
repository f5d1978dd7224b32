"""What a publisher or buyer is told about a key: its ready URL, its parameters, every answer, and examples to copy."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

from campaigns.errors import Forbidden
from config.http.formats import render
from config.http.values import timestamp
from publishers.keys.types import all_key_types, key_type_of
from publishers.keys.vocabulary import (
    ANY_TAG,
    AnswerText,
    ParameterText,
    RequestExample,
    publisher_parameter,
    refusal_answers,
)
from publishers.models import Key, Publisher

from .samples import CodeSample, SampleRequest, code_samples

Known = Mapping[str, str]


class ShownParameter(NamedTuple):
    name: str
    meaning: str
    example: str
    required: bool
    fixed: bool  # filled in already


class FormField(NamedTuple):
    """One field of the form that sends a test."""

    name: str
    value: str
    required: bool
    fixed: bool


class ShownAnswer(NamedTuple):
    status: int
    word: str  # what the body says of itself; with the HTTP status it tells the answers apart
    title: str
    then: str
    members: list[tuple[str, str]]
    json: str
    xml: str


class ShownRequest(NamedTuple):
    slug: str
    told: RequestExample
    ready: str
    parameters: list[ShownParameter]
    answers: list[ShownAnswer]
    examples: list[CodeSample]
    fields: list[FormField]
    tag: (
        tuple[str, str] | None
    )  # name and value of one that the client chooses; None: the request takes none


class InstructionsPage(NamedTuple):
    """Everything that the page of posting instructions says. Without `requests` the key is of no use anymore, or not yet."""

    title: str
    label: str
    about: str
    key: str
    notices: list[str]
    limits: list[str]
    requests: list[ShownRequest]
    refusals: list[ShownAnswer]


# --- the ready URL ----------------------------------------------------------------------------------------
def ready_url(*, key: Key, base_url: str, publisher: Publisher | None = None) -> str:
    """The address that a client calls, the key filled in and each parameter with a placeholder in capitals.

    What is known of the key's company and of the publisher stands in its place. `base_url` is the installation's, with or
    without a slash at its end. Blank for a key that may do nothing.
    """
    told = requests_of(key)
    return _ready(told[0], key, base_url, _known(key, publisher)) if told else ""


def requests_of(key: Key) -> list[RequestExample]:
    """What the key allows, the main request first; nothing for a key of a kind that is no more."""
    kind = next((kind for kind in all_key_types() if kind.slug == key.type), None)
    return kind.requests(kind.full(key.settings)) if kind else []


def _known(key: Key, publisher: Publisher | None) -> Known:
    of_publisher = {"publisher_id": publisher.publisher_id} if publisher else {}
    return {"company_id": key.company.company_id, **of_publisher}


def _ready(told: RequestExample, key: Key, base_url: str, known: Known) -> str:
    spelled = [
        (one, known.get(one.known) or one.placeholder) for one in told.parameters if one.placeholder
    ]
    return _full(told, key, base_url, [(one.name, value) for one, value in spelled])


def _full(told: RequestExample, key: Key, base_url: str, values: Iterable[tuple[str, str]]) -> str:
    url, query = _parts(told, key, base_url, values)
    return f"{url}?{urlencode(query)}" if query else url


def _parts(
    told: RequestExample, key: Key, base_url: str, values: Iterable[tuple[str, str]]
) -> tuple[str, list[tuple[str, str]]]:
    """The address with what stands in its path, and what its query holds, the key first."""
    given = list(values)
    in_path = {one.name for one in told.parameters if one.in_path}
    path = told.path.format(**{name: quote(value) for name, value in given if name in in_path})
    query = [(name, value) for name, value in given if name not in in_path]
    return base_url.rstrip("/") + path, [
        (told.key_name, key.key),
        *query,
    ] if told.key_name else query


# --- the page ---------------------------------------------------------------------------------------------
def instructions_page(
    *, key: Key, publisher: Publisher | None, former: Key | None, base_url: str, now: datetime
) -> InstructionsPage:
    """The page for this key and publisher. `former` is the key that it told of before that one was rolled over."""
    kind = key_type_of(key.type)
    over = _what_is_over(key, publisher, now=now)
    told = [] if over else [_attributed(one, key, publisher) for one in requests_of(key)]
    known = _known(key, publisher)
    notices = (
        [over] if over else [*_hindrances(key, publisher), *_running_out(key, former, now=now)]
    )
    if not over and not told:
        notices.append("This key may do nothing yet. Ask whoever gave you this page.")
    return InstructionsPage(
        title=key.name or kind.label,
        label=kind.label,
        about=kind.about(),
        key=key.key,
        notices=notices,
        limits=_limits(key),
        requests=[_shown(place, one, key, base_url, known) for place, one in enumerate(told, 1)],
        refusals=[
            _answer(one)
            for one in {
                one.status: one for each in reversed(told) for one in refusal_answers(each)
            }.values()
        ],
    )


def _attributed(told: RequestExample, key: Key, whose: Publisher | None) -> RequestExample:
    """A key of several publishers is told whose request it is, also where the request can do without."""
    if (
        whose is None
        or key.publisher_id is not None
        or any(one.known == "publisher_id" for one in told.parameters)
    ):
        return told
    if not any(one.name == "caller_number" for one in told.parameters):
        return told
    return replace(told, parameters=(*told.parameters, publisher_parameter()))


# --- what stands in the way ---------------------------------------------------------------------------------
def _what_is_over(key: Key, publisher: Publisher | None, *, now: datetime) -> str:
    """Why no request by this key is of any use anymore; blank when it is."""
    if key.is_dead(now=now):
        return "This key was revoked: every request with it is refused. Ask whoever gave you this page for a new one."
    owners = (key.campaign, key.publisher, key.buyer, key.group, key.company, publisher)
    if any(owner is not None and owner.retired_at is not None for owner in owners):
        return "What these instructions were for has ended. Please stop sending requests."
    return ""


def _hindrances(key: Key, publisher: Publisher | None) -> list[str]:
    kind, found = key_type_of(key.type), []
    if key.paused:
        found.append(
            "This key is paused at present: every request is answered 403 until it is resumed."
        )
    try:
        kind.check_switch(vars(key.company))
    except Forbidden:
        found.append(
            f"{kind.label} is switched off at present: every request is answered 403 until it is on again."
        )
    return [*found, *kind.hindrances(key, publisher)]


def _running_out(key: Key, former: Key | None, *, now: datetime) -> list[str]:
    if key.retired_at is not None:
        return [
            f"This key works until {_moment(key.retired_at)}. Ask whoever gave you this page for the next one in time."
        ]
    if former is not None and former.retired_at is not None and former.retired_at > now:
        until = _moment(former.retired_at)
        return [
            f"There is a new key. The one before, which ends in {former.key[-4:]}, works until {until}: change over before."
        ]
    return []


def _moment(at: datetime) -> str:
    return f"{timestamp(at)[:16].replace('T', ' ')} UTC"


def _limits(key: Key) -> list[str]:
    found = []
    if key.requests_per_second:
        burst = (
            f", and {key.burst} at once"
            if key.burst and key.burst > key.requests_per_second
            else ""
        )
        found.append(
            f"At most {key.requests_per_second} requests a second{burst}; more are answered 429."
        )
    if key.allowed_networks:
        found.append(
            f"Requests must come from {', '.join(key.allowed_networks)}; others are answered 403."
        )
    return found


# --- one request --------------------------------------------------------------------------------------------
def _shown(place: int, told: RequestExample, key: Key, base_url: str, known: Known) -> ShownRequest:
    slug = f"request-{place}"
    sent = [
        (one.free or one.name, value)
        for one in told.parameters
        if (value := known.get(one.known) or one.example)
    ]
    url, query = _parts(told, key, base_url, sent)
    asked = SampleRequest(told.method, url, _full(told, key, base_url, sent), query, told.call)
    return ShownRequest(
        slug=slug,
        told=told,
        ready=_ready(told, key, base_url, known),
        parameters=[
            *_key_parameter(told, key),
            *(_parameter(one, known) for one in told.parameters),
        ],
        answers=[_answer(one) for one in told.answers],
        examples=code_samples(asked),
        fields=[
            _field(one, known)
            for one in told.parameters
            if (one.placeholder or one.required) and not one.free
        ],
        tag=next(
            ((one.free, one.example) for one in told.parameters if one.free or one is ANY_TAG), None
        ),
    )


def _key_parameter(told: RequestExample, key: Key) -> list[ShownParameter]:
    if not told.key_name:
        return []
    return [
        ShownParameter(
            told.key_name, "The key. It is a secret: keep it on your server.", key.key, True, True
        )
    ]


def _parameter(one: ParameterText, known: Known) -> ShownParameter:
    filled_in = known.get(one.known, "")
    example = filled_in or (f"{one.free}={one.example}" if one.free else one.example or one.like)
    return ShownParameter(
        one.name, one.meaning, example, one.required or bool(filled_in), bool(filled_in)
    )


def _field(one: ParameterText, known: Known) -> FormField:
    filled_in = known.get(one.known, "")
    value = filled_in or ("" if one.in_path else one.example)
    return FormField(one.name, value, one.required, bool(filled_in))


def _answer(one: AnswerText) -> ShownAnswer:
    as_xml = render(one.body if one.as_xml is None else one.as_xml, "xml")
    return ShownAnswer(
        status=one.status,
        word=_word(one.body),
        title=one.title,
        then=one.then,
        members=list(one.members.items()),
        json=json.dumps(json.loads(render(one.body, "json")), indent=2, ensure_ascii=False),
        xml=_laid_out(as_xml),
    )


def _word(body: Any) -> str:
    """The answer's own `status`, also one level down, with a mark for a shielded repeat; else the text of its `error`.

    `instructions.js` reads the word of a real answer in the same way.
    """
    if not isinstance(body, dict):
        return ""
    inner = next(
        (value for value in body.values() if isinstance(value, dict) and "status" in value), body
    )
    again = " again" if any(name.endswith("_ping_shield") for name in inner) else ""
    return str(inner.get("status") or inner.get("error") or "") + again


def _laid_out(document: bytes) -> str:
    root = fromstring(document)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
        root, encoding="unicode"
    ).replace(" />", "/>")
