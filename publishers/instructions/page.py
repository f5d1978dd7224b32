"""The page of posting instructions: the ready URL, parameters, answers and code samples of a
key."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from campaigns.errors import Forbidden
from config.http.renderers import render
from config.http.values import timestamp
from publishers.keys.types import find_key_type, key_type_of
from publishers.keys.vocabulary import (
    ANY_TAG,
    AnswerText,
    ParameterText,
    RequestExample,
    Text,
    publisher_parameter,
    refusal_answers,
)
from publishers.models import Key, Publisher

from .samples import CodeSample, SampleRequest, code_samples


class ParameterRow(NamedTuple):
    name: str
    meaning: Text
    example: str
    required: bool
    prefilled: bool


class FormField(NamedTuple):
    """A field of the form that sends a test request."""

    name: str
    value: str
    required: bool
    prefilled: bool


class AnswerSection(NamedTuple):
    status: int
    marker: str  # of the body; with the HTTP status it distinguishes the answers
    title: Text
    advice: Text
    members: list[tuple[str, Text]]
    json: str
    xml: str


class RequestSection(NamedTuple):
    """`tag` is the (name, value) of a tag that the client names; None if the request takes none."""

    slug: str
    request: RequestExample
    ready_url: str
    parameters: list[ParameterRow]
    answers: list[AnswerSection]
    samples: list[CodeSample]
    fields: list[FormField]
    tag: tuple[str, str] | None


class InstructionsPage(NamedTuple):
    """The whole page. `requests` is empty for a key that can do nothing, or nothing any more."""

    title: str
    label: str
    about: str
    key: str
    notices: list[str]
    limits: list[str]
    requests: list[RequestSection]
    refusals: list[AnswerSection]


# --- the ready URL ---------------------------------------------------------------------------
class RequestUrls:
    """The URLs of one request by a key, with the company's and the publisher's ID filled in.

    `base_url` is the installation's, with or without a slash at its end.
    """

    def __init__(
        self, request: RequestExample, key: Key, publisher: Publisher | None, base_url: str
    ) -> None:
        self.request = request
        self.key = key
        self.base_url = base_url.rstrip("/")
        self.ids = {"company_id": key.company.company_id}
        if publisher:
            self.ids["publisher_id"] = publisher.publisher_id

    def prefilled(self, parameter: ParameterText) -> str:
        return self.ids.get(parameter.prefill, "")

    def split(self, values: Iterable[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
        """Return the URL without its query, and the query with the key first."""
        path_names = {each.name for each in self.request.parameters if each.in_path}
        path_values, query = {}, []
        if self.request.key_name:
            query.append((self.request.key_name, self.key.key))
        for name, value in values:
            if name in path_names:
                path_values[name] = quote(value)
            else:
                query.append((name, value))
        return self.base_url + self.request.path.format(**path_values), query

    def full(self, values: Iterable[tuple[str, str]]) -> str:
        url, query = self.split(values)
        return f"{url}?{urlencode(query)}" if query else url

    def ready(self) -> str:
        """Return the URL with a placeholder in capitals for each value that the client supplies."""
        return self.full(
            (each.name, self.prefilled(each) or each.placeholder)
            for each in self.request.parameters
            if each.placeholder
        )


def ready_url(*, key: Key, base_url: str, publisher: Publisher | None = None) -> str:
    """Return the ready URL of the key's main request; blank for a key that allows none."""
    requests = key_requests(key)
    return RequestUrls(requests[0], key, publisher, base_url).ready() if requests else ""


def key_requests(key: Key) -> list[RequestExample]:
    """Return the requests that the key allows, the main one first; none for an unknown type."""
    key_type = find_key_type(key.type)
    return key_type.requests(key_type.full(key.settings)) if key_type else []


# --- the page --------------------------------------------------------------------------------
def instructions_page(
    *, key: Key, publisher: Publisher | None, former: Key | None, base_url: str, now: datetime
) -> InstructionsPage:
    """Return the page for this key and publisher. `former` is the key that `key` replaced."""
    key_type = key_type_of(key.type)
    ended = _end_notice(key, publisher, now=now)
    requests = [] if ended else [_attributed(each, key, publisher) for each in key_requests(key)]
    notices = [ended] if ended else _warnings(key, publisher, former, now=now)
    if not ended and not requests:
        notices.append(
            _("This key allows no request yet. Contact the company that sent you this page.")
        )
    # Refusals are listed once a status, as the first request that documents it words them.
    refusals = {
        answer.status: answer for each in reversed(requests) for answer in refusal_answers(each)
    }
    return InstructionsPage(
        title=key.name or str(key_type.label),
        label=str(key_type.label),
        about=key_type.about(),
        key=key.key,
        notices=notices,
        limits=_limits(key),
        requests=[
            _request_section(number, RequestUrls(each, key, publisher, base_url))
            for number, each in enumerate(requests, 1)
        ],
        refusals=[_answer_section(answer) for answer in refusals.values()],
    )


def _attributed(request: RequestExample, key: Key, publisher: Publisher | None) -> RequestExample:
    """Add the publisher's ID to a request by a shared key that could omit it."""
    if publisher is None or key.publisher_id is not None:
        return request
    names = {each.name for each in request.parameters}
    prefills = {each.prefill for each in request.parameters}
    if "publisher_id" in prefills or "caller_number" not in names:
        return request
    return replace(request, parameters=(*request.parameters, publisher_parameter()))


def _end_notice(key: Key, publisher: Publisher | None, *, now: datetime) -> str:
    """Return why requests by this key are refused for good; blank if they are not."""
    if key.is_dead(now=now):
        return _(
            "This key was revoked: every request with it is refused. "
            "Contact the company that sent you this page for a new key."
        )
    owners = (key.campaign, key.publisher, key.buyer, key.group, key.company, publisher)
    if any(owner is not None and owner.retired_at is not None for owner in owners):
        return _("These instructions have ended. Stop sending requests.")
    return ""


def _warnings(
    key: Key, publisher: Publisher | None, former: Key | None, *, now: datetime
) -> list[str]:
    """Return a notice for each pause, switched-off feature, and end of a key's overlap."""
    key_type, warnings = key_type_of(key.type), []
    if key.paused:
        warnings.append(_("This key is paused. Requests are answered 403 until it is resumed."))
    try:
        key_type.check_switch(vars(key.company))
    except Forbidden:
        warnings.append(
            _("%(feature)s is switched off. Requests are answered 403 until it is switched on.")
            % {"feature": key_type.label}
        )
    warnings += key_type.warnings(key, publisher)
    if key.retired_at is not None:
        warnings.append(
            _(
                "This key works until %(when)s. "
                "Ask the company that sent you this page for the next key in time."
            )
            % {"when": _utc(key.retired_at)}
        )
    elif former is not None and former.retired_at is not None and former.retired_at > now:
        warnings.append(
            _("This is a new key. The old key, ending in %(end)s, works until %(when)s.")
            % {"end": former.key[-4:], "when": _utc(former.retired_at)}
        )
    return warnings


def _utc(at: datetime) -> str:
    return f"{timestamp(at)[:16].replace('T', ' ')} UTC"


def _limits(key: Key) -> list[str]:
    limits = []
    if rate := key.requests_per_second:
        if key.burst and key.burst > rate:
            text = _("At most %(rate)d requests a second, in bursts of %(burst)d.")
        else:
            text = _("At most %(rate)d requests a second.")
        over = _("Requests over the limit are answered 429.")
        limits.append(f"{text % {'rate': rate, 'burst': key.burst or rate}} {over}")
    if key.allowed_networks:
        limits.append(
            _("Send requests from %(networks)s. Other addresses are answered 403.")
            % {"networks": ", ".join(key.allowed_networks)}
        )
    return limits


# --- one request -----------------------------------------------------------------------------
def _request_section(number: int, urls: RequestUrls) -> RequestSection:
    request, parameters = urls.request, urls.request.parameters
    values = [
        (each.example_name or each.name, value)
        for each in parameters
        if (value := urls.prefilled(each) or each.example)
    ]
    url, query = urls.split(values)
    sample = SampleRequest(request.method, url, urls.full(values), query, request.call)
    rows, fields = [], []
    for each in parameters:
        prefilled = urls.prefilled(each)
        example = prefilled or each.example or each.sample
        if each.example_name and not prefilled:
            example = f"{each.example_name}={each.example}"
        required = each.required or bool(prefilled)
        rows.append(ParameterRow(each.name, each.meaning, example, required, bool(prefilled)))
        if (each.placeholder or each.required) and not each.example_name:
            # An example in the path would make the test form request a row that does not exist.
            value = prefilled or ("" if each.in_path else each.example)
            fields.append(FormField(each.name, value, each.required, bool(prefilled)))
    if request.key_name:
        meaning = _("The key. Keep it secret, on your server.")
        rows.insert(0, ParameterRow(request.key_name, meaning, urls.key.key, True, True))
    tags = [each for each in parameters if each.example_name or each is ANY_TAG]
    return RequestSection(
        slug=f"request-{number}",
        request=request,
        ready_url=urls.ready(),
        parameters=rows,
        answers=[_answer_section(each) for each in request.answers],
        samples=code_samples(sample),
        fields=fields,
        tag=(tags[0].example_name, tags[0].example) if tags else None,
    )


def _answer_section(answer: AnswerText) -> AnswerSection:
    xml = render(answer.body if answer.xml_body is None else answer.xml_body, "xml")
    root = fromstring(xml)
    ElementTree.indent(root)
    indented_xml = ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")
    parsed_json = json.loads(render(answer.body, "json"))
    return AnswerSection(
        status=answer.status,
        marker=_body_marker(answer.body),
        title=answer.title,
        advice=answer.advice,
        members=list(answer.members.items()),
        json=json.dumps(parsed_json, indent=2, ensure_ascii=False),
        xml=f'<?xml version="1.0" encoding="utf-8"?>\n{indented_xml}',
    )


def _body_marker(body: Any) -> str:
    """Return the body's `status`, also one level down, or else its `error`.

    A shielded repeat adds " again". `instructions.js` computes the marker of a real answer alike.
    """
    if not isinstance(body, Mapping):
        return ""
    nested = (each for each in body.values() if isinstance(each, Mapping) and "status" in each)
    inner = next(nested, body)
    again = " again" if any(name.endswith("_ping_shield") for name in inner) else ""
    return str(inner.get("status") or inner.get("error") or "") + again
