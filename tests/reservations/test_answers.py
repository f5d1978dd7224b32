"""The answers that are built by hand for speed have the members of their serializers, in order."""

from typing import Any

import pytest
from django.test import Client

from campaigns.models import Buyer
from config.http.renderers import render
from publishers.models import Key
from reservations.api.serializers import CallReservationSerializer, RTBSerializer
from tests.factories import make_ready_key

pytestmark = pytest.mark.django_db
SENT = "caller_number=12025550102&affiliate_id=alpha&zip=90210"


def ping(client: Client, path: str, key: Key) -> Any:
    return client.post(f"{path}?key={key.key}&{SENT}")


@pytest.mark.parametrize("paused", [False, True], ids=["reserved", "no-target"])
def test_a_ping_and_its_repeat(client: Client, paused: bool) -> None:
    key = make_ready_key(return_sip_address=True)
    Buyer.objects.update(paused=paused)
    for _ in range(2):
        answer = ping(client, "/rtbs", key)
        assert render(RTBSerializer(answer.json()).data, "json") == answer.content


@pytest.mark.parametrize("paused", [False, True], ids=["reserved", "no-target"])
def test_a_call_reservation_and_its_repeat(client: Client, paused: bool) -> None:
    key = make_ready_key("call_reservation")
    Buyer.objects.update(paused=paused)
    for _ in range(2):
        answer = ping(client, "/call_reservations", key)
        assert render(CallReservationSerializer(answer.json()).data, "json") == answer.content
