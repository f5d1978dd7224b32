"""A reserved buyer is paused while its call is routed: the place is the leg's or is released."""

import threading
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import dialing
from callcontrol.lifecycle.arrival import destination_of, record_arrival
from callcontrol.models import Call
from callcontrol.state.locked_call import lock_call
from campaigns.models import Buyer, Campaign, CapHold
from publishers.snapshot import Snapshot, current_snapshot
from tests.factories import make_key, make_market
from tests.pinging import CALLER, ping
from tests.races.takers import together

pytestmark = pytest.mark.django_db(transaction=True)


def arrived(campaign: Campaign, now: datetime) -> Call:
    """Create a call of a caller whose ping took a place; no buyer is dialed yet."""
    answer = ping(make_key(campaign=campaign, count_on_reserve=True))
    to = answer["inbound_number"]
    with transaction.atomic():
        arrival = Arrival(
            carrier="simulator", carrier_call_id="one", to=to, caller=CALLER, digits=None, now=now
        )
        return record_arrival(arrival, destination_of(to))


def paused(campaign: Campaign) -> Snapshot:
    Buyer.objects.update(paused=True)
    return current_snapshot(campaign.company_id)


def test_a_place_is_not_given_back_from_under_a_leg_that_is_being_made() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, and locks no rows")
    campaign, now = make_market(caps=[1]), timezone.now()
    call, before, after = (
        arrived(campaign, now),
        current_snapshot(campaign.company_id),
        paused(campaign),
    )
    dialed, released = threading.Event(), threading.Event()

    def dial() -> None:
        with transaction.atomic():
            dialing.ring_next_buyer(lock_call(call.pk), snapshot=before, now=now)
            dialed.set()
            released.wait(timeout=0.5)  # in vain: it waits for this transaction

    def release() -> None:
        dialed.wait(timeout=30)
        with transaction.atomic():
            dialing.release_reserved_place(lock_call(call.pk), snapshot=after, now=now)
        released.set()

    together([dial, release])
    legs = call.legs.filter(party="handler").values_list("hold__status", flat=True)
    assert list(legs) == ["held"]
    assert CapHold.objects.filter(status="held").count() == 1
