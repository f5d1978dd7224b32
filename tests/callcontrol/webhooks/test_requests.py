"""One word to a webhook: which are concerned, the address with its tokens, the signature, and
what an answer means."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callcontrol.models import CallTag
from callcontrol.webhooks.deliveries import matching_webhooks, url_tokens
from callcontrol.webhooks.requests import (
    WebhookRequest,
    WebhookResult,
    send_webhook,
)
from campaigns.models import Campaign
from campaigns.routing.engine import Ping
from publishers.snapshot import current_snapshot
from tests.callcontrol.lines import NOW, make_call
from tests.factories import make_buyer, make_campaign, make_publisher, make_webhook
from tests.outsiders import answer, drips, floods, somebody

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or more").decode()
PAGE = (Path(__file__).parents[3] / "docs/webhooks.md").read_text()
ID = UUID("0b1c2d3e-0000-4000-8000-000000000001")


# --- the address ----------------------------------------------------------------------------------
def addresses(campaign: Campaign, trigger: str = "start", **call: Any) -> list[str]:
    """What would be asked about a call of this campaign; `tags` are the call's."""
    known = call.pop("tags", {})
    row = make_call(campaign, **call)
    CallTag.objects.bulk_create(
        CallTag(call=row, name=name, value=known[name], written_at=NOW) for name in known
    )
    return [
        url
        for _, url in matching_webhooks(
            row, trigger, snapshot=current_snapshot(campaign.company_id), now=NOW
        )
    ]


def filled(template: str, trigger: str = "start", **call: Any) -> str:
    campaign = call.pop("campaign", None) or make_campaign(campaign_id="roofing")
    make_webhook(campaign, trigger=trigger, url=f"https://a.example/{template}")
    return addresses(campaign, trigger, **call)[0].removeprefix("https://a.example/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("?zip=[zip]&age=[ age ]", "?zip=90210&age="),
        ("[first name]/[ü]", "A%2F%3F%20%26b/%C3%BC"),
        ("?caller_number=[caller_number]", "?caller_number=%2B12025550102"),
        ("?state=[caller_state]", "?state=DC"),
        (
            "?to=[inbound_number]&campaign=[campaign_id]&why=[trigger]",
            "?to=%2B18335550199&campaign=roofing&why=start",
        ),
        (
            "?payout=[payout]&converted=[converted]&seconds=[connected_seconds]&buyer=[buyer_id]",
            "?payout=&converted=&seconds=&buyer=",
        ),
        ("?[]&[open", "?[]&[open"),
    ],
)
def test_tokens_are_filled_in(template: str, url: str) -> None:
    assert (
        filled(template, tags={"zip": "90210", "first name": "A/? &b", "ü": "ü", "payout": "1000"})
        == url
    )


@pytest.mark.django_db
def test_the_call_says_who_it_is() -> None:
    campaign = make_campaign()
    make_webhook(campaign, url="https://a.example/[call_uuid]/[call_key]")
    call = make_call(campaign)
    ((_, url),) = matching_webhooks(
        call, "start", snapshot=current_snapshot(campaign.company_id), now=NOW
    )
    assert url == f"https://a.example/{call.pk}/{call.key}"


@pytest.mark.django_db
def test_a_withheld_caller_leaves_nothing() -> None:
    assert filled("?from=[caller_number]", caller=None) == "?from="


@pytest.mark.django_db
def test_the_publisher_and_the_buyer_under_all_their_names() -> None:
    campaign = make_campaign()
    who = {
        "publisher": make_publisher(campaign.company, publisher_id="a b"),
        "buyer": make_buyer(campaign.company, buyer_id="b1"),
    }
    told = filled(
        "[publisher_id][source_id][affiliate_id]-[buyer_id]-[target_id]", campaign=campaign, **who
    )
    assert told == "a%20ba%20ba%20b-b1-b1"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "0.00/0.00/false/0"),
        ({"connected_at": NOW}, "0.00/0.00/false/125"),
        (
            {
                "connected_at": NOW,
                "converted_at": NOW,
                "payout": Decimal("90"),
                "revenue": Decimal("120.5"),
            },
            "90.00/120.50/true/125",
        ),
    ],
    ids=["nobody", "too short", "converted"],
)
def test_money_is_told_when_it_is_decided(fields: dict[str, Any], told: str) -> None:
    end = NOW + timedelta(seconds=125)
    over = {"status": "finished", "ended_at": end, "settled_at": end}
    assert (
        filled("[payout]/[revenue]/[converted]/[connected_seconds]", "ended", **over, **fields)
        == told
    )


@pytest.mark.django_db
def test_only_webhooks_of_the_trigger_whose_filters_hold() -> None:
    campaign = make_campaign()
    make_webhook(campaign, [("zip", "==", "90210")], name="A", url="https://a.example/")
    make_webhook(campaign, [("zip", "==", "10001")], name="B", url="https://b.example/")
    make_webhook(campaign, name="C", trigger="ended", url="https://c.example/")
    make_webhook(make_campaign(campaign.company))
    assert addresses(campaign, tags={"zip": "90210"}) == ["https://a.example/"]


@pytest.mark.django_db
def test_where_no_webhook_waits_nothing_is_asked_of_the_database() -> None:
    call = make_call(make_webhook(trigger="ended").campaign)
    snapshot = current_snapshot(call.company_id)
    with CaptureQueriesContext(connection) as captured:
        assert list(matching_webhooks(call, "start", snapshot=snapshot, now=NOW)) == []
    assert len(captured) == 0


# --- the request ----------------------------------------------------------------------------------
def sent(
    server: Any, settings: Any, path: str = "/lead?zip=1", method: str = "POST", seconds: float = 5
) -> WebhookResult:
    settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
    return send_webhook(WebhookRequest(ID, method, server.url + path, SECRET, seconds))


def _signed(text: str) -> str:
    digest = hmac.new(b"twenty-four bytes or more", text.encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_a_request_has_no_body_and_is_signed(settings: Any, clock: Any, method: str) -> None:
    with somebody(answer()) as server:
        sent(server, settings, method=method)
        head, said = server.asked()[0], server.headers()
    assert head == f"{method} /lead?zip=1 HTTP/1.1"
    assert said.get("content-length") == (None if method == "GET" else "0")
    assert said["webhook-id"] == str(ID)
    assert said["idempotency-key"] == str(ID)
    assert said["webhook-timestamp"] == "1777982400"
    assert said["webhook-signature"] == _signed(f"{ID}.1777982400.")
    assert said["ringpost-url-signature"] == _signed(f"{ID}.1777982400.{method} /lead?zip=1")


def test_the_documented_check_believes_it_and_nothing_else(settings: Any) -> None:
    with somebody(answer()) as server:
        sent(server, settings, "/lead?zip=%2B1&a=[b]")
        said = server.headers()
    example: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], example)  # noqa: S102 - it is our own
    told = [
        example["is_from_ringpost"](SECRET, "POST", path, said | more)
        for path, more in [
            ("/lead?zip=%2B1&a=[b]", {}),
            ("/lead?zip=%2B2", {}),
            ("/lead?zip=%2B1&a=[b]", {"webhook-timestamp": "1"}),
        ]
    ]
    assert told == [True, False, False]


@pytest.mark.django_db
def test_the_page_names_every_token() -> None:
    call = make_call(make_campaign())
    names = url_tokens(call, "start", Ping(NOW, "roofing", None, {}, None))
    assert [name for name in names if f"`[{name}]`" not in PAGE] == []


@pytest.mark.parametrize(
    ("status", "error", "is_final"),
    [
        (200, "", False),
        (204, "", False),
        (302, "a redirect, which is not followed", True),
        (400, "a client error", True),
        (404, "a client error", True),
        (408, "a client error", False),
        (409, "a client error", False),
        (425, "a client error", False),
        (429, "a client error", False),
        (500, "a server error", False),
        (503, "a server error", False),
    ],
)
def test_what_an_answer_means(settings: Any, status: int, error: str, is_final: bool) -> None:
    with somebody(answer(b"", f"{status} Said")) as server:
        told = sent(server, settings)
    assert told.status == status
    assert told.error == error
    assert told.is_final == is_final
    assert told.is_success == (status < 300)


def test_ten_gigabytes_are_a_yes_of_which_nothing_is_kept(settings: Any) -> None:
    with somebody(floods) as server:
        told = sent(server, settings)
    assert told.status == 200
    assert told.is_success is True
    assert told.is_whole is False


def test_a_tarpit_costs_its_deadline(settings: Any) -> None:
    with somebody(drips(b"HTTP/1.1 200 OK\r\nX-Slow: ")) as server:
        told = sent(server, settings, seconds=0.2)
    assert told.status is None
    assert told.error == "no answer within 0.2 seconds"
    assert told.is_final is False


def test_a_private_address_is_never_asked(settings: Any) -> None:
    with somebody(answer()) as server:
        told = send_webhook(WebhookRequest(ID, "POST", server.url, SECRET, 5))
    why = "the address is private, and its host is not among the allowed ones"
    assert told.status is None
    assert told.error == why
    assert told.is_final is True
    assert server.heard == []


def test_an_address_can_grow_too_long(settings: Any) -> None:
    told = send_webhook(WebhookRequest(ID, "POST", "https://a.example/" + "x" * 8_000, SECRET, 5))
    assert told.error == "the address has more than 8,000 characters with its tokens filled in"
    assert told.is_final is True
