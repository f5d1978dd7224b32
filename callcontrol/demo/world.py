"""The demo company in its past: its clock, its keys, and the requests that it receives."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max

from callcontrol.webhooks import deliveries
from callcontrol.webhooks.requests import WebhookRequest, WebhookResult
from campaigns.models import Buyer, Company
from publishers.models import Key
from reservations import lifecycle
from reservations.models import Reservation, Status

from .client import DemoResponse, send_request
from .plan import SEED

# The addresses of publishers' and buyers' machines are reserved for documentation (RFC 5737).
ADDRESSES = {
    "alpha": "203.0.113.10",
    "beta": "198.51.100.24",
    "gamma": "192.0.2.77",
    "delta": "198.51.100.130",
    "stranger": "198.51.100.200",
}
FIXED_NUMBERS = {
    ("roofing", "alpha"): "+18335550150",
    ("roofing", "beta"): "+18335550151",
    ("roofing", "gamma"): "+18335550152",
    ("roofing", ""): "+18335550153",
    ("plumbing", ""): "+18335550190",
}
_LONGEST_TTL = timedelta(minutes=3)
_KEY_OWNERS = ("campaign", "publisher", "buyer", "group", "company")


class DemoWorld:
    """One company and one clock: `now` moves on with `wait`, and stories end before `until`."""

    def __init__(self, company: Company, *, now: datetime, until: datetime) -> None:
        self.company, self.now, self.until = company, now, until
        self.zone = ZoneInfo(company.time_zone)
        self.dice = Random(SEED)  # noqa: S311 - not a secret
        self._buyers = dict(Buyer.objects.of(company).unretired().values_list("pk", "buyer_id"))
        self._keys: dict[tuple[str, str, str], str] = {}
        # Of two keys with equal names the older counts.
        for key in Key.objects.of(company).unretired().select_related(*_KEY_OWNERS).order_by("-pk"):
            noun = next(name for name in _KEY_OWNERS if getattr(key, name))
            owner_id = getattr(key.owner, f"{noun}_id")
            self._keys[owner_id, key.type, key.name] = key.key

    # --- the clock --------------------------------------------------------------------------------
    def begin(self, at: datetime) -> None:
        """Begin a story at a moment, or later if the one before lasted longer, with new dice."""
        self.now = max(self.now, at)
        self.dice = Random(f"{SEED} {at}")  # noqa: S311 - not a secret

    def wait(self, least: float, most: float | None = None) -> None:
        """Move the clock by seconds, random ones between two; by milliseconds, as calls count."""
        seconds = least if most is None else self.dice.uniform(least, most)
        self.now += timedelta(milliseconds=round(seconds * 1000))

    def happens(self, share: float) -> bool:
        return self.dice.random() < share

    # --- the company ------------------------------------------------------------------------------
    def key(self, owner_id: str, type: str, name: str = "") -> str:
        """Return the key of an owner; blank when a user has retired it."""
        found = (text for place, text in self._keys.items() if place[:2] == (owner_id, type))
        return self._keys.get((owner_id, type, name)) or next(found, "")

    def buyer_id(self, buyer_pk: int | None) -> str:
        return self._buyers.get(buyer_pk or 0, "")

    # --- requests ---------------------------------------------------------------------------------
    def send(
        self,
        method: str,
        path: str,
        *,
        by: str = "",
        query: Mapping[str, str] | None = None,
        **options: Any,
    ) -> DemoResponse:
        """Send a request of a publisher, a buyer or a stranger to this installation."""
        address = ADDRESSES.get(by, "203.0.113.200")
        query = query or {}
        return send_request(method, path, at=self.now, query=query, address=address, **options)

    # --- the work of the sweeps -------------------------------------------------------------------
    def expire_reservations(self) -> None:
        """Wait until the reservations of the past expire, and close them."""
        rows = Reservation.objects.filter(company=self.company)
        open_rows = rows.live(now=self.now).filter(expires_at__lt=self.until + _LONGEST_TTL)
        if expires_at := open_rows.aggregate(last=Max("expires_at"))["last"]:
            self.now = expires_at
            self.wait(1, 5)
        lifecycle.expire_all_due(now=self.now, company_pk=self.company.pk)
        without_buyer = rows.filter(hold=None).due(now=self.now)
        without_buyer.update(status=Status.EXPIRED, closed_at=self.now)

    def deliver_webhooks(self) -> None:
        """Deliver the company's webhooks in this process: their URLs are this installation's."""

        def send_all(requests: Sequence[WebhookRequest]) -> Iterator[tuple[UUID, WebhookResult]]:
            for webhook in requests:
                url = urlsplit(webhook.url)
                answer = self.send(webhook.method, url.path, query=dict(parse_qsl(url.query)))
                duration_ms = self.dice.randrange(9, 60)
                content = answer.text.encode()
                result = WebhookResult(answer.status, "", False, content, True, duration_ms)
                yield webhook.uuid, result

        deliveries.send_due(
            now=self.now,
            limit=deliveries.BATCH_PER_WEBHOOK,
            company_pk=self.company.pk,
            send_all=send_all,
        )
