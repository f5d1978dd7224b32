"""What publishers do with a lead: ping, confirm, write a form, and send the call or not."""

from .calls import play_call
from .client import DemoResponse
from .plan import Lead
from .world import FIXED_NUMBERS, DemoWorld

# Shares: callers that talk for long, buyers that are confirmed, and reservations that are called.
_LONG_TALKS = {"alpha": 0.62, "beta": 0.42, "gamma": 0.5}
_CONFIRMED = {"alpha": 0.7, "beta": 0.25}
_CALLED = {"alpha": 0.45, "beta": 0.36, "gamma": 0.45}
_PROJECTS = {
    "roofing": ("repair", "replacement", "storm damage"),
    "plumbing": ("leak", "drain", "water heater"),
}


def play_lead(world: DemoWorld, lead: Lead) -> None:
    """Play a lead to its end: a call, a reservation that is not used, or a refusal."""
    publisher, caller = lead.stream.publisher, lead.caller.number
    number = FIXED_NUMBERS.get((lead.stream.campaign, publisher), "")
    if lead.stream.type == "call":
        call(world, lead, number, withheld=world.happens(0.05))
    elif lead.stream.type == "form":
        query = {"key": world.key("alpha", "call_data_writing")}
        body = {
            "caller_number": caller,
            "caller_zip": lead.caller.zip,
            "project": world.dice.choice(_PROJECTS["roofing"]),
            "roof_age": str(world.dice.randrange(4, 31)),
        }
        world.send("POST", "/data_writing.json", by="alpha", query=query, body=body)
        if world.happens(0.6):
            world.wait(30, 300)
            call(world, lead, number)
    else:
        with_tags = not world.happens(0.05)
        send = ping if lead.stream.type == "bid" else reserve_call
        answer = send(world, lead, with_tags=with_tags)
        if world.happens(0.06):  # impatient machines ping twice
            world.wait(1, 4)
            answer = send(world, lead, with_tags=with_tags)
        if answer.value("status") != "reserved":
            return
        if world.happens(_CONFIRMED.get(publisher, 0)):
            world.wait(0.5, 3)
            confirm_buyer(world, lead, answer)
        if world.happens(_CALLED.get(publisher, 0)):
            call(world, lead, f"+{answer.value('inbound_number').lstrip('+')}")


def ping(world: DemoWorld, lead: Lead, *, with_tags: bool = True) -> DemoResponse:
    """Send a ping, Beta's in JSON; without tags it lacks the zip code that Alpha's key requires."""
    stream, key = lead.stream, {"key": ping_key(world, lead)}
    tags = {"publisher_id": stream.publisher, "caller_number": lead.caller.number}
    if with_tags:
        project = world.dice.choice(_PROJECTS[stream.campaign])
        tags |= {"caller_zip": lead.caller.zip, "project": project}
    if stream.publisher == "beta":
        return world.send("POST", "/rtbs.json", by="beta", query=key, body=tags)
    return world.send("POST", "/rtbs.json", by=stream.publisher, query=key | tags)


def confirm_buyer(world: DemoWorld, lead: Lead, answer: DemoResponse) -> None:
    query = {"key": ping_key(world, lead), "status": "confirmed"}
    path = f"/rtbs/{answer.value('uuid')}.json"
    world.send("PUT", path, by=lead.stream.publisher, query=query)


def ping_key(world: DemoWorld, lead: Lead) -> str:
    stream = lead.stream
    name = f"{stream.publisher.capitalize()} pings" if stream.campaign == "roofing" else ""
    return world.key(stream.campaign, "rtb", name)


def reserve_call(world: DemoWorld, lead: Lead, *, with_tags: bool = True) -> DemoResponse:
    """Reserve a call in XML, as Gamma's older system does; without tags it lacks the caller."""
    digits, publisher = lead.caller.number[2:], lead.stream.publisher
    query = {"key": world.key("roofing", "call_reservation"), "affiliate_id": publisher}
    if with_tags:
        query["caller_number"] = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return world.send("POST", "/call_reservations.xml", by=publisher, query=query)


def call(world: DemoWorld, lead: Lead, number: str, *, withheld: bool = False) -> None:
    """Dial a number after some seconds; a plumber's caller may ask later when the plumber comes."""
    world.wait(3, 20)
    talk_seconds = world.dice.randrange(6, 85)
    if world.happens(_LONG_TALKS.get(lead.stream.publisher, 0.5)):
        talk_seconds = min(1200, 95 + int(world.dice.lognormvariate(4.9, 0.7)))
    caller = None if withheld else lead.caller.number
    play_call(world, to=number, caller=caller, talk_seconds=talk_seconds)
    if lead.stream.campaign == "plumbing" and world.happens(0.3):
        world.wait(120, 600)
        number = FIXED_NUMBERS["plumbing", ""]
        play_call(world, to=number, caller=caller, talk_seconds=100)
