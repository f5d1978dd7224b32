"""Instructions links: created once for a key and publisher, renewed, switched off, moved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from campaigns.errors import Refusal
from campaigns.models import CatalogueVersion
from publishers.instructions import links
from publishers.keys import rotation
from publishers.models import InstructionsLink
from tests.factories import make_buyer, make_key, make_publisher
from tests.publishers.instructions_pages import get_page, make_link, page_url

pytestmark = pytest.mark.django_db


def _refused(act, **given) -> str:
    with pytest.raises(Refusal) as caught:
        act(now=timezone.now(), **given)
    return caught.value.text


def test_a_publishers_own_key_is_its_publishers():
    key = make_key("call_data_writing")
    assert make_link(key).publisher == key.publisher


def test_a_buyers_key_needs_no_publisher():
    link = make_link(make_key("conversion"))
    assert link.publisher is None
    assert link.key.buyer.name == "Buyer"


def test_a_campaigns_key_needs_a_publisher():
    text = "a campaign's key is shared: say which publisher the instructions are for"
    assert _refused(links.create_link, key=make_key("rtb"), publisher=None) == text


@pytest.mark.parametrize(
    ("publisher_state", "text"),
    [
        ("another's", "the publisher belongs to another company"),
        ("retired", "the publisher is retired"),
    ],
)
def test_some_publishers_are_refused(publisher_state, text):
    key = make_key("rtb")
    publisher = {
        "another's": make_publisher,
        "retired": lambda: make_publisher(key.company, retired_at=timezone.now()),
    }[publisher_state]()
    assert _refused(links.create_link, key=key, publisher=publisher) == text


def test_a_buyers_key_refuses_publishers():
    key = make_key("conversion")
    assert (
        _refused(links.create_link, key=key, publisher=make_publisher(key.company))
        == "this key is not used by publishers"
    )


@pytest.mark.parametrize("hours", [0, 24], ids=["revoked", "rolled over"])
def test_a_retired_key_is_refused(hours):
    key = make_key("conversion", retired_at=timezone.now() + timedelta(hours=hours))
    assert (
        _refused(links.create_link, key=key, publisher=None)
        == "this key has been rolled over or revoked"
    )


def test_there_is_one_page_for_a_key_and_a_publisher():
    first = make_link(make_key("rtb"))
    text = "Alpha Media has posting instructions for this key already"
    assert _refused(links.create_link, key=first.key, publisher=first.publisher) == text


@pytest.mark.parametrize("key_type", ["rtb", "conversion"])
def test_the_database_holds_one_page_too(key_type):
    first = make_link(make_key(key_type))
    with pytest.raises(IntegrityError):
        InstructionsLink.objects.create(
            company=first.company,
            key=first.key,
            publisher=first.publisher,
            created_at=timezone.now(),
        )


def test_each_publisher_of_a_campaigns_key_has_its_own():
    key = make_key("rtb")
    pages = {make_link(key).token, make_link(key, make_publisher(key.company)).token}
    assert len(pages) == 2


def test_a_link_can_be_created_after_switching_off():
    first = make_link(make_key("conversion"))
    links.disable_link(link=first, now=timezone.now())
    assert get_page(first).status_code == 404
    assert get_page(make_link(first.key)).status_code == 200


def test_renewing_moves_it_to_a_new_link():
    link = make_link(make_key("conversion"))
    old = page_url(link)
    links.renew_link(link=link, now=timezone.now())
    assert page_url(link) != old
    assert get_page(InstructionsLink.objects.get()).status_code == 200


def test_concurrent_renewals_succeed_once():
    one, other = make_link(make_key("conversion")), InstructionsLink.objects.get()
    links.renew_link(link=one, now=timezone.now())
    text = "these posting instructions have just been renewed or switched off"
    assert _refused(links.renew_link, link=other) == text


def test_it_is_switched_off_once():
    link = make_link(make_key("conversion"))
    links.disable_link(link=link, now=timezone.now())
    assert (
        _refused(links.disable_link, link=link)
        == "these posting instructions are switched off already"
    )


def test_the_history_has_no_tokens():
    link = make_link(make_key("conversion"))
    links.renew_link(link=link, now=timezone.now())
    links.disable_link(link=link, now=timezone.now())
    history = link.history.values("history_type", "renewed_at", "switched_off_at").order_by(
        "history_id"
    )
    assert [
        (row["history_type"], bool(row["renewed_at"]), bool(row["switched_off_at"]))
        for row in history
    ] == [
        ("+", False, False),
        ("~", True, False),
        ("~", True, True),
    ]
    assert "token" not in {field.name for field in InstructionsLink.history.model._meta.fields}


def test_a_live_link_moves_to_the_new_key():
    old = make_key("rtb")
    link = make_link(old)
    new = rotation.roll_key(key=old, overlap=timedelta(days=1), now=timezone.now())
    link.refresh_from_db()
    assert link.key == new
    assert link.former_key == old


def test_a_disabled_link_stays_with_its_key():
    link = make_link(make_key("conversion"))
    links.disable_link(link=link, now=timezone.now())
    rotation.roll_key(key=link.key, overlap=timedelta(days=1), now=timezone.now())
    assert InstructionsLink.objects.get().key == link.key
    assert InstructionsLink.objects.get().former_key is None


def test_links_do_not_change_the_catalogue_version():
    key = make_key("conversion", buyer=make_buyer())
    before = CatalogueVersion.objects.get(company=key.company).version
    link = make_link(key)
    links.renew_link(link=link, now=timezone.now())
    links.disable_link(link=link, now=timezone.now())
    assert CatalogueVersion.objects.get(company=key.company).version == before
