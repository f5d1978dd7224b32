"""Posting instructions are handed out once for a key and a publisher, renewed, switched off, and follow their key."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from campaigns.errors import Refusal
from campaigns.models import CatalogueVersion
from publishers.instructions import links
from publishers.keys import rotation
from publishers.models import Handout
from tests.factories import make_buyer, make_key, make_publisher
from tests.publishers.handing import hand_out, link, opened

pytestmark = pytest.mark.django_db


def _refused(act, **given) -> str:
    with pytest.raises(Refusal) as caught:
        act(now=timezone.now(), **given)
    return caught.value.text


def test_a_publishers_own_key_is_its_publishers():
    key = make_key("call_data_writing")
    assert hand_out(key).publisher == key.publisher


def test_a_buyers_key_has_a_page_of_its_own():
    handout = hand_out(make_key("conversion"))
    assert handout.publisher is None
    assert handout.key.buyer.name == "Buyer"


def test_a_campaigns_key_needs_to_know_whom_it_is_for():
    text = "a campaign's key is shared: say which publisher the instructions are for"
    assert _refused(links.create_link, key=make_key("rtb"), publisher=None) == text


@pytest.mark.parametrize(
    ("whose", "text"),
    [
        ("another's", "the publisher belongs to another company"),
        ("retired", "the publisher is retired"),
    ],
)
def test_not_for_every_publisher(whose, text):
    key = make_key("rtb")
    publisher = {
        "another's": make_publisher,
        "retired": lambda: make_publisher(key.company, retired_at=timezone.now()),
    }[whose]()
    assert _refused(links.create_link, key=key, publisher=publisher) == text


def test_a_buyers_key_is_no_publishers():
    key = make_key("conversion")
    assert (
        _refused(links.create_link, key=key, publisher=make_publisher(key.company))
        == "this key is not used by publishers"
    )


@pytest.mark.parametrize("hours", [0, 24], ids=["revoked", "rolled over"])
def test_a_key_that_is_over_or_about_to_be_is_not_handed_out(hours):
    key = make_key("conversion", retired_at=timezone.now() + timedelta(hours=hours))
    assert (
        _refused(links.create_link, key=key, publisher=None)
        == "this key has been rolled over or revoked"
    )


def test_there_is_one_page_for_a_key_and_a_publisher():
    first = hand_out(make_key("rtb"))
    text = "Alpha Media has posting instructions for this key already"
    assert _refused(links.create_link, key=first.key, publisher=first.publisher) == text


@pytest.mark.parametrize("kind", ["rtb", "conversion"])
def test_the_database_holds_one_page_too(kind):
    first = hand_out(make_key(kind))
    with pytest.raises(IntegrityError):
        Handout.objects.create(
            company=first.company,
            key=first.key,
            publisher=first.publisher,
            created_at=timezone.now(),
        )


def test_each_publisher_of_a_campaigns_key_has_its_own():
    key = make_key("rtb")
    pages = {hand_out(key).token, hand_out(key, make_publisher(key.company)).token}
    assert len(pages) == 2


def test_switched_off_it_can_be_handed_out_anew():
    first = hand_out(make_key("conversion"))
    links.disable_link(handout=first, now=timezone.now())
    assert opened(first).status_code == 404
    assert opened(hand_out(first.key)).status_code == 200


def test_renewing_moves_it_to_a_new_link():
    handout = hand_out(make_key("conversion"))
    old = link(handout)
    links.renew_link(handout=handout, now=timezone.now())
    assert link(handout) != old
    assert opened(Handout.objects.get()).status_code == 200


def test_of_two_who_renew_at_once_one_succeeds():
    one, other = hand_out(make_key("conversion")), Handout.objects.get()
    links.renew_link(handout=one, now=timezone.now())
    text = "these posting instructions have just been renewed or switched off"
    assert _refused(links.renew_link, handout=other) == text


def test_it_is_switched_off_once():
    handout = hand_out(make_key("conversion"))
    links.disable_link(handout=handout, now=timezone.now())
    assert (
        _refused(links.disable_link, handout=handout)
        == "these posting instructions are switched off already"
    )


def test_what_became_of_it_is_kept_without_its_links():
    handout = hand_out(make_key("conversion"))
    links.renew_link(handout=handout, now=timezone.now())
    links.disable_link(handout=handout, now=timezone.now())
    told = handout.history.values("history_type", "renewed_at", "switched_off_at").order_by(
        "history_id"
    )
    assert [
        (row["history_type"], bool(row["renewed_at"]), bool(row["switched_off_at"])) for row in told
    ] == [
        ("+", False, False),
        ("~", True, False),
        ("~", True, True),
    ]
    assert "token" not in {field.name for field in Handout.history.model._meta.fields}


def test_it_goes_over_to_the_new_key():
    old = make_key("rtb")
    handout = hand_out(old)
    new = rotation.roll_key(key=old, overlap=timedelta(days=1), now=timezone.now())
    handout.refresh_from_db()
    assert handout.key == new
    assert handout.former_key == old


def test_what_was_switched_off_stays_with_its_key():
    handout = hand_out(make_key("conversion"))
    links.disable_link(handout=handout, now=timezone.now())
    rotation.roll_key(key=handout.key, overlap=timedelta(days=1), now=timezone.now())
    assert Handout.objects.get().key == handout.key
    assert Handout.objects.get().former_key is None


def test_routing_does_not_notice():
    key = make_key("conversion", buyer=make_buyer())
    before = CatalogueVersion.objects.get(company=key.company).version
    handout = hand_out(key)
    links.renew_link(handout=handout, now=timezone.now())
    links.disable_link(handout=handout, now=timezone.now())
    assert CatalogueVersion.objects.get(company=key.company).version == before
