"""A viewset with an action that asks the carrier: its effect stays, and one row is logged."""

from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import Refusal
from campaigns.models import Campaign
from publishers.gateway.viewset import KeyedViewSet, logged
from publishers.models import IdempotencyRecord, Key, LogEntry

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
CALL = UUID("e64268f8-18a3-4881-b8ed-80e06b17fa74")
ONCE = {"Idempotency-Key": "once"}


class Asking(KeyedViewSet):
    """Does something, and then does what `then` says."""

    key_types: ClassVar = ("rtb",)
    key_names: ClassVar = ("api_key", "key")
    is_atomic: ClassVar = False

    @logged
    def create(self, request: Request) -> Response:
        then = self.parameters.value("then")
        Campaign.objects.update(name=f"asked: {then}")
        self.key_request.call_uuid = CALL
        if then == "refuse":
            raise Refusal("call not live")
        if then == "crash":
            raise RuntimeError("nobody foresaw this")
        return Response({"in_transaction": connection.in_atomic_block})


urlpatterns = [path("asking.json", Asking.as_view({"post": "create"}))]


def ask(client: Client, key: Key, then: str = "", **headers: str) -> Any:
    return client.post(f"/asking.json?api_key={key.key}&then={then}", headers=headers)


@pytest.mark.django_db(transaction=True)
def test_the_act_is_in_no_transaction(client: Client, key: Key) -> None:
    assert ask(client, key).json() == {"in_transaction": False}


@pytest.mark.parametrize(
    ("then", "status", "result"),
    [("", 200, "done"), ("refuse", 422, "refused"), ("crash", 500, "failed")],
    ids=str,
)
def test_the_effect_stays_and_one_row_names_the_call(
    client: Client, key: Key, then: str, status: int, result: str
) -> None:
    answer = ask(client, key, then)
    row = LogEntry.objects.get()
    assert answer.status_code == status
    assert row.status == status
    assert row.result == result
    assert row.call_uuid == CALL
    assert Campaign.objects.get().name == f"asked: {then or None}"


def test_the_kept_answer_is_written_with_the_row(client: Client, key: Key) -> None:
    first, second = ask(client, key, **ONCE), ask(client, key, **ONCE)
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    assert LogEntry.objects.count() == 2


def test_an_unstorable_value_is_refused_before_the_action(client: Client, key: Key) -> None:
    answer = ask(client, key, "%00")
    assert answer.status_code == 422
    assert Campaign.objects.get().name == "Roofing"
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [("api_key={}&key=nobody", 200), ("api_key=nobody&key={}", 401), ("key={}", 200)],
)
def test_of_two_keys_the_first_name_counts(
    client: Client, key: Key, query: str, status: int
) -> None:
    assert client.post(f"/asking.json?{query.format(key.key)}").status_code == status
