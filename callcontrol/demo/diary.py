"""What else happens in a week, and what is still going on when its history ends."""

from collections.abc import Callable
from datetime import time, timedelta
from uuid import UUID

from callcontrol.models import Call

from .calls import dial, ringing_buyer
from .leads import confirm_buyer, ping, reserve_call
from .plan import STREAMS, DemoCaller, Lead, random_caller
from .world import FIXED_NUMBERS, DemoWorld

LAST_BUYER = "anytime"  # with the longest timeout
_ALPHA = STREAMS[0]


# --- the past -----------------------------------------------------------------------------------
def send_burst(world: DemoWorld) -> None:
    """Four pings within a second, where Beta's key allows two."""
    for _ in range(4):
        body = {"publisher_id": "beta", "caller_number": random_caller(world.dice).number}
        query = {"key": world.key("roofing", "rtb", "Beta pings")}
        world.send("POST", "/rtbs.json", by="beta", query=query, body=body)
        world.wait(0.1)


def guess_keys(world: DemoWorld) -> None:
    for _ in range(3):
        query = {"key": str(random_uuid(world)), "caller_number": random_caller(world.dice).number}
        world.send("POST", "/rtbs.json", by="stranger", query=query)
        world.wait(1)


def read_lists(world: DemoWorld) -> None:
    """The office reads yesterday's calls, a buyer and a group the active ones."""
    company_id = world.company.company_id
    query = {"api_key": world.key(company_id, "account"), "company_id": company_id}
    world.send("GET", "/calls.json", query=query)
    for owner_id in ("summit", "east"):
        query = {"api_key": world.key(owner_id, "call_control")}
        world.send("GET", "/call_control/v1/active_calls.json", by=owner_id, query=query)


def take_two_callers(world: DemoWorld) -> None:
    """A second ping while Pipeworks, which takes one call at a time, talks to the first caller.

    Each ping is sent twice with one Idempotency-Key: its sender believes the first one lost.
    """
    phones = []
    for _ in range(2):
        query = {"key": world.key("plumbing", "rtb"), "publisher_id": "alpha"}
        query["caller_number"] = random_caller(world.dice).number
        key = str(random_uuid(world))
        for _ in range(2):
            answer = world.send("POST", "/rtbs.json", by="alpha", query=query, idempotency_key=key)
            world.wait(9)
        number = answer.value("inbound_number") or FIXED_NUMBERS["plumbing", ""]
        call_uuid = dial(world, to=number, caller=query["caller_number"])
        world.wait(8)
        if phone := ringing_buyer(world, call_uuid):
            phone.play("handler-answers")
            phones.append(phone)
    for phone in phones:
        phone.play("75 caller-leaves")
        world.wait(2)
        world.deliver_webhooks()


def write_up_calls(world: DemoWorld) -> None:
    """Summit reports sales of calls too short to convert; Alpha notes how calls went.

    One of the notes has the UUID of no call.
    """
    day = (world.now - timedelta(days=1), world.now)
    calls = Call.objects.filter(company=world.company, ended_at__range=day)
    calls = calls.exclude(connected_at=None).order_by("started_at")
    for call in calls.filter(buyer__buyer_id="summit", converted_at=None)[:2]:
        world.wait(20, 90)
        body = {"call_uuid": str(call.pk), "revenue": "240.00", "payout": "90.00"}
        query = {"key": world.key("summit", "conversion")}
        world.send("POST", "/conversions.json", by="summit", query=query, body=body)
    noted = [call.pk for call in calls.filter(publisher__publisher_id="alpha")[:2]]
    for call_uuid in (*noted, random_uuid(world)):
        world.wait(20, 90)
        query = {"key": world.key("alpha", "call_data_writing"), "call_uuid": str(call_uuid)}
        query["appointment"] = world.dice.choice(("booked", "call back", "no interest"))
        world.send("GET", "/data_writing.json", by="alpha", query=query)


def random_uuid(world: DemoWorld) -> UUID:
    return UUID(int=world.dice.getrandbits(128), version=4)


# Days of the week, time of the company's day, and what happens then.
_WEEKDAYS, _EVERY_DAY = range(5), range(7)
DIARY: tuple[tuple[range, time, Callable[[DemoWorld], None]], ...] = (
    (range(0, 7, 3), time(3, 12, 40), guess_keys),
    (_EVERY_DAY, time(9, 5, 1), read_lists),
    (_WEEKDAYS, time(10, 14, 7), send_burst),
    (_WEEKDAYS, time(13, 40, 2), take_two_callers),
    (_WEEKDAYS, time(17, 45, 48), write_up_calls),
)


# --- the present --------------------------------------------------------------------------------
def talk(world: DemoWorld) -> None:
    """A call that is answered, and a form that its caller fills in meanwhile."""
    lead = Lead(world.now, _ALPHA, DemoCaller("+12155550191", "19103"))
    answer = ping(world, lead)
    world.wait(2)
    confirm_buyer(world, lead, answer)
    world.wait(12)
    number = answer.value("inbound_number") or FIXED_NUMBERS["roofing", "alpha"]
    call_uuid = dial(world, to=number, caller=lead.caller.number)
    world.wait(7)
    if phone := ringing_buyer(world, call_uuid):
        phone.play("handler-answers 9")
        if phone.leg.acceptance_seconds:
            phone.play("accept")
    world.wait(95)
    query = {"key": world.key("alpha", "call_data_writing"), "caller_number": lead.caller.number}
    world.send("GET", "/data_writing.json", by="alpha", query=query | {"roof_age": "22"})


def ring(world: DemoWorld) -> None:
    """Every other buyer is busy, and the last one's phone rings."""
    call_uuid = dial(world, to=FIXED_NUMBERS["roofing", "alpha"], caller="+18435550192")
    while (phone := ringing_buyer(world, call_uuid)) is not None:
        if world.buyer_id(phone.leg.buyer_id) == LAST_BUYER:
            break
        phone.play("2 handler-busy")


def reserve_buyers(world: DemoWorld) -> None:
    """One is confirmed, the other is not."""
    lead = Lead(world.now, _ALPHA, DemoCaller("+17035550193", "22201"))
    confirm_buyer(world, lead, ping(world, lead))
    world.wait(4)
    reserve_call(world, Lead(world.now, _ALPHA, DemoCaller("+15165550194", "11530")))


# Seconds before the end, and what begins then. The sweeps end it: the call after four hours.
PRESENT: tuple[tuple[int, Callable[[DemoWorld], None]], ...] = (
    (260, talk),
    (35, ring),
    (9, reserve_buyers),
)
