"""Concurrent pings, confirmations, calls and sweeps: one winner each, every place counted."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events as calls
from callcontrol.models import Call, CallTag, Leg
from campaigns import leases
from campaigns.caps import counters
from campaigns.models import Buyer, Campaign, CapHold
from publishers import stored_tags
from publishers.models import Key, LogEntry, StoredTag
from publishers.snapshot import current_snapshot
from reservations import lifecycle, queries
from reservations.models import Reservation
from tests.factories import make_key, make_market, make_number
from tests.pinging import CALLER, confirm, held, ping, reservation
from tests.races.takers import together

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 12
ROUNDS = 5
LINE = "+18335550199"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(caps=[1, None], pool=MANY)
    make_number(campaign, number=LINE)
    return campaign


def callers() -> list[str]:
    return [f"+120255501{number:02}" for number in range(MANY)]


def statuses() -> Counter[str]:
    return Counter(Reservation.objects.values_list("status", flat=True))


def drift(campaign: Campaign, now: datetime | None = None) -> list[counters.Drift]:
    return counters.recount(company_id=campaign.company_id, now=now or timezone.now())


def expire_all(campaign: Campaign) -> datetime:
    """Move the end of every reservation a second into the past; return now."""
    now = timezone.now()
    Reservation.objects.update(expires_at=now - timedelta(seconds=1))
    return now


def arrive(name: str, to: str, caller: str | None = CALLER, now: datetime | None = None) -> Call:
    arrival = Arrival(
        carrier="simulator",
        carrier_call_id=name,
        to=to,
        caller=caller,
        digits=None,
        now=now or timezone.now(),
    )
    return calls.handle_arrival(arrival)


# --- shield and pairs -----------------------------------------------------------------------------
@pytest.mark.parametrize("counts", [False, True])
def test_identical_pings_are_one_reservation(campaign: Campaign, counts: bool) -> None:
    key = make_key(campaign=campaign, count_on_reserve=counts)
    for caller in callers()[:ROUNDS]:
        answers = together([lambda caller=caller: ping(key, caller_number=caller)] * MANY)  # type: ignore[misc]
        assert Counter("retreaver_ping_shield" in answer for answer in answers) == {
            True: MANY - 1,
            False: 1,
        }
        assert (
            len(
                {
                    (answer["uuid"], answer["inbound_number"], answer["expires_at"])
                    for answer in answers
                }
            )
            == 1
        )
    assert statuses() == {"reserved": ROUNDS}
    assert LogEntry.objects.count() == ROUNDS * MANY
    assert drift(campaign) == []


def test_identical_pings_over_sockets_are_one_reservation(
    http: httpx.Client, campaign: Campaign
) -> None:
    url = f"/rtbs.json?key={make_key(campaign=campaign).key}&caller_number={CALLER}"
    uuids = {answer.json()["uuid"] for answer in together([lambda: http.post(url)] * MANY)}
    assert len(uuids) == 1
    assert statuses() == {"reserved": 1}


def test_identical_pings_after_the_end_are_one_new_reservation(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, count_on_reserve=True)
    for _ in range(ROUNDS):
        ping(key)
        expire_all(campaign)
        assert len({answer["uuid"] for answer in together([lambda: ping(key)] * MANY)}) == 1
    assert Reservation.objects.live(now=timezone.now()).count() == 1
    assert drift(campaign) == []


def test_keys_of_different_scopes_answer_a_caller_different_numbers(campaign: Campaign) -> None:
    keys = [make_key(campaign=campaign) for _ in range(MANY)]
    answers = together([lambda key=key: ping(key) for key in keys])  # type: ignore[misc]
    pool = campaign.numbers.filter(in_pool=True).values_list("number", flat=True)
    assert sorted(answer["inbound_number"] for answer in answers) == sorted(pool)


# --- confirmations --------------------------------------------------------------------------------
def test_a_confirmation_is_counted_once(campaign: Campaign) -> None:
    key = make_key(campaign=campaign)
    first = ping(key)
    answers = together([lambda: confirm(key, first["uuid"])] * MANY)
    assert answers == [{**first, "status": "confirmed"}] * MANY
    assert CapHold.objects.count() == 1
    assert held(Buyer.objects.get(buyer_id="b1")) == 1
    assert drift(campaign) == []


def test_of_many_confirmations_as_many_win_as_there_are_places(campaign: Campaign) -> None:
    Buyer.objects.filter(buyer_id="b1").update(concurrency_cap=5)
    key = make_key(campaign=campaign)
    answers = [ping(key, caller_number=caller) for caller in callers()]
    together([lambda answer=answer: confirm(key, answer["uuid"]) for answer in answers])  # type: ignore[misc]
    assert statuses() == {"confirmed": 5, "no-target": MANY - 5}
    assert drift(campaign) == []


@pytest.mark.parametrize("counts", [False, True])
def test_a_confirmation_and_the_sweep_agree(campaign: Campaign, counts: bool) -> None:
    Buyer.objects.update(concurrency_cap=None)
    key = make_key(campaign=campaign, count_on_reserve=counts)
    rows = [reservation(ping(key, caller_number=caller)) for caller in callers()]
    end = max(row.expires_at for row in rows)
    facts = current_snapshot(campaign.company_id)

    def confirms(row: Reservation) -> Callable[[], Any]:
        before = row.expires_at - timedelta(milliseconds=1)
        act = transaction.atomic(lifecycle.confirm)
        return lambda: act(uuid=row.pk, key=facts.keys[key.pk], snapshot=facts, tags={}, now=before)

    sweeps = [
        lambda: lifecycle.expire_due(now=end),
        lambda: lifecycle.expire_all_due(now=end, company_pk=campaign.company_id),
    ]
    together([*map(confirms, rows), *sweeps, *sweeps])
    lifecycle.expire_due(now=end)
    assert statuses() == {"expired": MANY}
    assert held(Buyer.objects.get(buyer_id="b1")) == 0
    assert drift(campaign, end) == []


def test_a_confirmation_and_a_call_agree_on_one_place(campaign: Campaign) -> None:
    Buyer.objects.update(concurrency_cap=None)
    key = make_key(campaign=campaign)
    for name, caller in enumerate(callers()):
        first = ping(key, caller_number=caller)
        together(
            [
                lambda: confirm(key, first["uuid"]),  # noqa: B023
                lambda: arrive(f"call {name}", first["inbound_number"], caller),  # noqa: B023
            ]
        )
    places = set(CapHold.objects.filter(status="held").values_list("pk", flat=True))
    legs = set(Leg.objects.exclude(hold=None).values_list("hold", flat=True))
    assert statuses() == {"claimed": MANY}
    assert places == legs
    assert len(places) == MANY
    assert drift(campaign) == []


def test_a_call_that_waits_for_a_confirmation_gets_its_place(campaign: Campaign) -> None:
    key = make_key(campaign=campaign)
    row, facts = reservation(ping(key)), current_snapshot(campaign.company_id)
    inside = threading.Event()

    def confirms() -> None:
        with transaction.atomic():
            lifecycle.confirm(
                uuid=row.pk,
                key=facts.keys[key.pk],
                snapshot=facts,
                tags={"late": "tag"},
                now=row.created_at,
            )
            inside.set()
            time.sleep(0.3)  # the call reads what is there, and waits to write

    together(
        [
            confirms,
            lambda: (inside.wait(10), arrive("call", str(row.inbound_number), now=row.created_at)),
        ]
    )
    assert Leg.objects.get(party="handler").hold == CapHold.objects.get()
    assert CallTag.objects.get().name == "late"


# --- calls ----------------------------------------------------------------------------------------
def test_a_reservation_is_claimed_by_one_call(campaign: Campaign) -> None:
    key = make_key(campaign=campaign)
    for turn in range(ROUNDS):
        first = ping(key)
        made = together(
            [
                lambda n=n: arrive(f"{turn}.{n}", first["inbound_number"])  # noqa: B023
                for n in range(MANY)
            ]
        )
        assert Counter(str(call.reservation_id) for call in made) == {
            first["uuid"]: 1,
            "None": MANY - 1,
        }
    assert statuses() == {"claimed": ROUNDS}
    assert drift(campaign) == []


def test_calls_on_one_number_claim_one_reservation_each(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, allow_no_caller_number=True, inbound_number=LINE)
    pings = {ping(key, caller_number="")["uuid"] for _ in range(MANY)}
    made = together([lambda n=n: arrive(str(n), LINE) for n in range(MANY)])  # type: ignore[misc]
    assert {str(call.reservation_id) for call in made} == pings


@pytest.mark.parametrize("how", ["claimed", "confirmed", "ordinary"])
def test_a_call_that_is_announced_by_many_is_one(campaign: Campaign, how: str) -> None:
    key = make_key(campaign=campaign)
    for turn in range(ROUNDS):
        number = LINE if how == "ordinary" else ping(key)["inbound_number"]
        if how == "confirmed":
            confirm(key, str(Reservation.objects.latest("created_at").uuid))
        made = together([lambda: arrive(f"call {turn}", number)] * MANY)  # noqa: B023
        assert len({call.pk for call in made}) == 1
        assert {call.status for call in made} <= {"routing", "ringing"}
    assert Call.objects.count() == ROUNDS
    assert Leg.objects.count() == 2 * ROUNDS
    assert CapHold.objects.filter(status="held").count() == ROUNDS
    assert drift(campaign) == []


def test_calls_and_pings_take_no_place_too_many(campaign: Campaign) -> None:
    Buyer.objects.update(concurrency_cap=3)
    key = make_key(campaign=campaign, count_on_reserve=True)
    pings: list[Callable[[], Any]] = [
        lambda caller=caller: ping(key, caller_number=caller) for caller in callers()
    ]  # type: ignore[misc]
    arrivals = [lambda n=n: arrive(str(n), LINE, None) for n in range(MANY)]  # type: ignore[misc]
    together(list(itertools.chain(*zip(pings, arrivals, strict=True))))
    assert sorted(held(buyer) for buyer in Buyer.objects.all()) == [3, 3]
    assert CapHold.objects.filter(status="held").count() == 6
    assert drift(campaign) == []


def test_a_claim_and_the_sweep_agree(campaign: Campaign) -> None:
    Buyer.objects.update(concurrency_cap=None)
    key = make_key(campaign=campaign, count_on_reserve=True)
    rows = [reservation(ping(key, caller_number=caller)) for caller in callers()]
    end = max(row.expires_at for row in rows)
    jobs = [
        lambda row=row: arrive(
            str(row.pk),
            str(row.inbound_number),
            row.caller_number,
            row.expires_at - timedelta(milliseconds=1),
        )
        for row in rows
    ]
    together([*jobs, *[lambda: lifecycle.expire_due(now=end)] * 3])
    lifecycle.expire_due(now=end)
    legs = Leg.objects.filter(party="handler").count()
    assert legs == MANY
    assert CapHold.objects.filter(status="held").count() == MANY
    assert drift(campaign, end) == []
    assert statuses().total() == MANY


def test_waiting_tags_go_to_one_call(campaign: Campaign) -> None:
    now = timezone.now()
    for n in range(ROUNDS):
        StoredTag.objects.create(
            company=campaign.company,
            caller_number=CALLER,
            name=f"tag {n}",
            written_at=now,
            expires_at=now + timedelta(hours=1),
        )
    together([lambda n=n: arrive(str(n), LINE) for n in range(MANY)])  # type: ignore[misc]
    assert Counter(CallTag.objects.values_list("call", flat=True)).most_common() == [
        (CallTag.objects.first().call_id, ROUNDS)
    ]  # type: ignore[union-attr]


# --- the end of reservations ----------------------------------------------------------------------
def full_and_past(campaign: Campaign) -> Key:
    """Create a key whose buyer's only place is held by a reservation past its end."""
    key = make_key(campaign=campaign, count_on_reserve=True)
    Buyer.objects.filter(buyer_id="b2").update(paused=True)
    ping(key, caller_number="+13105550103")
    expire_all(campaign)
    return key


def test_a_ping_at_an_end_finds_the_place(campaign: Campaign) -> None:
    key = full_and_past(campaign)
    for _ in range(ROUNDS):
        answers = together(
            [lambda caller=caller: ping(key, caller_number=caller) for caller in callers()]
        )  # type: ignore[misc]
        assert Counter(answer["status"] for answer in answers) == {
            "reserved": 1,
            "no-target": MANY - 1,
        }
        expire_all(campaign)


def test_a_sweep_under_way_is_waited_for(campaign: Campaign) -> None:
    key = full_and_past(campaign)
    together([lambda: lifecycle.expire_due(now=timezone.now()), lambda: ping(key)])
    assert statuses()["reserved"] == 1
    assert drift(campaign) == []


def test_parallel_sweeps_close_each_reservation_once(campaign: Campaign) -> None:
    Buyer.objects.update(concurrency_cap=None)
    key = make_key(campaign=campaign, count_on_reserve=True)
    for caller in callers():
        ping(key, caller_number=caller)
    now = expire_all(campaign)
    swept = together([lambda: lifecycle.expire_due(now=now, limit=5)] * MANY)
    assert sum(swept) == MANY
    assert statuses() == {"expired": MANY}
    assert held(Buyer.objects.get(buyer_id="b1")) == 0


def test_a_batch_is_bounded(campaign: Campaign) -> None:
    key = make_key(campaign=campaign)
    for caller in callers():
        ping(key, caller_number=caller)
    now = expire_all(campaign)
    assert [len(queries.expire(now=now, limit=5)) for _ in range(4)] == [5, 5, 2, 0]


def test_stored_tags_are_dropped_once_by_sweeps_in_parallel(campaign: Campaign) -> None:
    now = timezone.now()
    for n in range(60):
        StoredTag.objects.create(
            company=campaign.company,
            caller_number=CALLER,
            name=str(n),
            written_at=now,
            expires_at=now + timedelta(seconds=n - 49),
        )
    dropped = together([lambda: stored_tags.drop_expired_tags(now=now, limit=7)] * MANY)
    assert sum(dropped) == 50
    assert StoredTag.objects.count() == 10


def test_one_worker_holds_a_lease(campaign: Campaign) -> None:
    now = timezone.now()
    won = together(
        [
            lambda n=n: leases.acquire(
                name="sweep", holder=str(n), lasts=timedelta(seconds=9), now=now
            )
            for n in range(MANY)
        ]  # type: ignore[misc]
    )
    assert Counter(won) == {True: 1, False: MANY - 1}
