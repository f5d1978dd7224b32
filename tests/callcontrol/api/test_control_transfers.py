"""Requests by a transfer's UUID: connect the caller, stop the transfer, errors, the log."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from callcontrol.carriers import registry
from callcontrol.carriers.base import CarrierError, CarrierLeg, DialRequest
from callcontrol.carriers.simulator import Simulator
from callcontrol.models import Transfer
from campaigns.models import Buyer, Campaign
from publishers.models import IdempotencyRecord, Key, LogEntry
from tests.callcontrol.call_center import (
    THIRD,
    at,
    connect,
    do,
    handler_key,
    leave,
    line,
    pick_up,
    stop,
    talk,
    told,
    transfer,
)
from tests.factories import make_key, make_market
from tests.pinging import logged

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]
DONE = (200, None)
NOT_FOUND = (404, "transfer not found")
both = pytest.mark.parametrize("ask", [connect, stop])


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return handler_key(Buyer.objects.get(buyer_id="b1"))


@pytest.fixture
def held(campaign: Campaign, key: Key) -> Transfer:
    """An unattended transfer: the caller waits, the transferee's line rings."""
    return Transfer.objects.get(pk=transfer(talk(campaign), key, hold_caller=True))


@pytest.fixture
def attended(campaign: Campaign, key: Key) -> Transfer:
    return Transfer.objects.get(pk=transfer(talk(campaign), key))


# --- connect the caller ---------------------------------------------------------------------------
def test_a_held_caller_is_connected(held: Transfer) -> None:
    pick_up(held.call, "transferee")
    answer = connect(str(held.pk))
    assert answer.content == b'{"success":true}'
    assert line(held.call, "caller").held is False


def test_a_caller_is_connected_once(held: Transfer) -> None:
    assert [told(connect(str(held.pk))) for _ in range(2)] == [DONE, (422, "caller not held")]


def test_a_caller_that_was_never_held(attended: Transfer) -> None:
    assert told(connect(str(attended.pk))) == (422, "caller not held")


def test_a_caller_that_is_back_with_the_handler(held: Transfer) -> None:
    leave(held.call, "transferee", "busy")
    assert told(connect(str(held.pk))) == (422, "caller not held")


def test_a_caller_that_hung_up_on_hold(held: Transfer) -> None:
    leave(held.call, "caller")
    assert told(connect(str(held.pk))) == (422, "caller hung up")


def test_connecting_a_call_that_has_ended(held: Transfer) -> None:
    connect(str(held.pk))
    leave(held.call, "caller")
    assert told(connect(str(held.pk))) == (422, "call not live")


# --- stop the transfer ----------------------------------------------------------------------------
@pytest.mark.parametrize("is_answered", [False, True], ids=["ringing", "answered"])
def test_a_stopped_transfer_leaves_the_caller_with_the_handler(
    held: Transfer, is_answered: bool
) -> None:
    if is_answered:
        pick_up(held.call, "transferee")
    answer = stop(str(held.pk))
    assert answer.content == b'{"success":true}'
    assert line(held.call, "transferee").outcome == "stopped"
    assert line(held.call, "caller").held is False
    assert at(held.call) == ("in-progress", "b1")


def test_a_transfer_is_stopped_once(held: Transfer) -> None:
    assert [told(stop(str(held.pk))) for _ in range(2)] == [DONE, (422, "transfer not in progress")]


def test_stopping_after_the_transferee_left(attended: Transfer) -> None:
    pick_up(attended.call, "transferee")
    leave(attended.call, "transferee")
    assert told(stop(str(attended.pk))) == (422, "transfer not in progress")


def test_stopping_after_the_ring_timeout_without_a_worker(
    clock: Callable[[float], object], held: Transfer
) -> None:
    clock(31)
    assert told(stop(str(held.pk))) == (422, "transfer not in progress")
    assert line(held.call, "caller").held is False
    assert at(held.call) == ("in-progress", "b1")


def test_stopping_after_the_transferor_left(attended: Transfer) -> None:
    pick_up(attended.call, "transferee")
    leave(attended.call, "handler")
    assert told(stop(str(attended.pk))) == (422, "transferor not present")
    assert at(attended.call)[0] == "in-progress"


def test_stopping_when_the_call_has_ended(held: Transfer) -> None:
    leave(held.call, "caller")
    assert told(stop(str(held.pk))) == (422, "call not live")


# --- unknown transfers ----------------------------------------------------------------------------
@both
@pytest.mark.parametrize(
    "uuid", [str(uuid4()), "1", "{}", "%00", "%20", "٣", "-" * 5000, "a.b"], ids=range(8)
)
def test_an_unknown_transfer(ask: Ask, uuid: str) -> None:
    assert told(ask(uuid)) == NOT_FOUND


@both
def test_in_xml(ask: Ask, held: Transfer) -> None:
    start = '<?xml version="1.0" encoding="utf-8"?>\n<hash>'
    answers = [ask(uuid, format="xml").content.decode() for uuid in (str(held.pk), str(uuid4()))]
    assert answers == [
        f'{start}<success type="boolean">true</success></hash>',
        f'{start}<success type="boolean">false</success><error>transfer not found</error></hash>',
    ]


@both
def test_a_uuid_in_any_spelling(ask: Ask, held: Transfer) -> None:
    spelled = "-" * 300 + held.pk.hex.upper()
    assert told(ask(spelled, headers={"Idempotency-Key": "once"})) == DONE


@pytest.mark.parametrize(
    ("verb", "path", "allow"),
    [
        ("GET", "/conference_caller", "POST"),
        ("HEAD", "/conference_caller", "POST"),
        ("DELETE", "/conference_caller", "POST"),
        ("GET", "", "DELETE"),
        ("HEAD", "", "DELETE"),
        ("POST", "", "DELETE"),
    ],
)
def test_a_wrong_verb_does_nothing(held: Transfer, verb: str, path: str, allow: str) -> None:
    answer = Client().generic(verb, f"/call_control/v1/transfers/{held.pk}{path}")
    assert answer.status_code == 405
    assert answer["Allow"] == allow
    assert line(held.call, "caller").held is True


# --- the UUID as the key --------------------------------------------------------------------------
@both
@pytest.mark.parametrize("name", ["api_key", "key", "Authorization", "X-Api-Key"])
def test_keys_that_are_sent_along_are_ignored(ask: Ask, held: Transfer, name: str) -> None:
    paused = make_key("call_control", paused=True)
    if name[0].isupper():
        answer = ask(str(held.pk), headers={name: f"Bearer {paused.key}"})
    else:
        answer = ask(str(held.pk), QUERY_STRING=f"{name}={paused.key}")
    assert told(answer) == DONE
    assert logged().key_pk is None


def test_a_key_does_not_reach_an_unknown_transfer(held: Transfer) -> None:
    answers = [
        connect("%20", headers={"X-Api-Key": str(held.pk)}),
        connect(str(uuid4()), QUERY_STRING=f"key={held.pk}"),
    ]
    assert [told(answer) for answer in answers] == [NOT_FOUND] * 2
    assert line(held.call, "caller").held is True


@both
def test_it_goes_on_when_its_buyer_is_deleted_or_its_key_revoked(
    ask: Ask, held: Transfer, key: Key
) -> None:
    Buyer.objects.get(buyer_id="b1").retire(now=timezone.now())
    key.retire(now=timezone.now())
    assert told(ask(str(held.pk))) == DONE


@both
def test_it_stops_with_the_feature_and_with_the_company(ask: Ask, held: Transfer) -> None:
    company = held.call.company
    company.call_control_enabled = False
    company.save()
    switched_off = ask(str(held.pk))
    company.retire(now=timezone.now())
    assert told(switched_off) == (403, "call control is switched off for this company")
    assert told(ask(str(held.pk))) == (410, "the owner of this transfer was deleted")


@both
def test_a_repeat_with_an_idempotency_key_is_the_first_answer(ask: Ask, held: Transfer) -> None:
    first, second = (ask(str(held.pk), headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert second.content == first.content
    assert second.get("Idempotency-Replayed") == "true"
    assert IdempotencyRecord.objects.get().scope == f"transfer:{held.pk}"


# --- the log --------------------------------------------------------------------------------------
@both
def test_one_row_has_the_company_and_a_masked_uuid(ask: Ask, held: Transfer) -> None:
    before = LogEntry.objects.count()
    ask(str(held.pk))
    row = logged()
    facts = (row.company_pk, row.type, row.key_pk, row.key_end, row.call_uuid, row.status)
    assert LogEntry.objects.count() == before + 1
    assert facts == (held.call.company_id, "transfer", None, str(held.pk)[-4:], held.call_id, 200)
    assert (str(held.pk) in row.path) is False
    assert f"/…{str(held.pk)[-4:]}" in row.path


@both
def test_a_refusals_row_names_the_call_too(ask: Ask, held: Transfer) -> None:
    leave(held.call, "caller")
    ask(str(held.pk))
    assert logged().status == 422
    assert logged().result == "refused"
    assert logged().call_uuid == held.call_id


@both
def test_the_row_of_an_unknown_transfer_has_no_company(ask: Ask) -> None:
    uuid = str(uuid4())
    ask(uuid)
    row = LogEntry.objects.get()
    facts = (row.company_pk, row.type, row.key_end, row.call_uuid, row.status, uuid in row.path)
    assert facts == (None, "", uuid[-4:], None, 404, False)


@both
def test_a_faulty_request_leaves_its_row(ask: Ask, held: Transfer) -> None:
    before = LogEntry.objects.count()
    answer = ask(str(held.pk), data=b"%PDF", content_type="application/pdf")
    assert told(answer) == (415, "unknown content type: application/pdf")
    assert LogEntry.objects.count() == before + 1
    assert logged().company_pk == held.call.company_id
    assert logged().type == "transfer"


def test_guessed_transfers_are_throttled() -> None:
    answers = [connect(str(uuid4())) for _ in range(61)]
    assert [answer.status_code for answer in answers[-2:]] == [404, 429]
    assert LogEntry.objects.count() == 60
    assert answers[-1].json() == {"success": False, "error": "too many refused keys"}


# --- a carrier that fails -------------------------------------------------------------------------
class FailingCarrier(Simulator):
    """A carrier that can't take a caller off hold."""

    def unhold(self, line: CarrierLeg) -> None:
        raise CarrierError("no answer", is_final=False)


def test_a_caller_stays_held_when_the_carrier_fails(
    held: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.all_carriers(), "simulator", FailingCarrier)
    answer = connect(str(held.pk))
    assert told(answer) == (503, "the carrier did not do it; ask again")
    assert answer["Retry-After"] == "1"
    assert line(held.call, "caller").held is True
    assert logged().status == 503
    assert logged().call_uuid == held.call_id


def test_a_caller_is_not_left_on_hold_after_the_handler_left(
    held: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Simulator):
        def unhold(self, line: CarrierLeg) -> None:
            if held.transferor.is_live:
                leave(held.call, "handler")
                held.transferor.refresh_from_db()
                raise CarrierError("no answer", is_final=False)

    pick_up(held.call, "transferee")
    monkeypatch.setitem(registry.all_carriers(), "simulator", Slow)
    assert told(connect(str(held.pk)))[0] == 503
    assert line(held.call, "caller").held is False
    assert at(held.call)[0] == "in-progress"


def test_the_next_buyer_rings_when_the_handler_leaves_during_a_failed_transfer(
    campaign: Campaign, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = talk(campaign)

    class Barred(Simulator):
        def dial(self, order: DialRequest) -> str:
            if order.number != THIRD:
                return super().dial(order)
            leave(call, "handler")
            raise CarrierError("barred", is_final=True)

    monkeypatch.setitem(registry.all_carriers(), "simulator", Barred)
    answer = do("transfer", call, key, {"transfer_to": THIRD, "hold_caller": True})
    assert told(answer) == (422, "cannot dial transfer_to number")
    assert at(call) == ("ringing", "b2")
