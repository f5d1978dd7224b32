"""Races between instructions links and rollovers of their key."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.errors import Refusal
from publishers.instructions import links
from publishers.keys import rotation
from publishers.models import InstructionsLink, Key, Publisher
from tests.factories import make_key, make_publisher
from tests.races.overlapping import overlapping

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key() -> Key:
    return make_key("rtb")


@pytest.fixture
def publisher(key: Key) -> Publisher:
    return make_publisher(key.company)


def _roll(key: Key) -> None:
    rotation.roll_key(key=Key.objects.get(pk=key.pk), overlap=timedelta(days=1), now=timezone.now())


def _make_link(key: Key, publisher: Publisher, refusals: list[str]) -> None:
    try:
        links.create_link(key=key, publisher=publisher, now=timezone.now())
    except Refusal as refusal:
        refusals.append(refusal.text)


def test_a_page_that_is_just_made_goes_over_to_the_new_key(key: Key, publisher: Publisher) -> None:
    refusals: list[str] = []
    waited = overlapping(lambda: _make_link(key, publisher, refusals), lambda: _roll(key))
    made = InstructionsLink.objects.get()
    assert waited is True
    assert refusals == []
    assert made.key != key
    assert made.former_key == key


def test_no_page_is_made_for_a_key_that_is_just_rolled_over(key: Key, publisher: Publisher) -> None:
    refusals: list[str] = []
    waited = overlapping(lambda: _roll(key), lambda: _make_link(key, publisher, refusals))
    assert waited is True
    assert refusals == ["this key has been rolled over or revoked"]
    assert InstructionsLink.objects.count() == 0


def test_concurrent_creations_make_one_link(key: Key, publisher: Publisher) -> None:
    refusals: list[str] = []
    waited = overlapping(
        lambda: _make_link(key, publisher, refusals), lambda: _make_link(key, publisher, refusals)
    )
    assert waited is True
    assert refusals == [f"{publisher} has posting instructions for this key already"]
    assert InstructionsLink.objects.count() == 1
