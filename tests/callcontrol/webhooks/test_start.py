"""Start webhooks: sent before the first dialing, all at once, within their deadlines."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from callcontrol.carriers import registry
from callcontrol.carriers.base import Arrival, LegEnded
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Delivery, Leg
from callcontrol.webhooks import start
from campaigns.models import Campaign
from tests.callcontrol.hooked import hook_to, said, tags, tries, words
from tests.callcontrol.scripts import Quiet, after, arrive, play_line, use
from tests.factories import (
    make_buyer,
    make_campaign,
    make_key,
    make_number,
    make_publisher,
    make_route,
    make_webhook,
)
from tests.outsiders import Outsider, Play, answer, drips, says, somebody
from tests.pinging import CALLER, ping

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = {"inbound_number": "call_reservation.inbound_number"}
RESERVED = b'{"call_reservation": {"inbound_number": 14165550177, "status": "reserved"}}'
REFUSED = RESERVED.replace(b"reserved", b"no-target")


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    """Create a campaign: the first buyer's number is a tag, the second's is fixed."""
    use(Quiet, monkeypatch, settings)
    campaign = make_campaign()
    make_number(campaign, in_pool=True)
    for place, number in enumerate(["[inbound_number]", "+14165550102"], 1):
        make_route(
            campaign,
            make_buyer(campaign.company, buyer_id=f"b{place}", number=number, priority=place),
        )
    return campaign


def called(campaign: Campaign, *servers: Outsider, settings: Any) -> Call:
    """A call that came in while webhooks may ask these servers."""
    settings.WEBHOOK_ALLOWED_HOSTS = [server.host for server in servers]
    return arrive(campaign.numbers.get().number, caller=CALLER)


def rung(call: Call) -> list[tuple[str, str]]:
    """The buyers that were dialed, and where."""
    legs = Leg.objects.filter(call=call, party="handler").order_by("place")
    return [(leg.buyer.buyer_id, leg.number) for leg in legs]  # type: ignore[misc, union-attr]


def in_another_process(act: Any) -> Play:
    """A server that runs a function on another connection before it answers."""

    def play(connection: Any) -> None:
        try:
            act()
        finally:
            connections.close_all()
        connection.sendall(answer(RESERVED))

    return play


# --- the answer -----------------------------------------------------------------------------------
def test_the_answer_is_a_tag_before_the_buyer_is_decided(campaign: Campaign, settings: Any) -> None:
    with somebody(answer(RESERVED)) as server:
        hook_to(server, campaign, "/?from=[caller_number]", values=NUMBER)
        call = called(campaign, server, settings=settings)
        assert rung(call) == [("b1", "+14165550177")]
        assert server.asked() == ["POST /?from=%2B12025550102 HTTP/1.1"]
    assert tags(call) == {"inbound_number": "14165550177"}
    assert words(call) == [("start", "delivered")]
    assert said(call, "asked") == ["it answered 200 in ms; became tags: inbound_number"]


@pytest.mark.parametrize(
    ("play", "told"),
    [
        pytest.param(
            says(answer(REFUSED)),
            "it answered 200 in ms; not in the response, or unusable: inbound_number",
            id="no-target",
        ),
        pytest.param(
            says(answer(RESERVED, "404 No")), "it answered 404 in ms, a client error", id="404"
        ),
        pytest.param(
            says(answer(RESERVED, "500 Oops")),
            "it answered 500 in ms, a server error",
            id="500",
        ),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\n"), "no answer within 0.1 seconds", id="late"),
        pytest.param(
            says(b""), "no answer: Server disconnected without sending a response.", id="nothing"
        ),
    ],
)
def test_without_a_good_answer_the_call_goes_on(
    campaign: Campaign, settings: Any, play: Play, told: str
) -> None:
    with somebody(play) as server:
        hook_to(server, campaign, values=NUMBER, deadline_ms=100 if "0.1" in told else 5000)
        call = called(campaign, server, settings=settings)
    assert rung(call) == [("b2", "+14165550102")]
    assert tags(call) == {}
    assert said(call, "asked") == [told]
    assert len(tries(call)) == 1


def test_a_start_webhook_is_asked_once_a_call_and_never_again(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(b"", "503 Busy")) as server:
        hook_to(server, campaign)
        make_route(campaign, make_buyer(campaign.company, buyer_id="b3", priority=3))
        call = called(campaign, server, settings=settings)
        play_line(call, "b2 busy 5")
        assert len(rung(call)) == 2
        assert len(server.heard) == 1
        assert words(call) == [("start", "failed")]
    assert Delivery.objects.get().next_attempt_at is None


def test_all_are_asked_at_once_and_a_later_name_wins(campaign: Campaign, settings: Any) -> None:
    """Each answers when the other has been asked, too."""
    both = threading.Barrier(2)

    def play(number: bytes) -> Play:
        return lambda connection: (
            both.wait(timeout=5),
            connection.sendall(answer(b'{"n": %b}' % number)),
        )[1]

    with somebody(play(b"14165550171")) as one, somebody(play(b"14165550172")) as two:
        hook_to(one, campaign, name="B", values={"inbound_number": "n"}, deadline_ms=10_000)
        hook_to(two, campaign, name="A", values={"inbound_number": "n"}, deadline_ms=10_000)
        call = called(campaign, one, two, settings=settings)
    assert rung(call) == [("b1", "+14165550171")]


def test_only_webhooks_whose_filters_hold_are_asked(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        hook_to(server, campaign, filters=[("caller_state", "==", "NY")])
        call = called(campaign, server, settings=settings)
    assert server.heard == []
    assert words(call) == []
    assert [buyer for buyer, _ in rung(call)] == ["b2"]


@pytest.mark.parametrize("paused", ["campaign", "publisher"])
def test_for_a_call_that_nobody_may_take_nobody_is_asked(
    campaign: Campaign, settings: Any, paused: str
) -> None:
    publisher = make_publisher(campaign.company, paused=paused == "publisher")
    campaign.numbers.update(publisher=publisher)
    Campaign.objects.update(paused=paused == "campaign")
    with somebody(answer()) as server:
        hook_to(server, campaign)
        call = called(campaign, server, settings=settings)
    assert call.status == "no-target"
    assert server.heard == []
    assert words(call) == []


def test_a_call_whose_ping_was_another_campaigns_is_asked_about_by_that_one(
    campaign: Campaign, settings: Any
) -> None:
    other = make_campaign(campaign.company)
    make_number(other, in_pool=True)
    make_route(other)
    with somebody(answer()) as server:
        hook_to(server, campaign, name="Of the number")
        hook_to(server, other, name="Of the ping")
        ping(make_key(campaign=other), inbound_number=campaign.numbers.get().number)
        call = called(campaign, server, settings=settings)
    assert list(Delivery.objects.filter(call=call).values_list("name", flat=True)) == [
        "Of the ping"
    ]


def test_a_call_that_nobody_is_asked_about_is_ready_from_the_start(
    campaign: Campaign, settings: Any
) -> None:
    make_webhook(campaign, trigger="ended")
    call = called(campaign, settings=settings)
    assert call.prepared_at == call.started_at
    assert call.asked_at is None


# --- meanwhile ------------------------------------------------------------------------------------
def test_while_somebody_is_asked_no_transaction_is_open(campaign: Campaign, settings: Any) -> None:
    """The far end's answer needs the call itself: it would wait in vain for one that is locked."""

    def act() -> None:
        Call.objects.update(key="seen")

    with somebody(in_another_process(act)) as server:
        hook_to(server, campaign, values=NUMBER, deadline_ms=10_000)
        call = called(campaign, server, settings=settings)
    assert Call.objects.get().key == "seen"
    assert rung(call) == [("b1", "+14165550177")]


def test_who_comes_while_another_asks_leaves_the_call_to_it(
    campaign: Campaign, settings: Any
) -> None:
    seen: list[Any] = []

    def act() -> None:
        call = Call.objects.get()
        seen.append((events.dial_next(call.pk, now=timezone.now()), Call.objects.get().status))

    with somebody(in_another_process(act)) as server:
        hook_to(server, campaign, values=NUMBER, deadline_ms=10_000)
        call = called(campaign, server, settings=settings)
        assert seen == [(False, "routing")]
        assert len(server.heard) == 1
        assert rung(call) == [("b1", "+14165550177")]


def test_a_caller_who_hangs_up_meanwhile_is_put_through_to_nobody(
    campaign: Campaign, settings: Any
) -> None:
    def act() -> None:
        events.handle_event(LegEnded(Leg.objects.get().pk, after(1), "completed"), now=after(1))

    with somebody(in_another_process(act)) as server:
        hook_to(server, campaign, values=NUMBER, deadline_ms=10_000)
        call = called(campaign, server, settings=settings)
    assert call.status == "finished"
    assert rung(call) == []
    assert words(call) == [("start", "delivered")]


# --- a process dies -------------------------------------------------------------------------------
def left_asking(campaign: Campaign) -> tuple[Call, Any]:
    """A call whose process died while it asked, and what it was about to send."""
    to = campaign.numbers.get().number
    call = events.receive_call(
        Arrival(registry.carrier_class().slug, "left", to, CALLER, None, after(0))
    )
    return call, start.claim_call(call.pk, now=after(0))


@pytest.mark.parametrize(("seconds", "overtaken"), [(29, False), (30, True)])
def test_whoever_asks_for_half_a_minute_is_overtaken(
    campaign: Campaign, settings: Any, seconds: int, overtaken: bool
) -> None:
    with somebody(answer(RESERVED)) as server:
        hook_to(server, campaign, values=NUMBER)
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        call, _ = left_asking(campaign)
        assert events.dial_next(call.pk, now=after(seconds)) is overtaken
        assert (rung(call), len(server.heard)) == (
            ([("b1", "+14165550177")], 1) if overtaken else ([], 0)
        )


def test_the_same_word_goes_out_again_under_its_id(campaign: Campaign, settings: Any) -> None:
    with somebody(answer(RESERVED)) as server:
        hook_to(server, campaign, values=NUMBER)
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        call, ((_, delivery, _),) = left_asking(campaign)
        events.dial_next(call.pk, now=after(30))
        assert server.headers()["webhook-id"] == str(delivery.pk)
        assert [status for status, _ in tries(call)] == [None, 200]


def test_what_comes_back_to_the_one_who_was_overtaken_changes_nothing(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(RESERVED)) as server:
        hook_to(server, campaign, values=NUMBER)
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        call, asked = left_asking(campaign)
        told = start.send_attempts(asked)
        events.dial_next(call.pk, now=after(30))
        Call.objects.get(pk=call.pk).tags.all().delete()
        assert start.record_results(call.pk, asked, told, now=after(0)) is False
        assert tags(call) == {}


def test_the_sweep_goes_on_with_a_call_that_was_left_asking(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(RESERVED)) as server:
        hook_to(server, campaign, values=NUMBER)
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        call, _ = left_asking(campaign)
        timeouts.apply_due_timeouts(now=after(60), limit=9)
    assert rung(call) == [("b1", "+14165550177")]


def test_the_sweep_does_not_wait_for_one_who_asks(campaign: Campaign, settings: Any) -> None:
    make_webhook(campaign)
    left_asking(campaign)
    Call.objects.update(asked_at=after(59))
    assert timeouts.apply_due_timeouts(now=after(60), limit=9) == 1
    assert Call.objects.get().status == "routing"
