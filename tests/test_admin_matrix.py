"""Access to every URL of the admin: no rows of other companies, no changes by read-only members.

The walk finds the URLs itself, so a new page is covered at once. A page with unknown arguments, or
a model without a row in the scene, fails the test until the walk or the scene knows it.
"""

import re
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.test import Client

from tests import admin_scene, admin_walk
from tests import factories as make
from tests.admin_scene import Scene

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


def _read(scene: Scene, who: Client, texts: list[str], *, thorough: bool = True) -> list[str]:
    """Each address, with what it showed of the texts; and where it failed."""
    faults = []
    for address in admin_walk.addresses(scene):
        for query in admin_walk.questions(scene, address, thorough=thorough):
            asked = f"{address.path}?{query}"
            answer = _asks(who, asked)
            faults += [f"{asked} shows {text}" for text in _found(answer, texts, asked)]
            faults += [f"{asked}: {answer.status_code}"] if answer.status_code >= 500 else []
    return faults


def _post(scene: Scene, who: Client, texts: list[str], *, owner: Client) -> list[str]:
    """Each address and form, with what its answer showed of the texts."""
    faults = []
    everywhere = [
        (address, list(admin_walk.forms(scene, address, owner)))
        for address in admin_walk.addresses(scene)
    ]
    for address, form in ((address, form) for address, forms in everywhere for form in forms):
        answer = _asks(who, f"{address.path}?company={scene.company.pk}", form)
        faults += [
            f"{address.path} shows {text} for {form}"
            for text in _found(answer, texts, f"{address.path}{form}")
        ]
    return faults


@pytest.fixture
def scene() -> Scene:
    return admin_scene.build()


@pytest.mark.parametrize("role", STRANGERS)
def test_nothing_of_another_company_is_shown_or_changed(scene, role):
    owner, who = admin_scene.member_of(scene), _stranger(role)
    before = admin_walk.tables()
    faults = _read(scene, who, scene.marks, thorough=role == "owner") + _post(
        scene, who, scene.marks, owner=owner
    )
    assert faults == []
    assert admin_walk.changed(before, admin_walk.tables()) == []


def test_a_reader_changes_nothing_and_reads_no_key_and_no_callers_number(scene):
    owner, who = admin_scene.member_of(scene), admin_scene.person(scene.company, "read_only")
    hidden = [
        *scene.secret,
        admin_scene.CALLER,
        admin_scene.CALLER_AS_TOLD,
        admin_scene.BUYERS_NUMBER,
    ]
    before = admin_walk.tables()
    faults = _read(scene, who, hidden) + _post(scene, who, hidden, owner=owner)
    assert faults == []
    assert admin_walk.changed(before, admin_walk.tables()) == []


def test_the_walk_finds_planted_leaks(scene):
    """An owner reads all of it, and changes some of it, in the same walk."""
    owner = admin_scene.member_of(scene)
    before = admin_walk.tables()
    seen = "\n".join(_read(scene, owner, scene.marks, thorough=False))
    _post(scene, owner, [], owner=owner)
    unseen = [
        text for text in scene.marks[:-2] if f"shows {text}" not in seen
    ]  # but the UUIDs, which each question brings
    tables = {line.partition(":")[0] for line in admin_walk.changed(before, admin_walk.tables())}
    assert unseen == []
    assert {
        "campaigns.Buyer",
        "campaigns.Campaign",
        "publishers.Key",
        "callcontrol.Leg",
    } - tables == set()
