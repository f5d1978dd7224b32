"""Posting instructions that are handed out while their key is rolled over, by two people at one moment."""

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


def _make_link(key: Key, publisher: Publisher, said: list[str]) -> None:
    try:
        links.create_link(key=key, publisher=publisher, now=timezone.now())
    except Refusal as refusal:
        said.append(refusal.text)


def test_a_page_that_is_just_made_goes_over_to_the_new_key(key: Key, publisher: Publisher) -> None:
    said: list[str] = []
    waited = overlapping(lambda: _make_link(key, publisher, said), lambda: _roll(key))
    made = InstructionsLink.objects.get()
    assert waited is True
    assert said == []
    assert made.key != key
    assert made.former_key == key


def test_no_page_is_made_for_a_key_that_is_just_rolled_over(key: Key, publisher: Publisher) -> None:
    said: list[str] = []
    waited = overlapping(lambda: _roll(key), lambda: _make_link(key, publisher, said))
    assert waited is True
    assert said == ["this key has been rolled over or revoked"]
    assert InstructionsLink.objects.count() == 0


def test_of_two_who_hand_out_at_once_one_makes_the_page(key: Key, publisher: Publisher) -> None:
    said: list[str] = []
    waited = overlapping(
        lambda: _make_link(key, publisher, said), lambda: _make_link(key, publisher, said)
    )
    assert waited is True
    assert said == [f"{publisher} has posting instructions for this key already"]
    assert InstructionsLink.objects.count() == 1
