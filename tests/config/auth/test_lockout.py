"""Wrong passwords are counted by name and address, and by address alone."""

from collections.abc import Callable
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.auth.lockout import FAILURES_OF_AN_ADDRESS

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"
RIGHT, WRONG = "a-long-phrase-27", "a-wrong-phrase"


@pytest.fixture(autouse=True)
def ann(settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("ann@example.com", password=RIGHT, is_staff=True)


def login(
    password: str = WRONG, *, name: str = "ann@example.com", address: str = HERE, **headers: str
) -> int:
    """The status: 302 is in, 200 the page again, 429 locked out."""
    typed = {"username": name, "password": password}
    return (
        Client(REMOTE_ADDR=address, headers=headers).post(reverse("admin:login"), typed).status_code
    )


def fail(times: int, **how: str) -> None:
    for _ in range(times):
        login(**how)


def test_ten_wrong_passwords_are_enough() -> None:
    assert [login() for _ in range(11)] == [200] * 9 + [429] * 2


def test_the_right_password_is_refused_during_a_lockout() -> None:
    fail(10)
    assert login(RIGHT) == 429


def test_the_lockout_page_names_a_remedy() -> None:
    fail(9)
    answer = Client(REMOTE_ADDR=HERE).post(
        reverse("admin:login"), {"username": "ann@example.com", "password": WRONG}
    )
    assert "ask an owner of your company for a new link" in answer.text
    assert answer["Retry-After"] == "3600"


def test_failures_at_another_address_do_not_lock_a_user_out() -> None:
    fail(10, address=ELSEWHERE)
    assert login(RIGHT) == 302


def test_the_right_password_resets_the_count() -> None:
    fail(9)
    login(RIGHT)
    fail(9)
    assert login(RIGHT) == 302


def test_the_lockout_ends_after_an_hour(clock: Callable[[float], object]) -> None:
    fail(10)
    clock(1800)
    early = login(RIGHT)
    clock(1801)
    assert early == 429
    assert login(RIGHT) == 302


def fail_once_each(names: int) -> None:
    """Record one failure for each of many names."""
    fields = {
        "ip_address": HERE,
        "failures_since_start": 1,
        "path_info": "/admin/login/",
        "http_accept": "*/*",
    }
    AccessAttempt.objects.bulk_create(
        AccessAttempt(username=f"person{number}", **fields) for number in range(names)
    )


def test_an_address_that_tries_many_names_is_locked_for_all() -> None:
    fail_once_each(FAILURES_OF_AN_ADDRESS - 1)
    login(name="the last")
    assert login(RIGHT) == 429
    assert login(RIGHT, address=ELSEWHERE) == 302


def test_a_success_does_not_reset_the_count_of_other_names() -> None:
    fail_once_each(FAILURES_OF_AN_ADDRESS - 1)
    assert [login(RIGHT), login(name="another"), login(RIGHT)] == [302, 429, 429]


def test_a_forwarded_address_without_a_trusted_proxy_is_ignored() -> None:
    for number in range(10):
        fail(1, **{"x-forwarded-for": f"198.51.100.{number}"})
    assert login(RIGHT) == 429


def test_behind_a_trusted_proxy_the_client_address_counts(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    for number in range(10):
        fail(1, address="10.0.0.1", **{"x-forwarded-for": f"198.51.100.{number}, {HERE}"})
    answers = [
        login(RIGHT, address="10.0.0.1", **{"x-forwarded-for": address})
        for address in (HERE, ELSEWHERE)
    ]
    assert answers == [429, 302]


def test_the_addresses_of_one_ipv6_line_count_together() -> None:
    for number in range(10):
        fail(1, address=f"2001:db8:1:2::{number:x}")
    assert [login(RIGHT, address=f"2001:db8:1:{line}::1") for line in (2, 3)] == [429, 302]


def test_an_email_address_may_be_written_in_capitals() -> None:
    assert login(RIGHT, name="Ann@Example.com") == 302


def test_logging_out_ends_the_session() -> None:
    client = Client()
    client.post(reverse("admin:login"), {"username": "ann@example.com", "password": RIGHT})
    client.post(reverse("admin:logout"))
    assert client.get(reverse("admin:password_change"))["Location"].startswith(
        reverse("admin:login")
    )


def test_the_session_cookie_is_http_only_and_lives_a_week() -> None:
    answer = Client().post(
        reverse("admin:login"), {"username": "ann@example.com", "password": RIGHT}
    )
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 7 * 24 * 3600
