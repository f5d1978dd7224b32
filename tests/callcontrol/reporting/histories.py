"""Random histories of a company, and their totals counted row by row."""

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from callcontrol.models import Call
from callcontrol.reporting import rollups
from callcontrol.reporting.metrics import Metrics, MetricsScope
from callcontrol.reporting.periods import Period, days_of, midnight, split_period
from callcontrol.reporting.totals import Totals
from campaigns.models import Buyer, Campaign, Company
from publishers.models import Key, LogEntry, Publisher
from reservations.models import Reservation
from tests import factories as make

NOW = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
_ERROR = '{"error":"FAILED must include caller_zip (string)"}'
_PINGS = [
    ("POST", "rtb", "reserved", 200, None, "{}"),
    ("POST", "rtb", "shielded", 200, None, "{}"),
    ("POST", "call_reservation", "no-target", 200, ",closed,filter,", "{}"),
    ("POST", "rtb", "no-target", 200, ",daily-cap,", "{}"),
    ("POST", "rtb", "no-target", 200, None, "{}"),
    ("POST", "rtb", "rejected", 200, None, "{}"),
    ("POST", "rtb", "refused", 422, None, _ERROR),
    (
        "POST",
        "rtb",
        "refused",
        422,
        None,
        "<hash><error>FAILED must include caller_zip (string)</error></hash>",
    ),
    ("POST", "rtb", "refused", 429, None, '{"error":"too many requests"}'),
    ("PUT", "rtb", "no-target", 200, None, "{}"),  # a confirmation
    ("POST", "call_data_writing", "stored", 200, None, "{}"),
]


@dataclass
class World:
    """A company with two of everything, and the random generator that its history is drawn from."""

    seed: int
    zone: str = "UTC"
    company: Company = field(init=False)
    campaigns: list[Campaign] = field(init=False)
    publishers: list[Publisher] = field(init=False)
    buyers: list[Buyer] = field(init=False)
    keys: list[Key] = field(init=False)
    open_rows: list[Reservation] = field(default_factory=list)
    unsold: list[Call] = field(default_factory=list)
    quiet_call: Call = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.company = make.make_company(time_zone=self.zone)
        self.campaigns = [
            make.make_campaign(self.company, name=name) for name in ("Roofing", "Plumbing")
        ]
        self.publishers = [
            make.make_publisher(self.company, name=name) for name in ("Alpha", "Beta")
        ]
        self.buyers = [make.make_buyer(self.company, name=name) for name in ("Summit", "Keystone")]
        self.keys = [make.make_key("rtb", campaign=campaign) for campaign in self.campaigns]

    def some(self, rows: list[Any]) -> Any:
        return self.chance.choice([*rows, None])

    def moment(self, since: datetime, until: datetime) -> datetime:
        """Often just where an hour or a day ends."""
        at = since + (until - since) * self.chance.random()
        return self.chance.choice([at, at, at.replace(minute=0, second=0, microsecond=0)])

    def live_through(self, since: datetime, until: datetime, *, events: int) -> None:
        """Create `count` pings, reservations and calls each, in the order of time."""
        for at in sorted(self.moment(since, until) for _ in range(events)):
            self.ping(max(at, since))
            self.reserve(max(at, since))
            self.call(max(at, since))

    def ping(self, at: datetime) -> LogEntry:
        method, kind, result, status, refused, response = self.chance.choice(_PINGS)
        publisher = self.some(self.publishers)
        return make.make_entry(
            self.company,
            at=at,
            method=method,
            type=kind,
            result=result,
            status=status,
            reasons=refused,
            response=response,
            key_pk=self.chance.choice(self.keys).pk,
            publisher_pk=publisher and publisher.pk,
        )

    def reserve(self, at: datetime, **fields: Any) -> Reservation:
        status = self.chance.choice(["expired", "claimed", "no-target", "rejected"])
        return Reservation.objects.create(
            company=self.company,
            key=self.keys[0],
            campaign=self.chance.choice(self.campaigns),
            publisher=self.some(self.publishers),
            buyer=self.chance.choice(self.buyers),
            scope="",
            inbound_number="+18335550100",
            created_at=at,
            expires_at=at + timedelta(seconds=30),
            **{"status": status, **fields},
        )

    def call(self, at: datetime, **fields: Any) -> Call:
        ended = at + timedelta(seconds=self.chance.randint(1, 300))
        paid = self.chance.random() < 0.5
        return Call.objects.create(
            company=self.company,
            carrier="simulator",
            carrier_call_id=str(uuid.UUID(int=self.chance.getrandbits(128))),
            inbound_number="+18335550100",
            started_at=at,
            clock=ended,
            **{
                "campaign": self.chance.choice(self.campaigns),
                "publisher": self.some(self.publishers),
                "buyer": self.some(self.buyers),
                "status": "finished",
                "connected_at": self.chance.choice([at, None]),
                "converted_at": ended if paid else None,
                "payout": self.chance.choice([Decimal("90.10"), Decimal("0.0001")])
                if paid
                else None,
                "revenue": self.chance.choice([Decimal("120.30"), Decimal("33.3333")])
                if paid
                else None,
                "ended_at": ended,
                "settled_at": ended,
                **fields,
            },
        )

    def leave_undecided(self, since: datetime, until: datetime) -> None:
        """A reservation that is open, and a call that may still be sold."""
        self.open_rows.append(self.reserve(self.moment(since, until), status="reserved"))
        self.unsold.append(
            self.call(self.moment(since, until), converted_at=None, payout=None, revenue=None)
        )

    def decide_some(self, *, at: datetime) -> None:
        self.sell(self.unsold.pop(self.chance.randrange(len(self.unsold))), at=at)
        row = self.open_rows.pop(self.chance.randrange(len(self.open_rows)))
        status = self.chance.choice(["claimed", "expired", "no-target"])
        Reservation.objects.filter(pk=row.pk).update(status=status)

    def sell(self, call: Call, *, at: datetime) -> None:
        """As its buyer would report it."""
        Call.objects.filter(pk=call.pk).update(
            converted_at=at, payout=Decimal("10.05"), revenue=Decimal("20.55")
        )


def write_due(*, now: datetime, jobs: int | None = None) -> int:
    """Run the rollup jobs that are due (at most `jobs`), and return how many wrote something."""
    return sum(job() for job in islice(rollups.rollup_jobs(now=now), jobs))


def last_days(world: World, number: int, *, now: datetime = NOW) -> list[Period]:
    """Return today and the days before, in the company's time zone."""
    zone = ZoneInfo(world.company.time_zone)
    first = (now.astimezone(zone) - timedelta(days=number)).date()
    return list(split_period((midnight(first, zone), now), days_of(zone)))


# --- counted row by row ---------------------------------------------------------------------------
def recount(world: World, slots: list[Period], wanted: MetricsScope) -> Totals:
    totals = Totals([Metrics() for _ in slots])
    for place, (start, end) in enumerate(slots):
        _recount_pings(
            world, totals, place, LogEntry.objects.filter(at__gte=start, at__lt=end), wanted
        )
        for row in Reservation.objects.filter(
            created_at__gte=start, created_at__lt=end, company=world.company
        ):
            if row.status in ("reserved", "confirmed", "claimed", "expired"):
                _add(
                    totals,
                    place,
                    _scope_of(row),
                    wanted,
                    reserved=1,
                    claimed=int(row.status == "claimed"),
                )
        for call in Call.objects.filter(
            started_at__gte=start, started_at__lt=end, company=world.company
        ):
            money = {
                name: int((getattr(call, name) or 0) * 10_000) for name in ("payout", "revenue")
            }
            sold, connected = int(call.converted_at is not None), int(call.connected_at is not None)
            _add(
                totals,
                place,
                _scope_of(call),
                wanted,
                calls=1,
                connected=connected,
                converted=sold,
                **money,
            )
    return totals


def _scope_of(row: Any) -> MetricsScope:
    return MetricsScope(row.campaign_id, row.publisher_id or 0, row.buyer_id or 0)


def _add(
    totals: Totals, place: int, scope: MetricsScope, wanted: MetricsScope, **numbers: int
) -> None:
    if wanted.covers(scope):
        totals.slots[place].add(Metrics(**numbers))
        totals.scopes.setdefault(scope, Metrics()).add(Metrics(**numbers))


def _recount_pings(
    world: World, totals: Totals, place: int, rows: Any, wanted: MetricsScope
) -> None:
    campaign_of = {key.pk: key.campaign_id or 0 for key in world.keys}
    for row in rows.filter(company_pk=world.company.pk):
        scope = MetricsScope(campaign_of[row.key_pk or 0], row.publisher_pk or 0)
        if (
            row.method != "POST"
            or row.type not in ("rtb", "call_reservation")
            or not wanted.covers(scope)
        ):
            continue
        _add(totals, place, scope, wanted, pings=1)
        error = json.loads(_ERROR)["error"] if row.status == 422 else "too many requests"
        codes_of_result = {
            "no-target": ["no-target", *(row.reasons or ",nobody,").strip(",").split(",")],
            "rejected": ["rejected"],
        }
        totals.reasons.update(
            codes_of_result.get(row.result, [f"{row.status} {error}"] if row.status >= 400 else [])
        )


def comparable(totals: Totals) -> tuple[Any, ...]:
    """All of the totals that can be compared."""
    scopes = {
        scope: metrics for scope, metrics in totals.scopes.items() if not metrics.is_nothing()
    }
    return (
        totals.slots,
        scopes,
        {reason: number for reason, number in totals.reasons.items() if number},
    )
