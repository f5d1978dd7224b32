"""Many workers send a webhook at once: one does, and dialing waits for its tags."""

from typing import Any

import pytest
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events
from callcontrol.models import Call, DeliveryAttempt, Leg
from callcontrol.webhooks import deliveries
from campaigns.models import Campaign
from publishers.snapshot import current_snapshot
from tests.callcontrol.hooked import hook_to
from tests.callcontrol.lines import make_call
from tests.factories import make_buyer, make_campaign, make_number, make_route
from tests.outsiders import answer, somebody
from tests.races.takers import together

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 6


@pytest.fixture
def campaign() -> Campaign:
    """Its buyer is dialed where a tag says."""
    campaign = make_campaign()
    make_route(campaign, make_buyer(campaign.company, number="[to]"))
    return campaign


def test_of_many_who_would_ring_a_call_one_asks_and_none_rings_before(
    campaign: Campaign, settings: Any
) -> None:
    to = make_number(campaign).number
    with somebody(answer(b'{"to": "+14165550177"}')) as server:
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        hook_to(server, campaign, values={"to": "to"}, deadline_ms=10_000)
        calls = [
            events.receive_call(
                Arrival(
                    "simulator", f"call-{number}", to, f"+1202555010{number}", None, timezone.now()
                )
            ).pk
            for number in range(4)
        ]
        for call in calls:
            together([lambda call=call: events.dial_next(call, now=timezone.now())] * CLIENTS)
        assert len(server.heard) == len(calls)
    rung = Leg.objects.filter(party="handler").values_list("call", "number")
    assert sorted(rung) == sorted((call, "+14165550177") for call in calls)
    assert set(Call.objects.values_list("status", flat=True)) == {"ringing"}


def test_many_workers_send_each_word_once(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        for number in range(5):
            hook_to(
                server,
                campaign,
                f"/{number}",
                name=f"{number}",
                trigger="ended",
                deadline_ms=10_000,
            )
        for _ in range(4):
            deliveries.queue_webhooks(
                make_call(campaign),
                "ended",
                snapshot=current_snapshot(campaign.company_id),
                now=timezone.now(),
            )
        sent = together([lambda: deliveries.send_due(now=timezone.now(), limit=100)] * CLIENTS)
        assert sum(sent) == 20
        assert len(server.heard) == 20
        assert DeliveryAttempt.objects.filter(status=200).count() == 20
