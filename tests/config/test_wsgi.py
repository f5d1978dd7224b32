"""Bodies that come in chunks, and the administrator that the first start makes."""

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.test import RequestFactory

from config.management.commands.up import create_administrator
from config.wsgi import with_length, with_plain_content_type


def seen(body: bytes, **environ: str) -> tuple[str | None, bytes]:
    """The length and the body that the application behind the wrapper sees."""
    passed: dict[str, Any] = {}

    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        passed.update(environ)
        return []

    with_length(inner)({"wsgi.input": BytesIO(body), **environ}, lambda *_: None)
    return passed.get("CONTENT_LENGTH"), passed["wsgi.input"].read()


def test_a_chunked_body_gets_its_length() -> None:
    assert seen(b"hello", HTTP_TRANSFER_ENCODING="Chunked") == ("5", b"hello")


def test_of_a_long_one_no_more_is_read_than_shows_it(settings: Any) -> None:
    settings.MAX_BODY_BYTES = 4
    assert seen(b"hello world", HTTP_TRANSFER_ENCODING="chunked") == ("5", b"hello")


def test_the_chunks_decide_over_a_length_that_lies() -> None:
    assert seen(b"hello", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="3") == ("5", b"hello")


def test_any_other_body_is_left_alone() -> None:
    assert seen(b"hello", CONTENT_LENGTH="3") == ("3", b"hello")


@pytest.mark.django_db
def test_the_administrator_may_enter_with_the_printed_password() -> None:
    password = create_administrator()
    user = authenticate(RequestFactory().get("/"), username="admin", password=password)
    assert len(password) == 16
    assert getattr(user, "is_superuser", None) is True


@pytest.mark.django_db
def test_no_second_administrator_is_made() -> None:
    get_user_model().objects.create_superuser(username="boss")
    assert create_administrator() == ""
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("text/plain; charset*=bogus''x", "text/plain"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
    ],
)
def test_a_content_type_that_django_fails_on_loses_its_parameters(sent: str, read: str) -> None:
    seen: list[str] = []
    with_plain_content_type(lambda environ, _start: seen.append(environ["CONTENT_TYPE"]) or [])(
        {"CONTENT_TYPE": sent}, lambda *_: None
    )
    assert seen == [read]
