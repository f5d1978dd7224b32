"""What publishers do with a caller: ask for a buyer, confirm, ask again, write a form, and send the call or not."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.utils.dateparse import parse_datetime

from .calls import LONGEST_WAY, call
from .client import DemoResponse
from .plan import Kind, Lead
from .scheduler import Story, seconds
from .world import FIXED_NUMBERS, DemoWorld

# How many of a publisher's callers have something to talk about, and how many of those with a buyer call at all.
_QUALITY = {"alpha": 0.62, "beta": 0.42, "gamma": 0.5, "": 0.55}
_CALLS = {"alpha": 0.45, "beta": 0.36, "gamma": 0.45}
_CALLS_AGAIN = 0.15  # of those to whom a plumber comes
_KEYWORDS = {
    "roofing": ("roof repair near me", "new roof cost", "storm damage roof"),
    "plumbing": ("emergency plumber", "plumber open now", "water heater leaking"),
}
_STATIONS = ("WROF 101.3", "WSLT 88.1")
_PROJECTS = {
    "roofing": ("repair", "replacement", "storm damage"),
    "plumbing": ("leak", "drain", "water heater"),
}


def story_of(world: DemoWorld, lead: Lead) -> Story:
    return _STORIES[lead.stream.kind](world, lead)


# --- real-time bidding ------------------------------------------------------------------------------------
def _bid(world: DemoWorld, lead: Lead) -> Story:
    dice, at = lead.dice, lead.at
    answer = _ping(world, lead, at=at)
    if dice.random() < 0.08:  # asked twice, as impatient machines do
        at += seconds(dice.uniform(1, 4))
        yield at
        _ping(world, lead, at=at)
    if answer.value("status") != "reserved":
        return
    expires_at = parse_datetime(answer.value("expires_at")) or at
    if dice.random() < (0.7 if lead.stream.publisher == "alpha" else 0.25):
        at += seconds(dice.uniform(0.5, 3))
        yield at
        if _confirm(world, lead, answer, at=at).value("status") != "confirmed":
            return
    yield from _calls_or_not(
        world, lead, answer.value("inbound_number"), at=at, expires_at=expires_at
    )


def _ping(world: DemoWorld, lead: Lead, *, at: datetime) -> DemoResponse:
    """Alpha sends all in the query, Beta in JSON. Now and then Alpha forgets the zip code that its key asks for."""
    stream, key = lead.stream, {"key": ping_key(world, lead.stream.campaign, lead.stream.publisher)}
    said = {"publisher_id": stream.publisher, "caller_number": lead.caller.number}
    if stream.publisher == "beta":
        body = {
            **said,
            "keyword": lead.dice.choice(_KEYWORDS[stream.campaign]),
            "caller_zip": lead.caller.zip,
        }
        return world.ask("POST", "/rtbs.json", at=at, by="beta", query=key, body=body)
    tags = {"caller_zip": lead.caller.zip, "project": lead.dice.choice(_PROJECTS[stream.campaign])}
    tags = tags if lead.dice.random() > 0.05 else {}
    return world.ask(
        "POST", "/rtbs.json", at=at, by=stream.publisher, query={**key, **said, **tags}
    )


def ping_key(world: DemoWorld, campaign: str, publisher: str) -> str:
    return (
        world.key(campaign, "rtb", f"{publisher.capitalize()} pings")
        if campaign == "roofing"
        else world.key(campaign, "rtb")
    )


def _confirm(world: DemoWorld, lead: Lead, answer: DemoResponse, *, at: datetime) -> DemoResponse:
    query = {
        "key": ping_key(world, lead.stream.campaign, lead.stream.publisher),
        "status": "confirmed",
    }
    return world.ask(
        "PUT", f"/rtbs/{answer.value('uuid')}.json", at=at, by=lead.stream.publisher, query=query
    )


# --- call reservations ------------------------------------------------------------------------------------
def _reservation(world: DemoWorld, lead: Lead) -> Story:
    """An older system, which speaks XML and writes numbers as people do."""
    at, digits = lead.at, lead.caller.number[2:]
    spelled = (
        {"caller_number": f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"}
        if lead.dice.random() > 0.05
        else {}
    )
    said = {"affiliate_id": "gamma", **spelled, "station": lead.dice.choice(_STATIONS)}
    query = {"key": world.key("roofing", "call_reservation"), **said}
    answer = world.ask("POST", "/call_reservations.xml", at=at, by="gamma", query=query)
    if answer.value("status") == "reserved" or (answer.status == 200 and lead.dice.random() < 0.2):
        expires_at = (
            parse_datetime(answer.value("expires_at")) if answer.value("expires_at") else None
        )
        number = f"+{answer.value('inbound_number').lstrip('+')}"
        yield from _calls_or_not(world, lead, number, at=at, expires_at=expires_at)


# --- calls ------------------------------------------------------------------------------------------------
def _calls_or_not(
    world: DemoWorld, lead: Lead, number: str, *, at: datetime, expires_at: datetime | None
) -> Story:
    talk = _talk(lead)
    if lead.dice.random() < _CALLS.get(lead.stream.publisher, 0) and fits(world, at, talk):
        at += seconds(lead.dice.uniform(3, 20))
        yield at
        yield from call(
            world, to=number, caller=lead.caller.number, talk=talk, dice=lead.dice, at=at
        )
        yield from _calls_again(world, lead)
    elif expires_at:
        at = expires_at + seconds(lead.dice.uniform(0, 5))
        yield at
        world.sweep(at=at)


def _calls_again(world: DemoWorld, lead: Lead) -> Story:
    """When will the plumber be here?"""
    at = world.stage.now + seconds(lead.dice.uniform(600, 7200))
    if (
        lead.stream.campaign == "plumbing"
        and lead.dice.random() < _CALLS_AGAIN
        and fits(world, at, 100)
    ):
        yield at
        number = FIXED_NUMBERS["plumbing", ""]
        yield from call(
            world, to=number, caller=lead.caller.number, talk=100, dice=lead.dice, at=at
        )


def _call(world: DemoWorld, lead: Lead) -> Story:
    """Somebody dials a number from an advertisement; now and then without showing the own one."""
    talk, number = _talk(lead), FIXED_NUMBERS[lead.stream.campaign, lead.stream.publisher]
    caller = lead.caller.number if lead.dice.random() > 0.05 else None
    if fits(world, lead.at, talk):
        yield from call(world, to=number, caller=caller, talk=talk, dice=lead.dice, at=lead.at)


def _form(world: DemoWorld, lead: Lead) -> Story:
    """Somebody fills in a form, and calls some minutes later, or not yet."""
    tags = {
        "project": lead.dice.choice(_PROJECTS["roofing"]),
        "roof_age": str(lead.dice.randrange(4, 31)),
        "caller_zip": lead.caller.zip,
    }
    query = {"key": world.key("alpha", "call_data_writing")}
    body = {"caller_number": lead.caller.number, **tags}
    world.ask("POST", "/data_writing.json", at=lead.at, by="alpha", query=query, body=body)
    at, talk = lead.at + seconds(lead.dice.uniform(60, 1200)), _talk(lead)
    if lead.dice.random() < 0.6 and fits(world, at, talk):
        yield at
        number = FIXED_NUMBERS["roofing", "alpha"]
        yield from call(
            world, to=number, caller=lead.caller.number, talk=talk, dice=lead.dice, at=at
        )


def fits(world: DemoWorld, at: datetime, talk: int) -> bool:
    """Whether a call that is about to begin is surely over by the end of the story."""
    return at + LONGEST_WAY + seconds(talk) < world.now


def _talk(lead: Lead) -> int:
    """Seconds: some minutes, or a few words of somebody who does not want anything."""
    if lead.dice.random() < _QUALITY.get(lead.stream.publisher, 0.5):
        return min(1500, 95 + int(lead.dice.lognormvariate(4.9, 0.7)))
    return lead.dice.randrange(6, 85)


_STORIES: Mapping[Kind, Callable[[DemoWorld, Lead], Story]] = {
    "bid": _bid,
    "reservation": _reservation,
    "call": _call,
    "form": _form,
}
