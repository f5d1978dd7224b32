"""What of a webhook's answer becomes tags: members by their paths, as people write them, and
nothing of a refusal."""

import json
from typing import Any

import pytest

from callcontrol.webhooks.requests import WebhookResult
from callcontrol.webhooks.response_tags import response_tags

PATH = {"inbound_number": "call_reservation.inbound_number"}


def answered(body: Any, status: int = 200, *, is_whole: bool = True) -> WebhookResult:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookResult(status, "", False, text, is_whole, 5)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("+18335550100", "+18335550100"),
        ("", ""),
        (18335550100, "18335550100"),
        (18335550100.0, "18335550100"),
        (-0.5, "-0.5"),
        (True, "true"),
        ([1, {"a": "ü"}], '[1,{"a":"ü"}]'),
        ("x" * 1_000, "x" * 1_000),
    ],
)
def test_a_member_becomes_a_text(value: Any, tag: str) -> None:
    assert response_tags(answered({"a": {"b": value}}), {"zip": "a.b"}) == {"zip": tag}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": null}', b"{}", b"[]", b'"a"', b"", b"<a>1</a>", b"\xff\xfe", b"[" * 60_000, b'{"a": 1e999}', b'{"a": NaN}',
        b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', json.dumps({"a": "x" * 1_001}).encode(),
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)  # fmt: skip
def test_what_no_tag_can_be_is_left_out(body: bytes) -> None:
    assert response_tags(answered(body), {"zip": "a"}) == {}


def test_what_is_there_is_taken_though_another_is_not() -> None:
    assert response_tags(answered({"a": 1, "c": None}), {"one": "a", "two": "b", "three": "c"}) == {
        "one": "1"
    }


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    assert response_tags(
        answered({"a": [{"b": 1}, {"b": 2}]}), {"two": "a.1.b", "far": "a.2.b", "odd": "a.-1.b"}
    ) == {"two": "2"}


@pytest.mark.parametrize("status", [199, 301, 400, 404, 500])
def test_only_what_a_yes_says_counts(status: int) -> None:
    assert response_tags(answered({"a": 1}, status), {"one": "a"}) == {}


def test_of_an_answer_that_was_cut_nothing_counts() -> None:
    assert response_tags(answered({"a": 1}, is_whole=False), {"one": "a"}) == {}


@pytest.mark.parametrize(
    ("status", "tags"),
    [
        ("reserved", {"inbound_number": "1"}),
        ("confirmed", {"inbound_number": "1"}),
        ("no-target", {}),
        ("claimed", {}),
        ("", {}),
        (None, {}),
        (200, {}),
        (["reserved"], {}),
    ],
)
@pytest.mark.parametrize("place", ["at the top", "on the way"])
def test_an_answer_that_is_not_in_force_gives_nothing(
    status: Any, tags: dict[str, str], place: str
) -> None:
    inner = (
        {"inbound_number": 1} if place == "at the top" else {"inbound_number": 1, "status": status}
    )
    outer = {"call_reservation": inner} | ({"status": status} if place == "at the top" else {})
    assert response_tags(answered(outer), PATH) == tags


def test_a_status_that_is_not_on_the_way_is_none_of_ours() -> None:
    assert response_tags(
        answered({"call_reservation": {"inbound_number": 1, "call": {"status": "no-target"}}}), PATH
    ) == {"inbound_number": "1"}
