"""The public page of posting instructions."""

import io
import re
from contextlib import redirect_stderr
from datetime import timedelta
from typing import ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Company
from publishers.instructions import links
from publishers.keys import rotation, types
from publishers.keys.types import KeyType, all_key_types
from tests import factories as make
from tests.publishers.instructions_pages import get_page, make_link, notices, page_text, page_url

pytestmark = pytest.mark.django_db
ACTIONS = ["active_calls", "transfer", "return", "accept", "reject"]


def _key(slug: str, **given):
    more = {"actions": ACTIONS, "buyer": make.make_buyer()} if slug == "call_control" else {}
    return make.make_key(slug, **more, **given)


@pytest.mark.parametrize("slug", sorted(key_type.slug for key_type in all_key_types()))
def test_every_key_type_has_a_page(slug):
    answer = get_page(make_link(_key(slug)))
    page = answer.context["page"]
    assert answer.status_code == 200
    assert page.notices == []
    assert [section.request.title for section in page.requests] == TITLES[slug]


TITLES = {
    "rtb": ["Request a buyer", "Confirm that the call will come"],
    "call_reservation": ["Request a buyer"],
    "call_data_writing": ["Write about a caller"],
    "conversion": ["Report a sale"],
    "account": ["List the calls", "Read a call"],
    "call_control": [
        "List your calls",
        "Transfer a call",
        "Connect the caller of a transfer",
        "Stop a transfer",
        "Return a call",
        "Accept a call",
        "Reject a call",
    ],
}


class Hello(KeyType):
    """Says hello."""

    slug = "hello"
    label = "Hello"
    owners: ClassVar = ("publisher",)
    path = "/hello.json"


def test_an_added_key_type_has_a_page(monkeypatch):
    monkeypatch.setitem(types._types, "hello", Hello)
    link = make_link(make.make_key("hello", name="Greetings"))
    assert (
        f"POST this URL, with your values in place of the capitals http://testserver/hello.json?key={link.key.key}"
        in (page_text(link))
    )


def test_the_page_names_the_key_its_publisher_and_its_parameters():
    text = page_text(
        make_link(make.make_key("rtb", name="Roofing pings", required_tags=["caller_zip"]))
    )
    found = [
        "Posting instructions for Alpha Media Roofing pings Real-time bidding",
        "caller_number required",
        "publisher_id required",
        "caller_zip required",
        "inbound_number optional",
    ]
    assert [words for words in found if words not in text] == []


@pytest.mark.parametrize(
    ("slug", "name"), [("rtb", "publisher_id"), ("call_reservation", "affiliate_id")]
)
def test_the_publisher_is_filled_in_everywhere(slug, name):
    link = make_link(make.make_key(slug))
    page = get_page(link).context["page"]
    texts = [page.requests[0].ready_url, *(sample.code for sample in page.requests[0].samples)]
    assert [re.search(rf'{name}(=|": ")alpha\b', text) is not None for text in texts] == [True] * 4


def test_a_shared_key_for_writing_carries_the_publisher():
    link = make_link(make.make_key("call_data_writing", campaign=make.make_campaign()))
    assert "publisher_id=alpha" in get_page(link).context["page"].requests[0].samples[0].code


def test_a_publishers_own_key_carries_no_publisher():
    link = make_link(make.make_key("call_data_writing"))
    assert "publisher_id" not in get_page(link).content.decode()


def test_the_page_is_read_only():
    address = page_url(make_link(make.make_key("conversion")))
    assert [
        Client().generic(method, address).status_code
        for method in ("HEAD", "POST", "PUT", "DELETE")
    ] == [200, 405, 405, 405]


def test_the_page_reveals_nothing_else_of_the_company():
    company = make.make_company(name="Acme Secret Calls")
    campaign = make.make_campaign(company, name="Hidden Roofing")
    buyer = make.make_buyer(company, name="Buyer Unseen", buyer_id="unseen1", number="+14155550187")
    make.make_route(campaign, buyer)
    numbers = [
        make.make_number(campaign, in_pool=pool, number=f"+1833555017{pool:d}")
        for pool in (False, True)
    ]
    make.make_conversion(campaign, payout="77.77", revenue="133.33")
    others = [
        make.make_key(key_type, campaign=campaign, name=f"Other {key_type}")
        for key_type in ("rtb", "call_reservation")
    ]
    beta = make.make_publisher(company, name="Beta Search", publisher_id="beta9")
    settings = {"inbound_number": "+18335550173", "tag_prefix": "zz_"}
    key = make.make_key("rtb", campaign=campaign, name="Pings", **settings)
    make_link(key, beta)
    page = get_page(make_link(key)).content.decode()
    secret = [
        "Acme",
        "Hidden",
        "Unseen",
        "unseen1",
        "0187",
        "77.77",
        "133.33",
        "Beta",
        "beta9",
        "18335550173",
        "zz_",
        "Other",
    ]
    secret += (
        [row.number[1:] for row in numbers]
        + [row.key for row in others]
        + [campaign.campaign_id, company.company_id]
    )
    assert [text for text in secret if text in page] == []


@pytest.mark.parametrize("state", ["unknown", "renewed", "switched off", "no link"])
def test_a_dead_link_reveals_nothing(state):
    link = make_link(make.make_key("conversion", name="Sales"))
    address = {
        "unknown": "/instructions/5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11",
        "no link": "/instructions/x",
    }.get(state)
    address = address or page_url(link)
    if state == "renewed":
        links.renew_link(link=link, now=timezone.now())
    if state == "switched off":
        links.disable_link(link=link, now=timezone.now())
    answer = Client().get(address)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode())).strip()
    assert answer.status_code == 404
    assert text == NOT_FOUND


NOT_FOUND = (
    "Posting instructions Posting instructions not found The link is incomplete, or it was renewed "
    "or switched off. Ask the company that sent it to you for a new link."
)


@pytest.mark.parametrize(
    ("change", "notice"),
    [
        (
            {"key": {"paused": True}},
            "This key is paused. Requests are answered 403 until it is resumed.",
        ),
        (
            {"campaign": {"paused": True}},
            "This campaign is paused. Requests are answered “rejected” until it is resumed.",
        ),
        (
            {"publisher": {"paused": True}},
            "You are paused. Requests are answered “rejected” until you are resumed.",
        ),
        (
            {"company": {"rtb_enabled": False}},
            "Real-time bidding is switched off. Requests are answered 403 until it is switched on.",
        ),
    ],
    ids=["key", "campaign", "publisher", "feature"],
)
def test_a_pause_is_a_notice(change, notice):
    link = make_link(make.make_key("rtb"))
    rows = {
        "key": link.key,
        "campaign": link.key.campaign,
        "publisher": link.publisher,
        "company": link.company,
    }
    for name, values in change.items():
        type(rows[name]).objects.filter(pk=rows[name].pk).update(**values)
    assert notices(link) == [notice]


def test_a_paused_publisher_may_not_write():
    link = make_link(make.make_key("call_data_writing", publisher=make.make_publisher(paused=True)))
    assert notices(link) == ["You are paused. Requests are answered 403 until you are resumed."]


@pytest.mark.parametrize("owner", ["campaign", "publisher", "company"])
def test_a_retired_owner_leaves_only_a_notice(owner):
    link = make_link(make.make_key("rtb"))
    row = {
        "campaign": link.key.campaign,
        "publisher": link.publisher,
        "company": link.company,
    }[owner]
    row.retire(now=timezone.now())
    page = get_page(link).context["page"]
    assert page.notices == ["These instructions have ended. Stop sending requests."]
    assert page.requests == []


def test_a_revoked_key_is_not_shown():
    link = make_link(make.make_key("rtb"))
    rotation.revoke_key(key=link.key, now=timezone.now())
    notice = (
        "This key was revoked: every request with it is refused. "
        "Contact the company that sent you this page for a new key."
    )
    assert notices(link) == [notice]
    assert (link.key.key in get_page(link).content.decode()) is False


@pytest.mark.usefixtures("clock")
def test_the_link_follows_a_rolled_over_key():
    link = make_link(make.make_key("rtb", key="the-old-one"))
    new = rotation.roll_key(key=link.key, overlap=timedelta(days=1), now=timezone.now())
    page = get_page(link).context["page"]
    notice = "This is a new key. The old key, ending in -one, works until 2026-05-06 12:00 UTC."
    assert page.notices == [notice]
    assert page.key == new.key


def test_an_expired_former_key_is_not_mentioned():
    link = make_link(make.make_key("rtb"))
    rotation.roll_key(key=link.key, overlap=timedelta(0), now=timezone.now())
    assert notices(link) == []


def test_a_key_without_actions_has_a_notice():
    link = make_link(make.make_key("call_control", buyer=make.make_buyer()))
    assert notices(link) == [
        "This key allows no request yet. Contact the company that sent you this page."
    ]


def test_the_limits_of_the_key_are_listed():
    limits = {"requests_per_second": 5, "burst": 20, "allowed_networks": ["203.0.113.0/24"]}
    assert get_page(make_link(make.make_key("rtb", **limits))).context["page"].limits == [
        "At most 5 requests a second, in bursts of 20. Requests over the limit are answered 429.",
        "Send requests from 203.0.113.0/24. Other addresses are answered 403.",
    ]


def test_the_page_is_neither_cached_nor_indexed():
    headers = get_page(make_link(make.make_key("rtb"))).headers
    named = [
        "Cache-Control",
        "Referrer-Policy",
        "X-Robots-Tag",
        "Content-Security-Policy",
        "Set-Cookie",
    ]
    policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    assert [headers.get(name) for name in named] == [
        "no-store",
        "no-referrer",
        "noindex, nofollow",
        f"{policy}frame-ancestors 'self'",
        None,
    ]


def test_the_page_obeys_the_content_security_policy():
    page = get_page(make_link(make.make_key("rtb"))).content.decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page) == []


def test_the_access_log_masks_the_link():
    link = make_link(make.make_key("rtb"))
    with redirect_stderr(io.StringIO()) as log:
        get_page(link)
    assert (str(link.token) in log.getvalue()) is False
    assert f"/instructions/••••{str(link.token)[-4:]}" in log.getvalue()


def test_the_ready_url_begins_with_the_public_base_url(settings):
    settings.PUBLIC_BASE_URL = "https://calls.example.com"
    ready = get_page(make_link(make.make_key("rtb"))).context["page"].requests[0].ready_url
    assert ready.startswith("https://calls.example.com/rtbs.json?key=")


def test_dangerous_requests_have_no_form():
    page = get_page(make_link(_key("call_control"))).context["page"]
    assert [section.request.title for section in page.requests if section.request.test_effect] == [
        "List your calls"
    ]


def test_names_are_escaped():
    link = make_link(make.make_key("rtb", name="<b>Pings</b>", required_tags=['say "hi"', "{x}"]))
    page = get_page(link)
    assert ("<b>Pings" in page.content.decode()) is False
    assert "say+%22hi%22=" in page.context["page"].requests[0].ready_url


def test_the_page_takes_one_query(django_assert_num_queries):
    link = make_link(make.make_key("rtb"))
    with django_assert_num_queries(1):
        get_page(link)


def test_the_company_id_is_filled_in():
    link = make_link(
        make.make_key("account", company=Company.objects.create(name="Acme", company_id="acme"))
    )
    assert "company_id=acme" in get_page(link).context["page"].requests[0].ready_url
