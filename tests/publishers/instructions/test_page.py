"""The public page of posting instructions: everything for one integrator, and nothing else of the company."""

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
from tests.publishers.handing import hand_out, link, notices, opened, read

pytestmark = pytest.mark.django_db
ACTIONS = ["active_calls", "transfer", "return", "accept", "reject"]


def _key(slug: str, **given):
    more = {"actions": ACTIONS, "buyer": make.make_buyer()} if slug == "call_control" else {}
    return make.make_key(slug, **more, **given)


@pytest.mark.parametrize("slug", sorted(kind.slug for kind in all_key_types()))
def test_every_kind_of_key_has_a_page(slug):
    answer = opened(hand_out(_key(slug)))
    page = answer.context["page"]
    assert answer.status_code == 200
    assert page.notices == []
    assert [one.told.title for one in page.requests] == TITLES[slug]


TITLES = {
    "rtb": ["Ask for a buyer", "Confirm that the call will come"],
    "call_reservation": ["Ask for a buyer"],
    "call_data_writing": ["Write about a caller"],
    "conversion": ["Report a sale"],
    "account": ["List the calls", "Read one call"],
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


def test_a_kind_that_was_added_has_a_page(monkeypatch):
    monkeypatch.setitem(types._kinds, "hello", Hello)
    handout = hand_out(make.make_key("hello", name="Greetings"))
    assert (
        f"POST this address, with your values in place of the capitals http://testserver/hello.json?key={handout.key.key}"
        in (read(handout))
    )


def test_it_is_in_the_words_of_the_key_and_the_publisher():
    text = read(hand_out(make.make_key("rtb", name="Roofing pings", required_tags=["caller_zip"])))
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
    handout = hand_out(make.make_key(slug))
    page = opened(handout).context["page"]
    texts = [page.requests[0].ready, *(one.code for one in page.requests[0].examples)]
    assert [re.search(rf'{name}(=|": ")alpha\b', text) is not None for text in texts] == [True] * 4


def test_a_campaigns_key_for_writing_is_told_whose_request_it_is():
    handout = hand_out(make.make_key("call_data_writing", campaign=make.make_campaign()))
    assert "publisher_id=alpha" in opened(handout).context["page"].requests[0].examples[0].code


def test_a_publishers_own_key_says_whose_it_is_by_itself():
    handout = hand_out(make.make_key("call_data_writing"))
    assert "publisher_id" not in opened(handout).content.decode()


def test_it_is_only_read():
    address = link(hand_out(make.make_key("conversion")))
    assert [
        Client().generic(method, address).status_code
        for method in ("HEAD", "POST", "PUT", "DELETE")
    ] == [200, 405, 405, 405]


def test_it_tells_nothing_else_of_the_company():
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
        make.make_key(kind, campaign=campaign, name=f"Other {kind}")
        for kind in ("rtb", "call_reservation")
    ]
    beta = make.make_publisher(company, name="Beta Search", publisher_id="beta9")
    settings = {"inbound_number": "+18335550173", "tag_prefix": "zz_"}
    key = make.make_key("rtb", campaign=campaign, name="Pings", **settings)
    hand_out(key, beta)
    page = opened(hand_out(key)).content.decode()
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
        [one.number[1:] for one in numbers]
        + [one.key for one in others]
        + [campaign.campaign_id, company.company_id]
    )
    assert [text for text in secret if text in page] == []


@pytest.mark.parametrize("state", ["unknown", "renewed", "switched off", "no link"])
def test_a_link_that_leads_nowhere_says_nothing(state):
    handout = hand_out(make.make_key("conversion", name="Sales"))
    address = {
        "unknown": "/instructions/5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11",
        "no link": "/instructions/x",
    }.get(state)
    address = address or link(handout)
    if state == "renewed":
        links.renew_link(handout=handout, now=timezone.now())
    if state == "switched off":
        links.disable_link(handout=handout, now=timezone.now())
    answer = Client().get(address)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode())).strip()
    assert answer.status_code == 404
    assert told == NOTHING


NOTHING = (
    "Posting instructions There are no posting instructions here The link may be incomplete, it may have been renewed, or it may "
    "have been switched off. Ask whoever gave it to you for a new one."
)


@pytest.mark.parametrize(
    ("change", "notice"),
    [
        (
            {"key": {"paused": True}},
            "This key is paused at present: every request is answered 403 until it is resumed.",
        ),
        (
            {"campaign": {"paused": True}},
            "This campaign is paused at present: every request is answered “rejected” until that is over.",
        ),
        (
            {"publisher": {"paused": True}},
            "You are paused at present: every request is answered “rejected” until that is over.",
        ),
        (
            {"company": {"rtb_enabled": False}},
            "Real-time bidding is switched off at present: every request is answered 403 until it is on again.",
        ),
    ],
    ids=["key", "campaign", "publisher", "feature"],
)
def test_what_stands_in_the_way_is_said_above(change, notice):
    handout = hand_out(make.make_key("rtb"))
    whose = {
        "key": handout.key,
        "campaign": handout.key.campaign,
        "publisher": handout.publisher,
        "company": handout.company,
    }
    for name, values in change.items():
        type(whose[name]).objects.filter(pk=whose[name].pk).update(**values)
    assert notices(handout) == [notice]


def test_a_paused_publisher_may_not_write():
    handout = hand_out(
        make.make_key("call_data_writing", publisher=make.make_publisher(paused=True))
    )
    assert notices(handout) == [
        "You are paused at present: every request is answered 403 until that is over."
    ]


@pytest.mark.parametrize("whose", ["campaign", "publisher", "company"])
def test_what_has_ended_is_said_instead_of_all_the_rest(whose):
    handout = hand_out(make.make_key("rtb"))
    row = {
        "campaign": handout.key.campaign,
        "publisher": handout.publisher,
        "company": handout.company,
    }[whose]
    row.retire(now=timezone.now())
    page = opened(handout).context["page"]
    assert page.notices == [
        "What these instructions were for has ended. Please stop sending requests."
    ]
    assert page.requests == []


def test_a_revoked_key_is_no_longer_shown():
    handout = hand_out(make.make_key("rtb"))
    rotation.revoke_key(key=handout.key, now=timezone.now())
    told = "This key was revoked: every request with it is refused. Ask whoever gave you this page for a new one."
    assert notices(handout) == [told]
    assert (handout.key.key in opened(handout).content.decode()) is False


@pytest.mark.usefixtures("clock")
def test_a_rolled_over_key_is_followed_and_the_old_ones_end_is_said():
    handout = hand_out(make.make_key("rtb", key="the-old-one"))
    new = rotation.roll_key(key=handout.key, overlap=timedelta(days=1), now=timezone.now())
    page = opened(handout).context["page"]
    told = "There is a new key. The one before, which ends in -one, works until 2026-05-06 12:00 UTC: change over before."
    assert page.notices == [told]
    assert page.key == new.key


def test_a_rolled_over_key_that_is_over_is_not_spoken_of():
    handout = hand_out(make.make_key("rtb"))
    rotation.roll_key(key=handout.key, overlap=timedelta(0), now=timezone.now())
    assert notices(handout) == []


def test_a_key_that_may_do_nothing_yet_says_so():
    handout = hand_out(make.make_key("call_control", buyer=make.make_buyer()))
    assert notices(handout) == ["This key may do nothing yet. Ask whoever gave you this page."]


def test_the_keys_own_limits_are_told():
    limits = {"requests_per_second": 5, "burst": 20, "allowed_networks": ["203.0.113.0/24"]}
    assert opened(hand_out(make.make_key("rtb", **limits))).context["page"].limits == [
        "At most 5 requests a second, and 20 at once; more are answered 429.",
        "Requests must come from 203.0.113.0/24; others are answered 403.",
    ]


def test_it_is_kept_nowhere_and_found_by_nobody():
    headers = opened(hand_out(make.make_key("rtb"))).headers
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


def test_it_keeps_to_the_strict_policy():
    page = opened(hand_out(make.make_key("rtb"))).content.decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page) == []


def test_the_link_is_in_no_log():
    handout = hand_out(make.make_key("rtb"))
    with redirect_stderr(io.StringIO()) as log:
        opened(handout)
    assert (str(handout.token) in log.getvalue()) is False
    assert f"/instructions/••••{str(handout.token)[-4:]}" in log.getvalue()


def test_the_ready_address_begins_with_the_public_one(settings):
    settings.PUBLIC_BASE_URL = "https://calls.example.com"
    ready = opened(hand_out(make.make_key("rtb"))).context["page"].requests[0].ready
    assert ready.startswith("https://calls.example.com/rtbs.json?key=")


def test_dangerous_requests_have_no_form():
    page = opened(hand_out(_key("call_control"))).context["page"]
    assert [one.told.title for one in page.requests if one.told.trial] == ["List your calls"]


def test_names_are_shown_as_they_were_written():
    handout = hand_out(make.make_key("rtb", name="<b>Pings</b>", required_tags=['say "hi"', "{x}"]))
    page = opened(handout)
    assert ("<b>Pings" in page.content.decode()) is False
    assert "say+%22hi%22=" in page.context["page"].requests[0].ready


def test_it_asks_the_database_once(django_assert_num_queries):
    handout = hand_out(make.make_key("rtb"))
    with django_assert_num_queries(1):
        opened(handout)


def test_the_company_is_named_where_a_key_needs_it():
    handout = hand_out(
        make.make_key("account", company=Company.objects.create(name="Acme", company_id="acme"))
    )
    assert "company_id=acme" in opened(handout).context["page"].requests[0].ready
