"""The caller ID that a leg shows: the caller's number, or a random one if callers share it.

A buyer's agent finds the call by the number on the phone, so no two live legs of a buyer may show
the same random number.
"""

from random import Random, SystemRandom

from django.db.models import Exists

from callcontrol.models import Call, Leg
from campaigns import phone
from campaigns.models import Buyer, Company
from config.db.insert import insert_row

SHARED_CALLS = 5  # concurrent calls that make a caller's number a shared one
_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
_MAX_DRAWS = 100
_RANDOM = SystemRandom()


def insert_leg(leg: Leg, *, chance: Random = _RANDOM) -> None:
    """Insert a new leg with its caller ID, inside the caller's transaction.

    Draws again while a concurrent leg has the same random number. Take no lock after it that other
    processes wait for.
    """
    for _ in range(_MAX_DRAWS):
        leg.caller_number_sent, leg.number_is_random = choose_caller_id(
            call=leg.call, buyer=leg.buyer, chance=chance
        )
        if insert_row(leg):
            return
        if not leg.number_is_random:
            break
    leg.save(force_insert=True)  # another constraint is violated: raises its IntegrityError


def choose_caller_id(
    *, call: Call, buyer: Buyer | None, chance: Random = _RANDOM
) -> tuple[str | None, bool]:
    """Return the caller ID for a leg of this call, and whether it is random.

    None withholds it. A buyer's own setting comes first; a leg without a buyer has no setting.
    """
    if buyer is not None and buyer.caller_id != "caller":
        return buyer.caller_id, False
    if call.caller_number is None or not _is_shared(call):
        return call.caller_number, False
    live = Leg.objects.live().filter(buyer=buyer)
    while True:
        number = f"+1{chance.choice(_TOLL_FREE)}555{chance.randrange(10_000):04}"
        if buyer is None or not live.filter(caller_number_sent=number).exists():
            return number, True


def _is_shared(call: Call) -> bool:
    """Whether callers share the number: by the company's list, or by the calls from it now."""
    live = Call.objects.filter(
        company_id=call.company_id, caller_number=call.caller_number, ended_at=None
    )
    companies = Company.objects.filter(pk=call.company_id).annotate(
        crowded=Exists(live[SHARED_CALLS - 1 : SHARED_CALLS])
    )
    static, region, crowded = companies.values_list(
        "static_caller_numbers", "region", "crowded"
    ).get()
    return crowded or any(phone.to_e164(text, region) == call.caller_number for text in static)
