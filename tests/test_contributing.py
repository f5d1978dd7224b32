"""CONTRIBUTING's one-file examples work: each is added to a temporary package and used."""

import importlib
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from callcontrol import carriers
from callcontrol.api.urls import action_urls
from callcontrol.carriers.base import Arrival, Carrier
from callcontrol.carriers.registry import all_carriers
from callcontrol.control import actions
from callcontrol.control.actions.base import Action
from callcontrol.control.registry import all_actions
from callcontrol.lifecycle import events
from callcontrol.models import Leg
from campaigns.registry import classes_declared_in
from campaigns.routing.engine import PreparedPing, RoutingFilter
from config import urls as config_urls
from publishers.keys.types import KeyType
from tests.admin_client import browser
from tests.callcontrol.call_center import do, handler_key, talk
from tests.campaigns.pools import candidate, ping
from tests.contracts.test_carriers import order
from tests.factories import make_buyer, make_market

EXAMPLES = re.findall(
    r"```python\n(.*?)```",
    (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(),
    re.DOTALL,
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Create a package with one file per example; `.base` is that of the carriers."""
    folder = tmp_path / "dropped"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for number, text in enumerate(EXAMPLES):
        (folder / f"example{number}.py").write_text(
            text.replace("from .base", f"from {carriers.__name__}.base")
        )
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("dropped")
    for name in [name for name in sys.modules if name.partition(".")[0] == "dropped"]:
        del sys.modules[name]


def test_a_reason_to_refuse_is_one_file(package: ModuleType) -> None:
    (reason,) = classes_declared_in(package, RoutingFilter)
    made = reason(
        [candidate(1, name="Xenia"), candidate(2, name="Buyer Two"), candidate(3, name="X")]
    )
    assert reason.slug == "has-an-x"
    assert list(made.refuse(PreparedPing(ping(), {}), {1, 2, 3})) == [(None, frozenset({1, 3}))]


def test_a_kind_of_key_is_one_file(package: ModuleType) -> None:
    (kind,) = classes_declared_in(package, KeyType)
    assert kind.slug == "hello"
    assert kind.clean({}) == {"greeting": "Hello"}
    assert kind.full({"greeting": "Hi"}) == {"greeting": "Hi"}


def test_a_carrier_is_one_file(package: ModuleType) -> None:
    (carrier,) = classes_declared_in(package, Carrier)  # type: ignore[type-abstract]
    asked = order()
    assert carrier.slug == "nowhere"
    assert carrier().dial(asked) == f"nowhere-{asked.leg_uuid}"


@pytest.mark.django_db
def test_what_it_posts_is_verified_read_and_answered(
    package: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    (carrier,) = classes_declared_in(package, Carrier)  # type: ignore[type-abstract]
    monkeypatch.setitem(all_carriers(), carrier.slug, carrier)
    settings.CARRIER = carrier.slug
    leg = caller_on_the_line(carrier.slug)
    post = partial(
        client.post,
        f"/carriers/nowhere/over?leg={leg.pk}",
        b"",
        "application/x-www-form-urlencoded",
    )
    assert post().status_code == 403
    answer = post(headers={"X-Nowhere": "signed"})
    leg.refresh_from_db()
    assert answer.status_code == 200
    assert answer.content == b"noted"
    assert leg.outcome == "completed"


@pytest.fixture
def flag(
    package: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[Action]]:
    """Add the example's action to the package of actions and clear their cache."""
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, *package.__path__])
    all_actions.cache_clear()
    urls = ModuleType("dropped.urls")
    vars(urls)["urlpatterns"] = [*action_urls(all_actions()), *config_urls.urlpatterns]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__
    yield next(action for action in all_actions() if action.slug == "flag")
    monkeypatch.undo()
    all_actions.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"{actions.__name__}.example")]:
        del sys.modules[name]


@pytest.mark.django_db
def test_an_action_is_one_file(flag: type[Action]) -> None:
    call = talk(make_market())
    others = handler_key(call.buyer, "transfer")
    answers = [
        do("flag", call, key, {"why": "silence"})
        for key in (handler_key(call.buyer, "flag"), others)
    ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert call.events.filter(kind="flagged").values_list("detail", flat=True)[0] == {
        "why": "silence"
    }


@pytest.mark.django_db
def test_an_action_that_was_added_is_a_choice_and_described(flag: type[Action]) -> None:
    page = (
        browser()
        .get(f"/admin/publishers/key/add/?type=call_control&buyer={make_buyer().pk}")
        .content.decode()
    )
    described = SchemaGenerator(patterns=sys.modules["dropped.urls"].urlpatterns).get_schema(
        request=None, public=True
    )
    operation = described["paths"]["/call_control/v1/calls/{call_uuid}/flag"]["post"]
    assert f'value="{flag.slug}"' in page
    assert operation["summary"] == "Flag a call"


def caller_on_the_line(carrier: str) -> Leg:
    campaign = make_market()
    arrival = Arrival(
        carrier, "nowhere-1", campaign.numbers.get().number, "+12025550102", None, timezone.now()
    )
    return events.receive_call(arrival).legs.get()
