"""Finds the calls of a handler key's owner: those that it is on now, and the newest of a caller."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from callcontrol.models import Leg, Party
from campaigns.errors import NotAuthorized

from .access import Controller

# Nobody means an older call by its caller's number. Every window of a handler key is over by then.
_MEANT_FOR = timedelta(days=1)


def active_legs(controller: Controller, *, now: datetime) -> QuerySet[Leg]:
    """The owner's present leg of each call that it is on, the newest of several; most recently dialed first.

    A ringing or talking handler is present, a transferee from its answer on; a line that is past its time is not, whether
    or not it was ended already.
    """
    theirs = Leg.objects.live().filter(
        buyer_id__in=controller.buyer_pks, call__company_id=controller.company_pk
    )
    timely = theirs.exclude(status=Leg.Status.RINGING, rings_until__lte=now)
    timely = timely.exclude(status=Leg.Status.IN_PROGRESS, accepted_at=None, accept_until__lte=now)
    present = timely.exclude(party=Party.TRANSFEREE, status=Leg.Status.RINGING)
    newer = present.filter(call_id=OuterRef("call_id"), place__gt=OuterRef("place"))
    return present.filter(~Exists(newer)).select_related("call").order_by("-started_at", "-pk")


def of_caller(legs: QuerySet[Leg], number: str | None) -> QuerySet[Leg]:
    """The legs of a caller, as the number is or as it was shown to the handler; None: of callers who withheld it."""
    return legs.filter(Q(call__caller_number=number) | Q(caller_number_sent=number))


def newest_call(controller: Controller, *, caller_number: str | None, now: datetime) -> UUID:
    """The owner's most recently dialed call from this caller, of the last day; NotAuthorized when there is none."""
    theirs = Leg.objects.filter(
        buyer_id__in=controller.buyer_pks,
        call__company_id=controller.company_pk,
        call__started_at__gte=now - _MEANT_FOR,
    )
    on_the_call = theirs.exclude(party=Party.TRANSFEREE, answered_at=None)
    found = (
        of_caller(on_the_call, caller_number)
        .order_by("-started_at", "-pk")
        .values_list("call_id", flat=True)
        .first()
    )
    if found is None:
        raise NotAuthorized
    return found
