"""Call reservations through the whole product, in the test's process."""

from urllib.parse import urlencode

from django.test import Client

from publishers.models import Key
from tests.pinging import CALLER, Answer


def ask(key: Key, **parameters: str) -> Answer:
    """Send alpha's request with a key, for CALLER unless passed; return the whole answer."""
    query = urlencode(
        {"key": key.key, "affiliate_id": "alpha", "caller_number": CALLER, **parameters}
    )
    return dict(Client().post(f"/call_reservations.json?{query}").json())


def reserve(key: Key, **parameters: str) -> Answer:
    """Send the request and return the reservation in the answer."""
    return dict(ask(key, **parameters)["call_reservation"])


def dialed(reservation: Answer) -> str:
    """Return the answered number as a caller dials it."""
    number = reservation["inbound_number"]
    return f"+{number}" if isinstance(number, int) else str(number)
