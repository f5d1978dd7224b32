"""Every input is answered in the requested format and as described; nothing fails."""

import json
from typing import Any

import pytest
import schemathesis
from defusedxml import ElementTree
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from callcontrol.control import registry
from publishers.gateway import throttles
from publishers.keys.types import all_key_types
from publishers.models import LogEntry
from tests.factories import make_key, make_ready_key

pytestmark = pytest.mark.django_db
bounded = settings(max_examples=15, suppress_health_check=list(HealthCheck))
described = schemathesis.openapi.from_wsgi("/api/schema.json", get_wsgi_application())
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def keys() -> dict[str, str]:
    """Create a valid key of each type, in the account key's company."""
    ready = {
        "rtb": make_ready_key(allow_no_caller_number=True),
        "call_reservation": make_ready_key("call_reservation"),
    }
    ready["call_control"] = make_key(
        "call_control", actions=[word for word, _ in registry.action_choices()]
    )
    others = {kind.slug: make_key(kind.slug) for kind in all_key_types() if kind.slug not in ready}
    return {slug: row.key for slug, row in (ready | others).items()} | {
        "company_id": others["account"].company.company_id
    }


# schemathesis' client ends each request as a server does, unlike Django's test client.
@pytest.mark.django_db(transaction=True)
@described.parametrize()
@bounded
def test_every_answer_is_as_described(case: schemathesis.Case, keys: dict[str, str]) -> None:
    kinds = getattr(resolve(case.operation.path).func.cls, "kinds", ())  # type: ignore[attr-defined]
    for values in [case.query or {}, case.path_parameters or {}] if kinds else []:
        values.update({name: keys[kinds[0]] for name in values if name in ("key", "api_key")})
        values.update({name: keys[name] for name in values if name == "company_id"})
    case.call_and_validate(
        headers={} if kinds else {"Authorization": "Bearer simulator"}, checks=CHECKS
    )


# --- without a description ------------------------------------------------------------------------
NAMES = [
    "key",
    "api_key",
    "caller_number",
    "inbound_number",
    "publisher_id",
    "affiliate_id",
    "uuid",
    "format",
    "zip",
    "",
    "a\nb",
]
TEXTS = [
    "12025550102",
    "+1 (202) 555-0102",
    "anonymous",
    "undefined",
    "sip:a@example.com",
    "[agent]",
    "\x00",
    "\ud800",
    "1e999",
    "٣" * 11,
]
MEDIA = [
    "application/json",
    "text/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "",
    "a/b;charset=utf-7",
]
ACCEPTS = ["*/*", "application/json", "text/xml", "text/xml;q=x", "image/png", ",;=", "text/html"]
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=30))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), texts), texts), max_size=5)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
bodies = st.one_of(
    st.binary(max_size=60),
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(NAMES), values).map(lambda value: json.dumps(value).encode()),
    texts.map(
        lambda text: f"<hash><caller-number>{text}</caller-number><a type='array'/></hash>".encode(
            "utf-8", "surrogatepass"
        )
    ),
    texts.map(
        lambda text: (
            f'--b\r\nContent-Disposition: form-data; name="zip"\r\n\r\n{text}\r\n--b--\r\n'.encode(
                "utf-8", "surrogatepass"
            )
        )
    ),
)


def mostly(usual: Any, others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 3).flatmap(lambda chance: st.just(usual) if chance else others)


requests = st.fixed_dictionaries(
    {
        "method": mostly("POST", st.sampled_from(["PUT", "GET", "HEAD", "OPTIONS", "TRACE"])),
        "path": st.sampled_from(
            [
                *(
                    "/rtbs",
                    "/rtbs.json",
                    "/rtbs.json",
                    "/rtbs.xml",
                    "/rtbs.xml",
                    "/rtbs.html",
                    "/rtbs/7.json",
                    "/rtbs/\x00.xml",
                ),
                *("/call_reservations", "/call_reservations.json", "/call_reservations.xml"),
            ]
        ),
        "pairs": pairs,
        "body": bodies,
        "content_type": st.one_of(
            st.sampled_from(MEDIA),
            st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
        ),
        "accept": mostly("*/*", st.sampled_from(ACCEPTS)),
        "idempotency_key": mostly(None, st.sampled_from(["once", "", "é", "a" * 300])),
        "by": mostly("rtb", st.sampled_from(["call_control", "unknown"])),
    }
)


def sent(client: Client, one: dict[str, Any], key: str) -> Any:
    query = "&".join(
        f"{_quoted(name)}={_quoted(text)}" for name, text in [*one["pairs"], ("key", key)]
    )
    headers = {"Accept": one["accept"]} | (
        {} if one["idempotency_key"] is None else {"Idempotency-Key": one["idempotency_key"]}
    )
    return client.generic(
        one["method"],
        f"{_quoted(one['path'], '/')}?{query}",
        one["body"],
        one["content_type"],
        headers=headers,
    )


def _quoted(text: str, safe: str = "") -> str:
    return "".join(
        letter if letter in safe else f"%{byte:02X}"
        for letter in text
        for byte in letter.encode("utf-8", "surrogatepass")
    )


def format_of(answer: Any) -> str:
    """Return the format of an answer; fail if it cannot be read."""
    if answer["Content-Type"] == "application/json":
        json.loads(answer.content)
        return "json"
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    ElementTree.fromstring(answer.content)
    return "xml"


@given(one=requests)
@settings(bounded, max_examples=300)
def test_no_input_fails_and_each_leaves_one_row(
    client: Client, keys: dict[str, str], one: dict[str, Any]
) -> None:
    throttles.reset()
    cache.clear()  # and in Redis
    before = LogEntry.objects.count()
    by = (
        "call_reservation"
        if one["by"] == "rtb" and one["path"].startswith("/call_reservations")
        else one["by"]
    )
    answer = sent(client, one, keys.get(by, by))
    assert answer.status_code in {200, 400, 401, 404, 405, 406, 415, 422}
    assert LogEntry.objects.count() - before == 1
    if one["method"] != "HEAD" and one["path"].endswith((".json", ".xml")):
        assert format_of(answer) == one["path"].rpartition(".")[2]
