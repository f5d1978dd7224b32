"""From an empty installation to a publisher with all it needs, through the admin's forms.

The task: sell roofing calls to Buyer One on weekdays, at most five at a time, pay publisher Alpha
$90 after two minutes, and send Alpha the posting instructions.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from config.management.commands.up import create_administrator
from tests.admin_client import form_data
from tests.keeping import kept
from tests.pinging import act, dial, hang_up, last_leg

pytestmark = pytest.mark.django_db
ELEVEN_IN_NEW_YORK = datetime(2026, 5, 5, 15, tzinfo=UTC)  # a Tuesday
DAY = 86_400


@dataclass
class Manager:
    """A user of the admin that follows links and submits forms; `page` is the current page."""

    client: Client
    page: Any = None

    def goes(self, url: str) -> None:
        self.page = self.client.get(url, follow=True)

    def follows(self, words: str) -> None:
        """Open the link with this text on the page."""
        links = re.findall(r'<a\b[^>]*?href="([^"]+)"[^>]*>(.*?)</a>', self.page.text, re.DOTALL)
        found = [html.unescape(url) for url, text in links if words in re.sub(r"<[^>]+>", "", text)]
        assert found, f"no link says {words!r} on {self.page.request['PATH_INFO']}"
        here = self.page.request
        self.goes(found[0] if found[0][0] == "/" else f"{here['PATH_INFO']}{found[0]}")

    @property
    def address(self) -> str:
        asked = self.page.request
        return f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}"

    def saves(self, **typed: Any) -> None:
        """Submit the page's form with the given values."""
        url = self.address
        self.page = self.client.post(url, form_data(self.client, url, **typed), follow=True)
        assert self.page.redirect_chain, f"{url} was not saved: {self.page.context['errors']}"

    def finds(self, what: str, name: str) -> str:
        """Return the primary key that a choice offers for a name."""
        app, model, field = what.split()
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": name}
        return str(self.client.get(reverse("admin:autocomplete"), asked).json()["results"][0]["id"])


def log_in() -> Manager:
    """Log in to an empty installation as its first administrator."""
    person = Manager(Client())
    person.goes("/admin/login/?next=/admin/")
    typed = {"username": "admin", "password": create_administrator(), "next": "/admin/"}
    person.page = person.client.post("/admin/login/?next=/admin/", typed, follow=True)
    return person


def set_up(manager: Manager) -> str:
    """Do the whole task; return the link that Alpha gets."""
    manager.follows("Add the first company")
    manager.saves(name="Acme Calls", time_zone="America/New_York")
    manager.follows("Add a buyer")
    manager.saves(
        name="Buyer One", number="(416) 555-0101", weekly_hours="weekdays 9-17", concurrency_cap="5"
    )
    manager.goes("/admin/")
    manager.follows("Add a publisher")
    manager.saves(name="Alpha", publisher_id="alpha")
    manager.goes("/admin/")
    manager.follows("Add a campaign with a route to the buyer")
    _fill_in_campaign(manager)
    manager.follows("Add a key for publishers")
    manager.saves(name="Roofing pings")
    return _make_link(manager)


def _fill_in_campaign(manager: Manager) -> None:
    """Fill in route, conversion and number on the page that creates the campaign."""
    buyer = manager.finds("campaigns route buyer", "Buyer One")
    alpha = manager.finds("publishers conversion publisher", "Alpha")
    pay = {"seconds": "120", "payout": "90", "revenue": "120", "publisher": alpha, "position": "0"}
    manager.saves(
        name="Roofing",
        **{"routes-TOTAL_FORMS": "1", "routes-0-buyer": buyer, "conversions-TOTAL_FORMS": "1"},
        **{f"conversions-0-{name}": value for name, value in pay.items()},
        **{"numbers-2-TOTAL_FORMS": "1", "numbers-2-0-number": "(833) 555-0100"},
    )


def _make_link(manager: Manager) -> str:
    manager.goes("/admin/")
    manager.follows("Share the posting instructions")
    manager.follows("Create posting instructions")
    choice = manager.page.context["form"].fields["publisher"].queryset.get(name="Alpha")
    manager.page = manager.client.post(manager.address, {"publisher": choice.pk}, follow=True)
    return re.findall(r"http://testserver(/instructions/[\w-]+)", manager.page.text)[0]


def _build() -> tuple[Manager, str]:
    with time_machine.travel(ELEVEN_IN_NEW_YORK, tick=False):
        manager = log_in()
        return manager, set_up(manager)


@pytest.fixture(scope="module")
def kept_set_up(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Manager, str]]:
    """The task is done once: a manager, and the link that Alpha got."""
    with kept(_build, django_db_blocker) as done:
        yield done


@pytest.fixture
def link(kept_set_up: tuple[Manager, str], clock: Any) -> str:
    clock(3 * 3600)  # from noon in Greenwich
    return kept_set_up[1]


def ping(link: str, caller: str = "+12025550102") -> dict[str, Any]:
    """Send a ping as Alpha does, with the URL on its page and a caller."""
    text = html.unescape(Client().get(link).text)
    url = urlsplit(re.findall(r"http://testserver/rtbs\.json\?[^\s\"'<]+", text)[0])
    query = url.query.replace("CALLER_NUMBER", caller.replace("+", "%2B"))
    return dict(Client().post(f"{url.path}?{query}").json())


def _talk(link: str, clock: Any, seconds: float) -> dict[str, Any]:
    call = dial(ping(link)["inbound_number"])
    act(last_leg(call), "answer")
    clock(seconds)
    return hang_up(call["call_uuid"])


def test_what_alpha_was_sent_gets_a_buyer_for_ninety_dollars(link):
    answer = ping(link)
    assert [
        answer[name]
        for name in ("status", "retreaver_payout", "retreaver_seconds", "inbound_number")
    ] == [
        "reserved",
        90.0,
        120,
        "+18335550100",
    ]


@pytest.mark.parametrize(("seconds", "pay"), [(119, (False, None)), (120, (True, "90.00"))])
def test_a_call_pays_after_two_minutes(link, clock, seconds, pay):
    call = _talk(link, clock, seconds)
    assert (call["publisher_id"], call["legs"][1]["number"], call["converted"], call["payout"]) == (
        "alpha",
        "+14165550101",
        *pay,
    )


def test_at_most_five_at_a_time(link):
    for last in range(5):
        caller = f"+1202555011{last}"
        act(last_leg(dial(ping(link, caller)["inbound_number"], caller)), "answer")
    assert ping(link)["status"] == "no-target"


@pytest.mark.parametrize(
    ("days", "status"), [(3, "reserved"), (4, "no-target"), (5, "no-target"), (6, "reserved")]
)
def test_on_weekdays_alone(link, clock, days, status):
    clock(days * DAY)
    assert ping(link)["status"] == status


def test_the_campaigns_page_says_that_it_sells(kept_set_up, link):
    manager, _ = kept_set_up
    manager.goes("/admin/")
    manager.follows("Campaigns")
    manager.follows("Roofing")
    assert (
        "Yes: it takes pings and calls while a buyer is open and has free places in its caps."
        in manager.page.text
    )
