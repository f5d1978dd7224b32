"""Rolling a key over, and revoking it."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.errors import Refusal
from publishers.keys.rotation import revoke_key, roll_key
from publishers.models import Key
from tests.factories import make_key

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def test_a_rolled_key_has_its_predecessors_owner_and_settings():
    old = make_key(
        "rtb",
        name="Alpha",
        ttl_seconds=45,
        allowed_networks=["203.0.113.0/24"],
        requests_per_second=5,
    )
    new = roll_key(key=old, overlap=DAY, now=NOW)
    same = (
        "company_id",
        "campaign_id",
        "type",
        "name",
        "settings",
        "allowed_networks",
        "requests_per_second",
        "paused",
    )
    assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]


def test_the_new_key_is_another_text_and_has_no_end():
    old = make_key()
    new = roll_key(key=old, overlap=DAY, now=NOW)
    assert (new.key == old.key) is False
    assert new.retired_at is None


def test_the_old_key_ends_with_the_overlap():
    old = make_key()
    roll_key(key=old, overlap=DAY, now=NOW)
    old.refresh_from_db()
    assert old.retired_at == NOW + DAY


def test_a_key_is_rolled_once():
    key = make_key()
    roll_key(key=key, overlap=DAY, now=NOW)
    with pytest.raises(Refusal, match=r"^this key has been rolled over or revoked already$"):
        roll_key(key=key, overlap=DAY, now=NOW)
    assert Key.objects.count() == 2


def test_revoking_ends_a_key_now():
    key = make_key()
    revoke_key(key=key, now=NOW)
    key.refresh_from_db()
    assert key.retired_at == NOW


def test_revoking_cuts_an_overlap_short():
    key = make_key()
    roll_key(key=key, overlap=DAY, now=NOW)
    revoke_key(key=key, now=NOW + timedelta(hours=1))
    key.refresh_from_db()
    assert key.retired_at == NOW + timedelta(hours=1)


def test_a_dead_key_is_not_revoked_again():
    key = make_key(retired_at=NOW)
    with pytest.raises(Refusal, match=r"^this key has been revoked already$"):
        revoke_key(key=key, now=NOW + DAY)


def test_the_history_records_the_revocation():
    key = make_key()
    revoke_key(key=key, now=NOW)
    assert list(key.history.values_list("retired_at", flat=True)) == [NOW, None]
