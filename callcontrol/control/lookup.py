"""Look-up of a key owner's calls: those that it is on now, and the newest one of a caller."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from callcontrol.models import Leg, Party
from campaigns.errors import NotAuthorized

from .access import Controller

# A caller's number stands for a recent call: the windows of every handler key are over by then.
_RECENT = timedelta(days=1)


def active_legs(controller: Controller, *, now: datetime) -> QuerySet[Leg]:
    """Return the owner's newest present leg of each call, most recently dialed first.

    A ringing or talking handler is present, a transferee from its answer on. A leg past its time
    is not, whether or not a sweep has ended it.
    """
    own = Leg.objects.live().filter(
        buyer_id__in=controller.buyer_pks, call__company_id=controller.company_pk
    )
    timely = own.exclude(status=Leg.Status.RINGING, rings_until__lte=now)
    timely = timely.exclude(status=Leg.Status.IN_PROGRESS, accepted_at=None, accept_until__lte=now)
    present = timely.exclude(party=Party.TRANSFEREE, status=Leg.Status.RINGING)
    newer = present.filter(call_id=OuterRef("call_id"), place__gt=OuterRef("place"))
    return present.filter(~Exists(newer)).select_related("call").order_by("-started_at", "-pk")


def of_caller(legs: QuerySet[Leg], number: str | None) -> QuerySet[Leg]:
    """Return the legs of a caller, by the caller's number or the caller ID; None if withheld."""
    return legs.filter(Q(call__caller_number=number) | Q(caller_number_sent=number))


def newest_call(controller: Controller, *, caller_number: str | None, now: datetime) -> UUID:
    """Return the owner's most recently dialed call of this caller, of the last day.

    Raises NotAuthorized if there is none.
    """
    own = Leg.objects.filter(
        buyer_id__in=controller.buyer_pks,
        call__company_id=controller.company_pk,
        call__started_at__gte=now - _RECENT,
    )
    on_call = own.exclude(party=Party.TRANSFEREE, answered_at=None)
    newest = of_caller(on_call, caller_number).order_by("-started_at", "-pk")
    call_uuid = newest.values_list("call_id", flat=True).first()
    if call_uuid is None:
        raise NotAuthorized
    return call_uuid
