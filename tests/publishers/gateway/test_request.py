"""Columns of a log row for the list's filters: the publisher, and the refusal reasons."""

import pytest
from django.utils import timezone

from publishers.keys import rotation
from publishers.models import Key
from tests.factories import make_buyer, make_key, make_publisher, make_ready_key, make_route
from tests.pinging import logged, ping
from tests.writing import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> Key:
    return make_ready_key()


@pytest.mark.parametrize("name", ["publisher_id", "source_id", "affiliate_id"])
def test_a_ping_names_its_publisher(key: Key, name: str) -> None:
    alpha = make_publisher(key.company, publisher_id="alpha")
    ping(key, **{name: "alpha"})
    assert logged().publisher_pk == alpha.pk


@pytest.mark.parametrize(
    "named", [{}, {"publisher_id": "nobody"}, {"publisher_id": "alpha", "source_id": "beta"}]
)
def test_a_ping_without_a_known_publisher_has_none(key: Key, named: dict[str, str]) -> None:
    make_publisher(key.company, publisher_id="alpha")
    ping(key, **named)
    assert logged().publisher_pk is None


def test_another_companys_publisher_is_unknown(key: Key) -> None:
    make_publisher(publisher_id="alpha")
    ping(key, publisher_id="alpha")
    assert logged().publisher_pk is None


@pytest.mark.parametrize("named", ["", "beta"])
def test_a_publishers_key_names_its_publisher_by_default(named: str) -> None:
    alpha = make_publisher()
    beta = make_publisher(alpha.company, publisher_id="beta")
    written(make_key("call_data_writing", publisher=alpha), publisher_id=named)
    assert logged().publisher_pk == (beta if named else alpha).pk


@pytest.mark.parametrize("is_known", [False, True], ids=["unknown", "revoked"])
def test_a_refused_key_has_no_publisher(key: Key, is_known: bool) -> None:
    make_publisher(key.company, publisher_id="alpha")
    rotation.revoke_key(key=key, now=timezone.now())
    key.key = key.key if is_known else "unknown"
    ping(key, publisher_id="alpha")
    assert logged().publisher_pk is None
    assert logged().company_pk is None


def test_refusal_reasons_are_kept_in_their_order(key: Key) -> None:
    for fields in ({"filters": [("zip", "==", "1")]}, {"paused": True}):
        make_route(key.campaign, make_buyer(key.company, **fields))
    ping(key)
    assert logged().reasons == ",paused,filter,"


def test_without_refusals_there_are_no_reasons(key: Key) -> None:
    ping(key)
    assert logged().reasons is None
