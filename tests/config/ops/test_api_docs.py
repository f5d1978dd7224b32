"""The product's description of itself: valid, complete, and readable without the internet."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# Pages for people, and what the owner's own machines ask for.
NO_API = re.compile(r"^(admin|instructions/|api/|healthz|readyz|metrics|$)")


def test_the_schema_is_valid_and_says_everything() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_it_is_openapi_3_1_in_json(client: Client) -> None:
    answer = client.get("/api/schema", headers={"accept": "text/html, */*"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"] == "3.1.0"


def test_it_comes_as_yaml_too(client: Client) -> None:
    shown = [client.get(path).content for path in ("/api/schema.yaml", "/api/schema?format=yaml")]
    assert shown[0][:14] == b"openapi: 3.1.0"
    assert shown[0] == shown[1]


def routes(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """Every route without its extension, in the schema's way of writing."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= {str(pattern.pattern) + route for route in routes(pattern.url_patterns)}
        else:
            found.add(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern)))
    return found


def test_every_public_path_is_described(client: Client) -> None:
    public = {
        f"/{route}"
        for route in routes(get_resolver().url_patterns)
        if not NO_API.match(route) and "{format}" not in route
    }
    assert public - set(client.get("/api/schema").json()["paths"]) == set()


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_a_page_loads_nothing_from_elsewhere(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    asked = re.findall(r'(?:src|href)="([^"]+)"', page)
    own = [
        url
        for url in asked
        if url.startswith(path) or finders.find(url.split("?")[0].removeprefix("/static/"))
    ]
    assert len(asked) > 0
    assert own == asked


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_a_page_has_no_script_in_itself(client: Client, path: str) -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", client.get(path).content.decode()) == []
