"""Deliveries of webhooks: once per call and trigger, retried, and never blocked by a slow
server."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from callcontrol.lifecycle import events, settlement
from callcontrol.lifecycle.sale_reports import SaleReporter, record_sale_report
from callcontrol.models import Call, Delivery, DeliveryAttempt
from callcontrol.webhooks import deliveries
from campaigns.models import Buyer, Campaign, Webhook
from publishers.snapshot import current_snapshot
from tests.callcontrol.hooked import hook_to, said, tags, tries, words
from tests.callcontrol.lines import make_call
from tests.callcontrol.scripts import Quiet, after, arrive, event_of, play, play_line, use
from tests.factories import make_market, make_webhook
from tests.outsiders import Outsider, answer, drips, somebody

pytestmark = pytest.mark.django_db
ALL = ("answered", "ended", "converted")


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    """Create a campaign with webhooks of every trigger to a server that never answers."""
    use(Quiet, monkeypatch, settings)
    return make_market(caps=[9, 9])


def hooked(campaign: Campaign, *triggers: str) -> Campaign:
    for trigger in triggers:
        make_webhook(
            campaign,
            name=trigger,
            trigger=trigger,
            url="https://a.example/[trigger]/[payout]/[connected_seconds]",
        )
    return campaign


def called(campaign: Campaign) -> Call:
    return arrive(campaign.numbers.get().number)


def queued(
    campaign: Campaign, server: Outsider, settings: Any, path: str = "/", **hook: Any
) -> Call:
    """Create a call with a delivery to this server."""
    settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
    hook_to(server, campaign, path, **{"trigger": "ended", **hook})
    call = make_call(campaign, status="finished", ended_at=after(9), settled_at=after(9))
    deliveries.queue_webhooks(
        call, "ended", snapshot=current_snapshot(call.company_id), now=after(9)
    )
    return call


def deliver(seconds: float = 0, limit: int = 100) -> int:
    """Run the sweep, `seconds` from now."""
    return deliveries.send_due(now=timezone.now() + timedelta(seconds=seconds), limit=limit)


def row(call: Call) -> Delivery:
    return Delivery.objects.get(call=call)


# --- written down ---------------------------------------------------------------------------------
SCRIPTS = {
    "converts": (
        [["b1 answered 5"], ["b1 completed 200", "caller completed 200"]],
        ["answered", "converted", "ended"],
    ),
    "too short": (
        [["b1 answered 5"], ["b1 completed 50", "caller completed 50"]],
        ["answered", "ended"],
    ),
    "nobody answers": ([["b1 busy 5"], ["b2 no-answer 50"], ["caller completed 50"]], ["ended"]),
    "two handlers": (
        [
            ["b1 answered 5"],
            ["return b1 9", "b1 completed 9"],
            ["b2 answered 12"],
            ["b2 completed 20", "caller completed 20"],
        ],
        ["answered", "ended"],
    ),
    "a pick-up never told": (
        [["b1 completed 200 195s", "caller completed 200"]],
        ["answered", "converted", "ended"],
    ),
    "told twice": (
        [
            ["b1 answered 5", "b1 answered 5"],
            ["b1 completed 50", "b1 completed 50", "caller completed 50", "caller completed 50"],
        ],
        ["answered", "ended"],
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_told_of_a_call(campaign: Campaign, name: str) -> None:
    script, told = SCRIPTS[name]
    call = called(hooked(campaign, *ALL))
    play(call, script)
    assert sorted(words(call)) == [(trigger, "waiting") for trigger in told]


def test_the_address_is_that_of_the_moment(campaign: Campaign) -> None:
    call = called(hooked(campaign, *ALL))
    play(call, SCRIPTS["converts"][0])
    urls = Delivery.objects.order_by("trigger").values_list("url", flat=True)
    assert [url.removeprefix("https://a.example/") for url in urls] == [
        "answered//",
        "converted/90.00/195",
        "ended/90.00/195",
    ]


@pytest.mark.parametrize("is_over", [False, True])
def test_a_sale_that_the_buyer_reports_is_told_once(campaign: Campaign, is_over: bool) -> None:
    make_webhook(campaign, trigger="converted", url="https://a.example/[payout]/[revenue]")
    call = called(campaign)
    play(call, SCRIPTS["too short"][0] if is_over else [["b1 answered 5"]])
    seller = SaleReporter(call.company_id, Buyer.objects.get(buyer_id="b1").pk)
    with transaction.atomic():
        record_sale_report(
            call.pk, seller, revenue=Decimal(80), payout=Decimal("60.5"), now=after(60)
        )
    play(call, [] if is_over else [["b1 completed 300", "caller completed 300"]])
    assert words(call) == [("converted", "waiting")]
    assert row(call).url == "https://a.example/60.50/80.00"


def test_what_is_taken_back_is_not_told(campaign: Campaign) -> None:
    call = called(hooked(campaign, "answered"))
    with transaction.atomic():
        events.handle_event(event_of(call, "b1 answered 5"), now=after(5))
        transaction.set_rollback(True)
    assert words(call) == []


def test_money_that_is_decided_again_is_told_once(campaign: Campaign) -> None:
    call = called(hooked(campaign, "ended"))
    play(call, SCRIPTS["too short"][0])
    settlement.settle_call(call.pk, now=after(100))
    assert words(call) == [("ended", "waiting")]


def test_a_word_is_due_at_once_whatever_time_the_call_lives_by(campaign: Campaign) -> None:
    call = called(hooked(campaign, "answered"))
    play_line(call, "b1 answered 5000", now=after(5000))
    assert row(call).created_at == after(5000)
    assert row(call).next_attempt_at == timezone.now()


def test_of_a_call_that_its_filters_do_not_want_a_webhook_is_told_nothing(
    campaign: Campaign,
) -> None:
    make_webhook(campaign, [("zip", "==", "1")], trigger="ended")
    call = called(campaign)
    play(call, SCRIPTS["too short"][0])
    assert words(call) == []


# --- sent -----------------------------------------------------------------------------------------
def test_a_word_that_is_heard(campaign: Campaign, settings: Any) -> None:
    with somebody(answer(b"thanks\0")) as server:
        call = queued(campaign, server, settings, "/[trigger]?of=[call_uuid]")
        assert deliver() == 1
        assert deliver(9999) == 0
        assert server.asked() == [f"POST /ended?of={call.pk} HTTP/1.1"]
    (told,) = DeliveryAttempt.objects.all()
    assert words(call) == [("ended", "delivered")]
    assert told.status == 200
    assert told.answer == "thanks\ufffd"
    assert (told.duration_ms is None) is False
    assert said(call, "delivered") == ["it answered 200 in ms"]


def test_a_word_comes_again_later_and_later_until_it_is_given_up(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(b"", "503 Busy")) as server:
        call = queued(campaign, server, settings)
        at, waits = timezone.now(), []
        while row(call).next_attempt_at:
            at = row(call).next_attempt_at
            deliveries.send_due(now=at, limit=9)
            waits.append(round(((row(call).next_attempt_at or at) - at).total_seconds()))
    assert waits == [10, 60, 300, 1800, 7200, 21600, 0]
    assert words(call) == [("ended", "failed")]
    assert said(call, "failed") == ["it answered 503 in ms, a server error"]


def test_a_word_that_comes_again_is_known_by_its_id(campaign: Campaign, settings: Any) -> None:
    with somebody(answer(b"", "500 Oops")) as server:
        call = queued(campaign, server, settings)
        deliver()
        deliver(60)
        assert [server.headers(number)["webhook-id"] for number in (0, 1)] == [
            str(row(call).pk)
        ] * 2


@pytest.mark.parametrize("status", ["404 Gone", "302 Found"])
def test_after_a_final_no_nobody_is_asked_again(
    campaign: Campaign, settings: Any, status: str
) -> None:
    with somebody(answer(b"", status)) as server:
        call = queued(campaign, server, settings)
        assert deliver() == 1
        assert deliver(99_999) == 0
        assert words(call) == [("ended", "failed")]


def test_a_private_address_is_given_up_at_once(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        call = queued(campaign, server, settings)
        settings.WEBHOOK_ALLOWED_HOSTS = []
        assert deliver() == 1
        assert words(call) == [("ended", "failed")]
        assert server.heard == []
    assert said(call, "failed") == [
        "the address is private, and its host is not among the allowed ones"
    ]


def test_an_answer_gives_tags(campaign: Campaign, settings: Any) -> None:
    with somebody(answer(b'{"lead": {"id": 7}}')) as server:
        call = queued(campaign, server, settings, values={"lead": "lead.id", "zip": "lead.zip"})
        deliver()
    assert tags(call) == {"lead": "7"}
    assert said(call, "delivered") == [
        "it answered 200 in ms; became tags: lead; not in the response, or unusable: zip"
    ]


def test_the_answer_of_a_word_that_comes_again_gives_tags_too(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(b'{"id": 7}', "500 Oops")) as server:
        call = queued(campaign, server, settings, values={"lead": "id"})
        deliver()
        server.play = lambda connection: connection.sendall(answer(b'{"id": 8}'))
        deliver(60)
    assert tags(call) == {"lead": "8"}
    assert tries(call) == [(500, "a server error"), (200, "")]


def test_the_word_of_a_deleted_webhook_is_given_up(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        call = queued(campaign, server, settings)
        Webhook.objects.get().delete()
        assert deliver() == 0
        assert words(call) == [("ended", "failed")]
        assert server.heard == []
    assert said(call, "failed") == ["it was deleted"]
    assert row(call).name == "Lead"


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_is_deleted_as_its_word_is_written_fails_nobody(campaign: Campaign) -> None:
    hook = make_webhook(campaign, trigger="ended")
    call, before = make_call(campaign), current_snapshot(campaign.company_id)
    hook.delete()
    deliveries.queue_webhooks(call, "ended", snapshot=before, now=after(9))
    assert deliver() == 0
    assert words(call) == [("ended", "failed")]
    assert said(call, "failed") == ["it was deleted"]


# --- concurrency and crashes ----------------------------------------------------------------------
def test_what_another_sends_is_left_to_it(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        seen = row(queued(campaign, server, settings))
        first = deliveries.claim_delivery(seen, now=timezone.now())
        seen.attempts -= 1  # as the other has read it
        assert (first is None) is False
        assert deliveries.claim_delivery(seen, now=timezone.now()) is None
        assert deliver() == 0


def test_what_a_dead_process_had_taken_is_sent_a_minute_later(
    campaign: Campaign, settings: Any
) -> None:
    with somebody(answer()) as server:
        call = queued(campaign, server, settings)
        deliveries.claim_delivery(row(call), now=timezone.now())
        assert deliver(59) == 0
        assert deliver(60) == 1
        assert words(call) == [("ended", "delivered")]
    assert tries(call) == [(None, ""), (200, "")]


def test_a_batch_is_bounded_and_the_rest_comes_next(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        for name in "ABC":
            queued(campaign, server, settings, name=name)
        deliveries.queue_webhooks(
            make_call(campaign),
            "ended",
            snapshot=current_snapshot(campaign.company_id),
            now=after(9),
        )
        assert [deliver(limit=4), deliver(limit=4), deliver(limit=4)] == [4, 4, 1]


def test_a_companys_words_can_be_sent_alone(campaign: Campaign, settings: Any) -> None:
    with somebody(answer()) as server:
        others = queued(make_market(), server, settings)
        call = queued(campaign, server, settings)
        sent = deliveries.send_due(now=timezone.now(), limit=9, company_pk=call.company_id)
        assert sent == 1
        assert row(call).status == "delivered"
        assert row(others).status == "waiting"


def test_a_tarpit_leaves_room_for_the_others(campaign: Campaign, settings: Any) -> None:
    """One webhook has many words waiting and never answers; another's word goes out in the same
    batch."""
    with somebody(drips(b"")) as tarpit, somebody(answer()) as server:
        hook_to(tarpit, campaign, name="Tar", trigger="answered", deadline_ms=100)
        for _ in range(deliveries.BATCH_PER_WEBHOOK + 5):
            deliveries.queue_webhooks(
                make_call(campaign),
                "answered",
                snapshot=current_snapshot(campaign.company_id),
                now=after(1),
            )
        call = queued(campaign, server, settings)
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host, tarpit.host]
        assert deliver() == deliveries.BATCH_PER_WEBHOOK + 1
        assert words(call) == [("ended", "delivered")]
