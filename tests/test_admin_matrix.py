"""Access to every URL of the admin: no rows of other companies, no changes by read-only members.

The walk finds the URLs itself, so a new page is covered at once. A page with unknown arguments, or
a model without a row in the scene, fails the test until the walk or the scene knows it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.http import HttpRequest
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from config.auth import error_pages
from tests import admin_scene, admin_walk
from tests import factories as make
from tests.admin_scene import Scene
from tests.admin_walk import Address
from tests.keeping import kept

pytestmark = pytest.mark.django_db
STRANGERS = ["owner", "account_manager", "read_only", "nobody", "anonymous"]


def _stranger(role: str) -> Client:
    if role == "anonymous":
        return Client()
    return (
        admin_scene.person()
        if role == "nobody"
        else admin_scene.person(make.make_company(name="Own company"), role)
    )


def _shown(answer: Any) -> str:
    """The body, where it leads, and what the next page would say of it."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    told = [str(each) for each in answer.wsgi_request._messages._queued_messages]
    return f"{body.decode(errors='replace')}\n{answer.headers}\n{told}".lower()


def _found(answer: Any, texts: list[str], asked: str) -> list[str]:
    """Those of the texts that an answer shows, and that the question did not bring along, in
    whichever spelling."""
    shown, brought = _shown(answer), _bare(asked)
    return [text for text in texts if text.lower() in shown and _bare(text) not in brought]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", unquote_plus(text)).lower()


def _asks(who: Client, url: str, form: dict[str, Any] | None = None) -> Any:
    """Return the answer; its messages are not left for the next request."""
    answer = who.get(url) if form is None else who.post(url, form)
    who.cookies.pop("messages", None)
    return answer


@dataclass(frozen=True)
class Walk:
    """A company's rows, one of its owners, every address, and the forms to post to each."""

    scene: Scene
    owner: Client
    addresses: list[Address]
    forms: list[tuple[Address, dict[str, Any]]]

    def read(self, who: Client, texts: list[str], *, thorough: bool = True) -> list[str]:
        """Return each address with the texts that its pages show, and where it failed."""
        faults = []
        for address in self.addresses:
            for query in admin_walk.questions(self.scene, address, thorough=thorough):
                asked = f"{address.path}?{query}"
                answer = _asks(who, asked)
                faults += [f"{asked} shows {text}" for text in _found(answer, texts, asked)]
                faults += [f"{asked}: {answer.status_code}"] if answer.status_code >= 500 else []
        return faults

    def post(self, who: Client, texts: list[str]) -> list[str]:
        """Return each address and form with the texts that its answer shows."""
        faults = []
        for address, form in self.forms:
            answer = _asks(who, f"{address.path}?company={self.scene.company.pk}", form)
            faults += [
                f"{address.path} shows {text} for {form}"
                for text in _found(answer, texts, f"{address.path}{form}")
            ]
        return faults


def _build() -> Walk:
    scene = admin_scene.build()
    owner = admin_scene.member_of(scene)
    addresses = admin_walk.addresses(scene)
    forms = [
        (address, form) for address in addresses for form in admin_walk.forms(scene, address, owner)
    ]
    return Walk(scene, owner, addresses, forms)


@pytest.fixture(scope="module")
def walk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Walk]:
    """The rows of the company are made, and its pages read for their forms, once."""
    with kept(_build, django_db_blocker) as walk:
        yield walk


@pytest.fixture(autouse=True)
def _error_pages_are_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each error page is rendered once for each user: it shows nothing of the request."""
    contexts: dict[Any, Any] = {}
    answers: dict[Any, Any] = {}
    make_context, render = error_pages._admin_context, error_pages.ErrorPage.render

    def admin_context(request: HttpRequest) -> Any:
        if request.user not in contexts:
            contexts[request.user] = make_context(request)
        return contexts[request.user]

    def rendered(page: error_pages.ErrorPage, request: HttpRequest, context: Any) -> Any:
        if (page, request.user) not in answers:
            answers[page, request.user] = render(page, request, context)
        return answers[page, request.user]

    monkeypatch.setattr(error_pages, "_admin_context", admin_context)
    monkeypatch.setattr(error_pages.ErrorPage, "render", rendered)


@pytest.mark.parametrize("role", STRANGERS)
def test_a_stranger_reads_and_changes_nothing_of_the_company(walk, role):
    stranger, marks = _stranger(role), walk.scene.marks
    before = admin_walk.tables()
    faults = walk.read(stranger, marks, thorough=role == "owner") + walk.post(stranger, marks)
    assert faults == []
    assert admin_walk.changed(before, admin_walk.tables()) == []


def test_a_reader_changes_nothing_and_reads_no_key_and_no_callers_number(walk):
    reader = admin_scene.person(walk.scene.company, "read_only")
    hidden = [
        *walk.scene.secret,
        admin_scene.CALLER,
        admin_scene.CALLER_AS_TOLD,
        admin_scene.BUYERS_NUMBER,
    ]
    before = admin_walk.tables()
    assert walk.read(reader, hidden) + walk.post(reader, hidden) == []
    assert admin_walk.changed(before, admin_walk.tables()) == []


def test_the_walk_finds_planted_leaks(walk):
    """An owner reads all of it, and changes some of it, in the same walk."""
    before = admin_walk.tables()
    faults = "\n".join(walk.read(walk.owner, walk.scene.marks, thorough=False))
    walk.post(walk.owner, [])
    # All but the UUIDs, which each question brings along.
    missed = [text for text in walk.scene.marks[:-2] if f"shows {text}" not in faults]
    tables = {line.partition(":")[0] for line in admin_walk.changed(before, admin_walk.tables())}
    assert missed == []
    assert {
        "campaigns.Buyer",
        "campaigns.Campaign",
        "publishers.Key",
        "callcontrol.Leg",
    } - tables == set()
