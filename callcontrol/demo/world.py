"""The demo company as those see it who deal with it: its keys, its numbers, the ways of its buyers, and its one clock."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import cycle
from random import Random
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from callcontrol.webhooks import deliveries
from callcontrol.webhooks.requests import WebhookRequest, WebhookResult
from campaigns.models import Buyer, Company
from publishers.models import Key
from reservations import lifecycle
from reservations.models import Reservation, Status

from .client import DemoRequest, DemoResponse, request
from .scheduler import Scheduler

# From where each publisher's and each buyer's machine asks: addresses that are kept for documents.
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
# What the people at a buyer's phones do, call after call; see config/demonstration/calls.py.
MANNERS: Mapping[str, str] = {
    "summit": "talk transfer talk busy talk return talk talk no-answer talk conference reject talk talk stop-transfer talk",
    "nightowl": "accept accept silence accept reject accept no-answer",
    "palmetto": "accept accept reject accept accept accept silence accept",
    "liberty": "talk no-answer talk talk busy talk",
    "lonestar": "talk talk busy talk talk no-answer talk",
    "pipeworks": "talk talk busy talk talk",
    "drainpro": "talk no-answer talk",
    "keystone": "talk talk talk busy talk hurry talk talk no-answer",
    "anytime": "talk talk hurry talk talk talk",
}


class DemoWorld:
    """`now` is the end of the story; nothing happens after it."""

    def __init__(self, company: Company, *, base_url: str, now: datetime) -> None:
        self.company, self.base_url, self.now = company, base_url, now
        self.zone = ZoneInfo(company.time_zone)
        self.stage = Scheduler()
        self._keys = {_place_of(key): key.key for key in _keys_of(company)}
        self._buyers = dict(Buyer.objects.of(company).unretired().values_list("pk", "buyer_id"))
        self._manners: dict[str, Iterator[str]] = {
            buyer: cycle(words.split()) for buyer, words in MANNERS.items()
        }

    def key(self, owner: str, kind: str, name: str = "") -> str:
        """The text of the key that this owner (an id) has; blank when somebody has taken it away."""
        return self._keys.get((owner, kind, name)) or next(
            (text for place, text in self._keys.items() if place[:2] == (owner, kind)), ""
        )

    def buyer_id(self, row: int | None) -> str:
        return self._buyers.get(row or 0, "")

    def manner(self, buyer_pk: int | None) -> str:
        """What happens at the buyer's phone this time."""
        return next(self._manners.get(self.buyer_id(buyer_pk), iter(["talk"])))

    # --- what is asked ------------------------------------------------------------------------------------
    def ask(
        self,
        method: str,
        path: str,
        *,
        at: datetime,
        by: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        idempotency_key: str = "",
    ) -> DemoResponse:
        """A request of a publisher, a buyer or a stranger to this installation."""
        address = ADDRESSES.get(by, "203.0.113.200")
        return request(
            DemoRequest(method, path, query or {}, body, address, idempotency_key), at=at
        )

    # --- what the sweeps would have done ------------------------------------------------------------------
    def sweep(self, *, at: datetime) -> None:
        """Closes this company's reservations that are past their end; those of others are for the sweep to close."""
        lifecycle.expire_all_due(now=at, company_pk=self.company.pk)
        past = Reservation.objects.filter(company=self.company, hold=None).due(now=at)
        past.update(status=Status.EXPIRED, closed_at=at)

    def deliver(self, *, at: datetime, dice: Random) -> None:
        """Tells this company's webhooks, which are this installation's own addresses: it answers itself, and nobody outside."""

        def answered(sendings: Sequence[WebhookRequest]) -> Iterator[tuple[UUID, WebhookResult]]:
            for sending in sendings:
                url = urlsplit(sending.url)
                told = self.ask(sending.method, url.path, at=at, query=dict(parse_qsl(url.query)))
                yield (
                    sending.uuid,
                    WebhookResult(
                        told.status, "", False, told.text.encode(), True, dice.randrange(9, 60)
                    ),
                )

        deliveries.send_due(
            now=at, limit=deliveries.OF_ONE, company_pk=self.company.pk, send_all=answered
        )


def _keys_of(company: Company) -> Sequence[Key]:
    keys = Key.objects.of(company).unretired().order_by("-pk")  # of two alike the first one counts
    return list(keys.select_related("company", "campaign", "publisher", "buyer", "group"))


def _place_of(key: Key) -> tuple[str, str, str]:
    """Whose key it is, its kind and its name."""
    ids = ("campaign_id", "publisher_id", "buyer_id", "group_id", "company_id")
    return (
        next(
            str(vars(key.owner)[name]) for name in ids if isinstance(vars(key.owner).get(name), str)
        ),
        key.type,
        key.name,
    )
