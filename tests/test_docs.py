"""The docs name every reason, key type and setting."""

import re
from pathlib import Path

import pytest

from callcontrol.api.call_control_schema import CONNECT_ERRORS, STOP_ERRORS
from callcontrol.api.call_control_serializers import ActiveCallSerializer
from callcontrol.api.call_filters import ALIASES, SORTS, CallFilterSet
from callcontrol.api.call_serializers import (
    CallMembersSerializer,
    EventSerializer,
    LegOfCallSerializer,
)
from callcontrol.control.actions.base import Action
from callcontrol.control.registry import all_actions
from callcontrol.models import Call
from campaigns.models import Buyer, BuyerGroup, Campaign, Company, Webhook
from campaigns.routing.engine import routing_filters
from publishers.keys import types
from publishers.models import Conversion, Key

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_UNWRITTEN = {"id", "company", "retired_at", "position", "campaign", "created_at"}


def _words(name: str) -> set[str]:
    """Return every text in `code` on a page, without blocks."""
    text = re.sub(r"```.*?```", "", (DOCS / name).read_text(), flags=re.DOTALL)
    return set(re.findall(r"[\w.-]+", " ".join(re.findall(r"`([^`]+)`", text))))


def _section(name: str, title: str) -> str:
    """Return the text under a heading, or nothing."""
    return (DOCS / name).read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_routing_names_every_reason() -> None:
    assert {reason.slug for reason in routing_filters()} - _words("routing.md") == set()


def test_routing_has_the_reasons_in_their_order() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "routing.md").read_text(), re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", " ".join(rows)) == [
        reason.slug for reason in routing_filters()
    ]


def test_the_catalogue_names_every_kind_of_key_and_its_settings() -> None:
    named = {kind.slug for kind in types.all_key_types()} | {
        name for kind in types.all_key_types() for name in kind.fields
    }
    assert named - _words("catalogue.md") == set()


@pytest.mark.parametrize("model", [Company, Campaign, Buyer, BuyerGroup, Conversion, Key, Webhook])
def test_the_catalogue_names_every_field(model: type) -> None:
    fields = {field.name for field in model._meta.concrete_fields} - _UNWRITTEN  # type: ignore[attr-defined]
    owners = {"publisher", "buyer", "group", "settings"} if model is Key else set()
    assert fields - owners - _words("catalogue.md") == set()


def test_reading_calls_names_every_parameter_and_member() -> None:
    asked = {
        *CallFilterSet.base_filters,
        *SORTS,
        *Call.Status.values,
        *(name for names in ALIASES.values() for name in names),
    }
    told = {
        name
        for part in (CallMembersSerializer, LegOfCallSerializer, EventSerializer)
        for name in part().fields
    }
    assert (asked | told) - _words("calls-api.md") == set()


@pytest.mark.parametrize("action", all_actions(), ids=lambda action: action.slug)
def test_call_control_names_every_action_with_parameters_and_errors(
    action: type[Action],
) -> None:
    told = _section("call-control.md", action.summary)
    assert [
        name
        for name in (*action.parameters, *action.answers, *action.errors)
        if f"`{name}`" not in told
    ] == []
    assert f"/{action.slug}.json`" in (DOCS / "call-control.md").read_text()


@pytest.mark.parametrize(
    ("title", "errors"),
    [("Connect the caller", CONNECT_ERRORS), ("Stop the transfer", STOP_ERRORS)],
)
def test_call_control_names_the_refusals_of_a_transfer(title: str, errors: dict[str, str]) -> None:
    assert [
        text
        for text in (*errors, "transfer not found")
        if f"`{text}`" not in _section("call-control.md", title)
    ] == []


def test_call_control_names_every_member_of_an_active_call() -> None:
    assert set(ActiveCallSerializer().fields) - _words("call-control.md") == set()


def test_running_names_every_setting_from_the_environment() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "config/settings.py").read_text()))
    assert read - _words("running.md") == set()


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))],
    ids=lambda page: page.name,
)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
