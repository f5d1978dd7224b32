"""Two owners that act at once: one of them stays, without a deadlock."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from campaigns import members
from campaigns.errors import Refusal
from campaigns.models import Member
from tests.factories import make_company

pytestmark = pytest.mark.django_db(transaction=True)
PHONE_ACTIONS: list[Callable[[Member], None]] = [
    lambda member: members.remove_member(member=member),
    lambda member: members.change_role(member=member, role="read_only"),
]


@pytest.fixture
def owners() -> list[Member]:
    company = make_company()
    users = [User.objects.create_user(f"owner{number}", is_staff=True) for number in range(2)]
    return [Member.objects.create(company=company, user=user, role="owner") for user in users]


def _do(act: Callable[[Member], None], member: Member, told: list[str]) -> None:
    try:
        act(member)
    except Refusal as refusal:
        told.append(refusal.text)
    finally:
        connection.close()


@pytest.mark.parametrize("mine", PHONE_ACTIONS, ids=["remove", "demote"])
@pytest.mark.parametrize("theirs", PHONE_ACTIONS, ids=["remove", "demote"])
def test_of_two_owners_that_leave_at_once_one_stays(owners, mine, theirs):
    told: list[str] = []
    other = threading.Thread(target=_do, args=[theirs, owners[1], told])
    with transaction.atomic():
        mine(owners[0])
        other.start()
        other.join(0.3)  # it waits for the lock
    other.join()
    assert told == ["This is the last owner. Make another member an owner first."]
    assert Member.objects.get(role="owner") == owners[1]
