"""Two users that edit a company's settings at once, and a change that fails halfway."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save

from campaigns.models import Buyer, CatalogueVersion, Company
from tests.factories import make_buyer, make_company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def breakdown() -> Iterator[None]:
    """Something that fails after a buyer's row was written."""

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("after the row")

    post_save.connect(fail, sender=Buyer)
    yield
    post_save.disconnect(fail, sender=Buyer)


def _rename(buyer: Buyer, name: str) -> None:
    buyer.name = name
    buyer.save()


def _rename_and_leave(buyer: Buyer, begun: threading.Event, failures: list[Exception]) -> None:
    try:
        begun.set()
        _rename(buyer, "by the other")
    except Exception as error:  # noqa: BLE001 - asserted by the test
        failures.append(error)
    finally:
        connection.close()


def test_edits_of_the_same_rows_wait_for_each_other_and_never_in_a_circle(company: Company) -> None:
    first, second = make_buyer(company), make_buyer(company)
    begun = threading.Event()
    failures: list[Exception] = []
    other = threading.Thread(
        target=_rename_and_leave, args=[Buyer.objects.get(pk=second.pk), begun, failures]
    )
    with transaction.atomic():
        _rename(first, "by one")
        other.start()
        begun.wait()
        other.join(0.3)  # it waits, with its locks
        _rename(second, "by one")
    other.join()
    assert failures == []
    assert list(Buyer.objects.order_by("pk").values_list("name", flat=True)) == [
        "by one",
        "by the other",
    ]


@pytest.mark.usefixtures("breakdown")
def test_a_change_that_fails_half_way_is_not_made() -> None:
    company = make_company()
    version = CatalogueVersion.objects.get(company=company).version
    with pytest.raises(RuntimeError, match=r"^after the row$"):
        make_buyer(company)
    assert Buyer.objects.count() == 0
    assert CatalogueVersion.objects.get(company=company).version == version
