"""What is heard of a call when it is over: webhooks that are told, sales that are reported, notes that are written."""

from random import Random
from uuid import UUID

from callcontrol.models import Call

from .scheduler import Story, seconds
from .world import DemoWorld

_PRICES = ("180.00", "240.00", "320.00")
_NOTES = ("booked", "booked", "call back", "no interest")


def after_call(world: DemoWorld, call_uuid: UUID, *, dice: Random) -> Story:
    ended = Call.objects.select_related("campaign", "publisher", "buyer").get(pk=call_uuid)
    at = ended.ended_at or ended.started_at
    buyer = ended.buyer.buyer_id if ended.buyer and ended.connected_at else ""
    if ended.converted_at and ended.campaign.campaign_id == "plumbing":
        at += seconds(2)
        yield at
        world.deliver(at=at, dice=dice)
    if buyer == "summit" and not ended.converted_at and dice.random() < 0.35:
        world.stage.enter(at + seconds(dice.uniform(1, 20) * 3600), _sale(world, call_uuid, dice))
    if (
        ended.publisher
        and ended.publisher.publisher_id == "alpha"
        and buyer
        and dice.random() < 0.12
    ):
        world.stage.enter(at + seconds(dice.uniform(120, 2400)), _note(world, call_uuid, dice))


def _sale(world: DemoWorld, call_uuid: UUID, dice: Random) -> Story:
    """The buyer sold something after a call that had been too short to pay."""
    sold = {"call_uuid": str(call_uuid), "revenue": dice.choice(_PRICES), "payout": "90.00"}
    query = {"key": world.key("summit", "conversion")}
    world.ask("POST", "/conversions.json", at=world.stage.now, by="summit", query=query, body=sold)
    yield from ()


def _note(world: DemoWorld, call_uuid: UUID, dice: Random) -> Story:
    """The publisher writes down what came of the call."""
    query = {
        "key": world.key("alpha", "call_data_writing"),
        "call_uuid": str(call_uuid),
        "appointment": dice.choice(_NOTES),
    }
    world.ask("GET", "/data_writing.json", at=world.stage.now, by="alpha", query=query)
    yield from ()
