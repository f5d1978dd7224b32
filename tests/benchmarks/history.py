"""A past for the record lists: a million requests of ninety days, the reservations and the calls
that they led to.

A few hundred rows are made one by one; the database copies them, with times, callers and UUIDs of
their own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign, Company
from publishers.models import Key, LogEntry, Publisher
from reservations.models import Reservation
from tests import factories as make

DAYS = 90
CALLERS = 100_000
HOT_CALLER = "+12025550100"
_KINDS = 200  # of rows, before they are copied

# Of two hundred rows, the number with each (result, status, type).
_CAME_TO = [
    *[("reserved", 200, "rtb")] * 76,
    *[("no-target", 200, "rtb")] * 64,
    *[("shielded", 200, "rtb")] * 16,
    *[("confirmed", 200, "rtb")] * 12,
    *[("stored", 200, "call_data_writing")] * 20,
    *[("refused", 422, "rtb")] * 8,
    *[("rejected", 200, "rtb")] * 3,
    *[("converted", 200, "conversion")] * 1,
]
_REASONS = ["closed", "paused", "daily-cap"]
_TAGS = {
    "caller_state": "NY",
    "caller_zip": "90210",
    "caller_city": "Springfield",
    "age": "62",
    "home_owner": "yes",
    "jornaya_leadid": "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1",
    "trusted_form": "https://cert.example.com/2f0a4d5b8e6c7a9d0f1e2d3c4b5a69788796a5b4",
    "sub_id": "campaign-17-banner-blue",
    "landing_page": "https://roofs.example.com/free-quote?utm_source=search&utm_medium=cpc",
}
_RESERVED = (
    '{"uuid":"7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1","status":"reserved","retreaver_payout":90.0,"retreaver_seconds":120,'
    '"inbound_number":"+18335550100","expires_at":"2026-05-05T06:25:08.295Z"}'
)
_NOT_RESERVED = '{"uuid":"7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1","status":"no-target"}'
_DATES = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '{began}', (n.i * {step}) || ' seconds')",
    "postgresql": "CAST('{began}+00' AS timestamptz) + n.i * {step} * interval '1 second'",
}
# The UUID of the reservation of this number, scattered as random ones are.
_UUIDS = {
    "sqlite": "printf('%08x%024x', ({number}) * 2654435761 % 4294967296, {number})",
    "postgresql": "CAST(lpad(to_hex(({number}) * 2654435761 % 4294967296), 8, '0') || lpad(to_hex({number}), 24, '0') AS uuid)",
}
_COPY = """
INSERT INTO {table} ({columns})
WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count}),
t AS (SELECT r.*, parse_pk() OVER (ORDER BY {key}) - 1 AS place FROM {table} r)
SELECT {values} FROM n JOIN t ON t.place = (n.i * 7919) % {kinds} ORDER BY n.i
"""


@dataclass
class Scene:
    """Create a large company, a small one, and their members."""

    large: Company
    small: Company
    began: datetime
    keys: list[Key] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)
    buyers: list[Buyer] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)


def make_scene() -> Scene:
    large, small = make.make_company(name="Large"), make.make_company(name="Small")
    scene = Scene(large, small, timezone.now() - timedelta(days=DAYS))
    for company, count in ((large, 3), (small, 1)):
        scene.campaigns += [
            make.make_campaign(company, name=f"Campaign {number}") for number in range(count)
        ]
        scene.publishers += [
            make.make_publisher(company, name=f"Publisher {number}") for number in range(2 * count)
        ]
    scene.buyers = [make.make_buyer(large, name=f"Buyer {number}") for number in range(10)] + [
        make.make_buyer(small)
    ]
    for number in range(12):
        campaign = scene.campaigns[number % 3] if number < 11 else scene.campaigns[3]
        scene.keys.append(make.make_key("rtb", campaign=campaign, name=f"Key {number}"))
    return scene


def fill(scene: Scene, *, requests: int, reservations: int, calls: int) -> None:
    for number in range(_KINDS):
        _entry(scene, number)
        _reservation(scene, number)
        _call(scene, number)
    step = DAYS * 86_400
    uuid = _UUIDS[connection.vendor]
    of_request = uuid.format(number=f"1 + n.i * {reservations - 1} / {requests}")
    _copy(
        Reservation,
        reservations,
        {"created_at": _time(scene, step / reservations), "uuid": uuid.format(number="n.i")},
    )
    _copy(LogEntry, requests, {"at": _time(scene, step / requests), "reservation_uuid": of_request})
    own = {
        "uuid": uuid.format(number="n.i"),
        "reservation_id": uuid.format(number="n.i"),
        "carrier_call_id": "'copy ' || n.i",
    }
    _copy(Call, calls, {"started_at": _time(scene, step / calls), **own})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _owner(scene: Scene, number: int) -> tuple[Company, Key, Publisher]:
    """Nine of ten rows are the large company's; the last key and publisher are hardly ever used."""
    if number % 10 == 9:
        return scene.small, scene.keys[11], scene.publishers[6 + number % 2]
    rare = number == 7
    return (
        scene.large,
        scene.keys[10 if rare else number % 10],
        scene.publishers[5 if rare else number % 5],
    )


def _entry(scene: Scene, number: int) -> None:
    company, key, publisher = _owner(scene, number)
    result, status, kind = _CAME_TO[number * 37 % _KINDS]
    unknown = number % 100 == 50
    refused = _refused(scene, number)
    sold = result == "reserved"
    trace = {
        "seed": number,
        "eligible": [[1, 1, [row.pk for row in scene.buyers[5:10]]]] if sold else [],
        "refused": refused,
    }
    asked = result in ("reserved", "no-target")
    make.make_entry(
        None if unknown else company,
        at=scene.began,
        key_pk=None if unknown else key.pk,
        publisher_pk=None if unknown else publisher.pk,
        key_end="abcd",
        type="" if unknown else kind,
        result="refused" if unknown else result,
        status=401 if unknown else status,
        trace=trace if asked and not unknown else None,
        reasons=f",{','.join(refused)}," if asked and not unknown else None,
        caller_number=None,
        parameters={
            "key": "…abcd",
            "caller_number": "2025550142",
            "publisher_id": publisher.publisher_id,
            **_TAGS,
        },
        response=_RESERVED if sold else _NOT_RESERVED,
        address="203.0.113.7",
    )


def _refused(scene: Scene, number: int) -> dict[str, Any]:
    """Half of the buyers by a filter and one more reason."""
    unmet = {"key": "caller_state", "operator": "==", "value": "CA", "seen": "NY"}
    rows = [row.pk for row in scene.buyers]
    return {
        _REASONS[number % 3]: [[{"opens": "2026-05-05T13:00:00+00:00"}, rows[:3]]],
        "filter": [[unmet, rows[3:5]]],
    }


def _reservation(scene: Scene, number: int) -> None:
    company, key, publisher = _owner(scene, number)
    status = ["expired", "claimed", "no-target", "expired"][number % 4]
    buyer = (
        scene.buyers[10]
        if company == scene.small
        else scene.buyers[9 if number == 7 else number % 9]
    )
    Reservation.objects.create(
        company=company,
        key=key,
        campaign=key.campaign,
        publisher=publisher,
        buyer=None if status == "no-target" else buyer,
        status=status,
        scope=f"rtb:key:{key.pk}",
        inbound_number="+18335550100",
        payout=90,
        revenue=120,
        seconds=120,
        tags={"caller_zip": "90210", "caller_state": "CA"},
        created_at=scene.began,
        expires_at=scene.began + timedelta(seconds=30),
        closed_at=scene.began + timedelta(seconds=30),
    )


def _call(scene: Scene, number: int) -> None:
    company, key, publisher = _owner(scene, number)
    paid = number % 5 == 0
    Call.objects.create(
        company=company,
        campaign=key.campaign,
        publisher=publisher,
        buyer=scene.buyers[10]
        if company == scene.small
        else scene.buyers[9 if number == 7 else number % 9],
        carrier="simulator",
        carrier_call_id=f"template {number}",
        status="no-target" if number == 33 else "finished",
        inbound_number="+18335550100",
        payout=90 if paid else None,
        revenue=120 if paid else None,
        converted_at=scene.began if paid else None,
        connected_at=scene.began if number % 3 else None,
        started_at=scene.began,
        clock=scene.began,
        ended_at=scene.began,
        settled_at=scene.began,
    )


def _time(scene: Scene, step: float) -> str:
    """Return the moment of a row, `seconds` after the previous one."""
    return _DATES[connection.vendor].format(began=f"{scene.began:%Y-%m-%d %H:%M:%S}", step=step)


def _copy(model: type[Model], count: int, own: dict[str, str]) -> None:
    """Copy the rows in turn until there are `count`; `own` columns differ per row."""
    columns = [
        str(column.column) for column in model._meta.concrete_fields if column.column != "id"
    ]
    values = {"caller_number": _caller(), **own}
    sql = _COPY.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        key=model._meta.pk.column,
        count=count,
        kinds=_KINDS,
        values=", ".join(values.get(name, f"t.{name}") for name in columns),
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(sql)


def _caller() -> str:
    """One of a hundred thousand, but that every hundredth row is of one caller, and every
    seventh withheld."""
    text = f"CAST(2000000000 + (n.i * 7907) % {CALLERS} AS text)"
    return f"CASE WHEN n.i % 100 = 0 THEN '{HOT_CALLER}' WHEN n.i % 7 = 0 THEN NULL ELSE '+1' || {text} END"
