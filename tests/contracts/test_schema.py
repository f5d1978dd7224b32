"""The API description matches the code: paths, methods and the shape of answers."""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from campaigns.models import Buyer
from publishers.gateway.viewset import KeyedViewSet, is_logged
from tests.factories import make_key, make_ready_key
from tests.pinging import dial

VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def public_views(
    patterns: list[URLPattern | URLResolver], before: str = "/"
) -> Iterator[tuple[str, Any]]:
    """Return each API path with its view, without format suffixes and the docs."""
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from public_views(pattern.url_patterns, path)
            continue
        view = getattr(pattern.callback, "cls", None)
        if (
            view is not None
            and view.__module__ != "config.ops.api_docs"
            and not path.endswith("format>")
        ):
            yield path, pattern.callback


def as_described(path: str) -> str:
    """Convert `/rtbs/<str:uuid>` to `/rtbs/{uuid}`."""
    return path.replace("<str:", "{").replace("<uuid:", "{").replace("<", "{").replace(">", "}")


def test_it_is_valid_and_generated_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_it_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"


def test_every_path_and_verb_and_no_other(described: dict[str, Any]) -> None:
    built = {
        (as_described(path), verb)
        for path, view in public_views(get_resolver().url_patterns)
        for verb in VERBS
        if verb in getattr(view, "actions", ()) or hasattr(view.cls, verb)
    }
    assert {(path, verb) for path, verbs in described["paths"].items() for verb in verbs} == built


def test_every_path_answers_with_an_extension_too() -> None:
    resolver = get_resolver()
    for path, view in public_views(resolver.url_patterns):
        for extension in ("json", "xml"):
            found = resolver.resolve(as_described(path) + f".{extension}")
            assert getattr(found.func, "cls", None) == view.cls
            assert found.kwargs["format"] == extension


def test_every_action_by_a_key_is_logged() -> None:
    views = [view for _, view in public_views(get_resolver().url_patterns)]
    keyed = [view for view in views if issubclass(view.cls, KeyedViewSet)]
    actions = [getattr(view.cls, name) for view in keyed for name in view.actions.values()]
    assert len(actions) > 20
    assert [action for action in actions if not is_logged(action)] == []


def test_operation_ids_are_unique(described: dict[str, Any]) -> None:
    names = [
        verb["operationId"] for verbs in described["paths"].values() for verb in verbs.values()
    ]
    assert len(names) == len(set(names))


def test_the_simulators_token_is_declared(described: dict[str, Any]) -> None:
    assert described["components"]["securitySchemes"]["simulatorToken"] == {
        "type": "http",
        "scheme": "bearer",
    }
    assert described["paths"]["/simulator/calls"]["post"]["security"] == [{"simulatorToken": []}]


def test_every_key_and_idempotency_key_is_described(described: dict[str, Any]) -> None:
    asked = {parameter["name"] for parameter in described["paths"]["/rtbs"]["post"]["parameters"]}
    assert asked == {"key", "caller_number", "Idempotency-Key"}


# --- real answers ---------------------------------------------------------------------------------
def faults(described: dict[str, Any], path: str, verb: str, answer: httpx.Response) -> list[str]:
    """Return the differences between an answer and its description."""
    media = described["paths"][path][verb]["responses"][str(answer.status_code)]["content"][
        "application/json"
    ]["schema"]
    closed = {**media, "components": described["components"]}
    return [
        error.message
        for error in Draft202012Validator(closed, format_checker=FormatChecker()).iter_errors(
            answer.json()
        )
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query",
    ["caller_number=12025550102", "caller_number=hello", "", "caller_number=12025550102&zip=%00"],
)
def test_the_answers_to_a_ping_are_as_described(
    http: httpx.Client, described: dict[str, Any], query: str
) -> None:
    key = make_ready_key(return_sip_address=True).key
    for _ in range(2):
        assert faults(described, "/rtbs", "post", http.post(f"/rtbs?key={key}&{query}")) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["caller_number=12025550102&affiliate_id=a&zip=", "caller_number=12025550102", ""]
)
@pytest.mark.parametrize("paused", [False, True])
def test_the_answers_to_a_call_reservation_are_as_described(
    http: httpx.Client, described: dict[str, Any], query: str, paused: bool
) -> None:
    key = make_ready_key("call_reservation")
    Buyer.objects.update(paused=paused)
    for _ in range(3):  # a number of the pool, or without a buyer; a repeat
        assert (
            faults(
                described,
                "/call_reservations",
                "post",
                http.post(f"/call_reservations?key={key.key}&{query}"),
            )
            == []
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["caller_number=12025550102&zip=&0=1", "caller_number=hello", "call_uuid=0", "zip=1"]
)
def test_the_answers_to_data_writing_are_as_described(
    http: httpx.Client, described: dict[str, Any], query: str
) -> None:
    key = make_key("call_data_writing").key
    for verb in ("get", "post"):
        answers = [
            http.request(verb, f"/data_writing?key={key}&{query}"),
            http.request(verb, f"/data_writing/{key}?{query}"),
        ]
        found = zip(("/data_writing", "/data_writing/{key}"), answers, strict=True)
        assert [faults(described, path, verb, answer) for path, answer in found] == [[], []]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["revenue=120.00&payout=90", "revenue=1e2", "revenue=1&call_uuid=0", ""]
)
def test_the_answers_to_a_reported_sale_are_as_described(
    http: httpx.Client, described: dict[str, Any], query: str
) -> None:
    call = dial(make_ready_key().campaign.numbers.get().number)
    key = make_key("conversion", buyer=Buyer.objects.get()).key
    for _ in range(2):
        answer = http.post(f"/conversions?key={key}&call_uuid={call['call_uuid']}&{query}")
        assert faults(described, "/conversions", "post", answer) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", ["confirmed", "claimed"])
def test_the_answers_to_a_confirmation_are_as_described(
    http: httpx.Client, described: dict[str, Any], status: str
) -> None:
    key = make_ready_key().key
    uuid = http.post(f"/rtbs?key={key}&caller_number=12025550102").json()["uuid"]
    for verb in ("put", "patch"):
        answer = http.request(verb, f"/rtbs/{uuid}?key={key}&status={status}")
        assert faults(described, "/rtbs/{uuid}", verb, answer) == []


@pytest.mark.django_db(transaction=True)
def test_a_simulated_call_is_as_described(http: httpx.Client, described: dict[str, Any]) -> None:
    number = make_ready_key().campaign.numbers.get().number
    token = {"Authorization": "Bearer simulator"}
    answer = http.post(
        "/simulator/calls", json={"from": "+12025550102", "to": number}, headers=token
    )
    assert answer.status_code == 201
    assert faults(described, "/simulator/calls", "post", answer) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "more", ["", "page=two", "company_id=other"], ids=["read", "refused", "forbidden"]
)
def test_answers_about_calls_are_as_described(
    http: httpx.Client, described: dict[str, Any], more: str
) -> None:
    ready = make_ready_key()
    call, key = (
        dial(ready.campaign.numbers.get().number),
        make_key("account", company=ready.company),
    )
    query = f"api_key={key.key}&company_id={key.company.company_id}&{more}"
    listed, one = http.get(f"/calls?{query}"), http.get(f"/calls/{call['call_uuid']}?{query}")
    assert faults(described, "/calls", "get", listed) == []
    assert faults(described, "/calls/{call_uuid}", "get", one) == []


@pytest.mark.django_db(transaction=True)
def test_the_description_is_served(http: httpx.Client, described: dict[str, Any]) -> None:
    answer = http.get("/api/schema.json")
    assert answer.status_code == 200
    assert answer.json()["paths"].keys() == described["paths"].keys()
