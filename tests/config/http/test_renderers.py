"""Values and members in JSON, and answers without content."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from config.http.renderers import HashXMLRenderer, JSONRenderer, render


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("90.00"), b"90.0"),
        (Decimal("0"), b"0.0"),
        (Decimal("12.34"), b"12.34"),
        (120, b"120"),
        (None, b"null"),
        (True, b"true"),
        ("+12025550102", b'"+12025550102"'),
        ("Zoë ☎", '"Zoë ☎"'.encode()),
        ("\ud800", b'"?"'),
        (UUID("05d44513-666d-46f1-a4f6-fb23cf206011"), b'"05d44513-666d-46f1-a4f6-fb23cf206011"'),
        (datetime(2026, 5, 5, 6, 25, 8, 295_999, tzinfo=UTC), b'"2026-05-05T06:25:08.295Z"'),
        (
            datetime(2026, 5, 5, 8, 25, 8, tzinfo=timezone(timedelta(hours=2))),
            b'"2026-05-05T06:25:08.000Z"',
        ),
    ],
)
def test_values_in_json(value: object, written: bytes) -> None:
    assert render(value, "json") == written


def test_members_keep_their_order() -> None:
    assert render({"uuid": "u", "status": "reserved", "a": [1, {"z": 1, "b": 2}]}, "json") == (
        b'{"uuid":"u","status":"reserved","a":[1,{"z":1,"b":2}]}'
    )


def test_a_value_of_another_type_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="object cannot be rendered"):
        render({"a": object()}, "json")


def test_an_answer_without_content_has_no_body() -> None:
    assert JSONRenderer().render(None) == b""
    assert HashXMLRenderer().render(None) == b""
