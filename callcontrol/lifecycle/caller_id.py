"""What a leg shows as its caller ID: the caller's number, or a random one where many callers share a number.

Whoever answers finds the call by what was shown, so no two live legs of a buyer may show the same random number.
"""

from random import Random, SystemRandom

from django.db.models import Exists

from callcontrol.models import Call, Leg
from campaigns import phone
from campaigns.models import Buyer, Company
from config.db.insert import insert_row

CROWD = 5  # live calls at once that make a number one that many share
_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
_MOST_TRIES = 100
_CHANCE = SystemRandom()


def insert_leg(leg: Leg, *, chance: Random = _CHANCE) -> None:
    """Inserts a new leg with what it shows, inside the caller's transaction. Nothing that others wait for is locked after it.

    A leg that was inserted at the same moment with the same random number is waited for, and another number is drawn.
    """
    for _ in range(_MOST_TRIES):
        leg.caller_number_sent, leg.number_is_random = shown_caller_id(
            call=leg.call, buyer=leg.buyer, chance=chance
        )
        if insert_row(leg):
            return
        if not leg.number_is_random:
            break
    leg.save(
        force_insert=True
    )  # it is something else that stands in the way: the database says what


def shown_caller_id(
    *, call: Call, buyer: Buyer | None, chance: Random = _CHANCE
) -> tuple[str | None, bool]:
    """The caller ID for a leg of this call, None when it is withheld, and whether it is random.

    The number that a buyer wants to see instead of the caller's stands, whoever calls. Without a buyer it is a line to
    somebody else.
    """
    if buyer is not None and buyer.caller_id != "caller":
        return buyer.caller_id, False
    if call.caller_number is None or not _is_shared(call):
        return call.caller_number, False
    return _stand_in(buyer, chance), True


def _is_shared(call: Call) -> bool:
    """Whether the company says that many share the caller's number, or so many are calling from it now, this call included."""
    live = Call.objects.filter(
        company_id=call.company_id, caller_number=call.caller_number, ended_at=None
    )
    companies = Company.objects.filter(pk=call.company_id).annotate(
        crowded=Exists(live[CROWD - 1 : CROWD])
    )
    static, region, crowded = companies.values_list(
        "static_caller_numbers", "region", "crowded"
    ).get()
    return crowded or any(phone.to_e164(text, region) == call.caller_number for text in static)


def _stand_in(buyer: Buyer | None, chance: Random) -> str:
    """A toll-free number that no live leg of the buyer shows."""
    while True:
        number = f"+1{chance.choice(_TOLL_FREE)}555{chance.randrange(10_000):04}"
        if (
            buyer is None
            or not Leg.objects.live().filter(buyer=buyer, caller_number_sent=number).exists()
        ):
            return number
