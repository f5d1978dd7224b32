"""Call reservations through the whole product in this process."""

from urllib.parse import urlencode

from django.test import Client

from publishers.models import Key
from tests.pinging import CALLER, Answer


def ask(key: Key, **parameters: str) -> Answer:
    """The whole answer of alpha's request by a key; for the usual caller unless `caller_number` says otherwise."""
    query = urlencode(
        {"key": key.key, "affiliate_id": "alpha", "caller_number": CALLER, **parameters}
    )
    return dict(Client().post(f"/call_reservations.json?{query}").json())


def reserve(key: Key, **parameters: str) -> Answer:
    """What is inside an answer that is no refusal."""
    return dict(ask(key, **parameters)["call_reservation"])


def dialed(reservation: Answer) -> str:
    """The answered number as a caller dials it."""
    number = reservation["inbound_number"]
    return f"+{number}" if isinstance(number, int) else str(number)
