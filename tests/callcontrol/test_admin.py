"""Calls in the admin."""

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from callcontrol.models import Call, CallEvent, CallTag, Delivery, DeliveryAttempt, Leg
from tests import factories as make
from tests.desk import browser, listed

pytestmark = pytest.mark.django_db
LIST = reverse("admin:callcontrol_call_changelist")
CALLER = "+12025550142"


def _call(campaign: Any = None, **fields: Any) -> Call:
    campaign, now = campaign or make.make_campaign(), timezone.now()
    carried = {"carrier": "simulator", "carrier_call_id": f"{Call.objects.count()}", "inbound_number": "+18335550100"}
    said = {"caller_number": CALLER, "started_at": now, "clock": now, "buyer": make.make_buyer(campaign.company)}
    return Call.objects.create(company=campaign.company, campaign=campaign, **carried, **{**said, **fields})


def _page(call: Call) -> str:
    return reverse("admin:callcontrol_call_change", args=[call.pk])


def test_a_company_sees_its_own_calls():
    call = _call()
    _call()
    assert listed(browser(call.company), LIST) == [call]


def test_another_companys_call_is_not_there():
    answer = browser(make.make_company()).get(_page(_call()))
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))


def test_a_calls_page_has_its_timeline_legs_and_tags():
    call, now = _call(), timezone.now()
    rows = [
        CallEvent.objects.create(call=call, at=now, kind="arrived"),
        Leg.objects.create(call=call, party="handler", started_at=now),
        CallTag.objects.create(call=call, name="zip", value="90210", written_at=now),
    ]
    shown = browser(call.company).get(_page(call)).context["inline_admin_formsets"]
    assert [form.instance for inline in shown for form in inline.formset.initial_forms] == rows


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_the_callers_number_is_masked_wherever_it_stands(role, clear):
    call, now = _call(), timezone.now()
    CallEvent.objects.create(call=call, at=now, kind="arrived", detail={"number": CALLER})
    Leg.objects.create(call=call, party="caller", number=CALLER, started_at=now)
    CallTag.objects.create(call=call, name="callback", value=CALLER, written_at=now)
    assert browser(call.company, role).get(_page(call)).content.count(CALLER.encode()) == (4 if clear else 0)


def _told(call: Call, **fields: Any) -> Delivery:
    usual = {"name": "CRM", "trigger": "ended", "method": "POST", "url": f"https://a.example/x?key=open-sesame&from={CALLER}"}
    webhook = make.make_webhook(call.campaign)
    row = Delivery.objects.create(call=call, company=call.company, webhook=webhook, created_at=call.started_at, **usual | fields)
    DeliveryAttempt.objects.create(delivery=row, at=call.started_at)
    DeliveryAttempt.objects.create(delivery=row, at=call.started_at, error="no answer within 2 seconds", duration_ms=2000)
    DeliveryAttempt.objects.create(delivery=row, at=call.started_at, status=200, answer="<b>token</b>", duration_ms=35)
    return row


def test_a_calls_page_has_its_webhooks_with_every_try():
    call = _call()
    row = _told(call)
    row.webhook.delete()
    page = browser(call.company).get(_page(call))
    shown = [form.instance for inline in page.context["inline_admin_formsets"] for form in inline.formset.initial_forms]
    tries = re.findall("(?:nobody knows|no answer within|200 in|CRM,)[^<]*", page.content.decode())
    assert (shown, tries) == (
        [row],
        ["CRM, deleted", "nobody knows: the process ended", "no answer within 2 seconds", "200 in 35 ms"],
    )


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_what_a_webhook_was_asked_and_answered_is_for_editors(role, clear):
    call = _call()
    _told(call)
    shown = browser(call.company, role).get(_page(call)).content.decode()
    assert ("open-sesame" in shown, "&lt;b&gt;token&lt;/b&gt;" in shown) == (clear, clear)
    assert ("POST https://a.example/" in shown, "200 in 35 ms" in shown) == (True, True)


def test_nobody_edits_a_call():
    call = _call()
    answer = browser().post(_page(call), {"status": "finished"})
    assert (answer.status_code, Call.objects.get().status) == (403, "routing")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_however_many_calls(count, django_assert_num_queries):
    campaign = make.make_campaign()
    for _ in range(count):
        _call(campaign, publisher=make.make_publisher(campaign.company))
    client = browser(campaign.company)
    with django_assert_num_queries(8):
        client.get(LIST)
