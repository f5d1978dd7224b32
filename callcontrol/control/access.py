"""Which calls a handler key reaches, and on which line of them its owner is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcontrol.lifecycle.timeouts import apply_timeouts
from callcontrol.models import Leg, Outcome, Party
from callcontrol.state.locked_call import LockedCall, lock_call
from campaigns.errors import NotAuthorized
from campaigns.models import GroupMember
from publishers.snapshot import KeySnapshot


@dataclass(frozen=True, slots=True)
class Controller:
    """Who steers: the key's row, its company, the rows of the buyers it stands for, and its windows in seconds.

    An account manager (`callcontrol.control.manager`) has no key: `line` is the one leg that is steered, `person` who does it.
    """

    key_pk: int | None
    company_pk: int
    buyer_pks: frozenset[int]
    return_seconds: float
    reject_seconds: float
    line: UUID | None = None
    person: str = ""


def controller_of(key: KeySnapshot, *, company_pk: int) -> Controller:
    """The owner of a handler key: a buyer, or the members of a group as they are now."""
    if key.buyer_pk is not None:
        rows = frozenset({key.buyer_pk})
    else:
        members = GroupMember.objects.filter(group_id=key.group_pk)
        rows = frozenset(members.values_list("buyer_id", flat=True))
    settings = key.settings
    return Controller(
        key.row, company_pk, rows, settings["return_seconds"], settings["reject_seconds"]
    )


def apply_timeouts_for(call_uuid: UUID, controller: Controller, *, now: datetime) -> None:
    """Brings a call that was ever dialed to the key's owner to this moment; NotAuthorized for any other call.

    Before the call is locked: others may guess at calls as they like, and keep nobody waiting.
    """
    theirs = Leg.objects.filter(
        call_id=call_uuid, call__company_id=controller.company_pk, buyer_id__in=controller.buyer_pks
    )
    if not theirs.exists():
        raise NotAuthorized
    apply_timeouts(call_uuid, now=now)


def lock_call_for(
    call_uuid: UUID, controller: Controller, *, after_timeout: bool = False
) -> tuple[LockedCall, Leg]:
    """The locked locked_call of a call that this key reaches, and its owner's leg in it; NotAuthorized for any other call.

    Nothing is revealed about a call: one that does not exist, of another company or of another buyer is all the same.
    `after_timeout`: a handler who did not accept in time is told so.
    """
    locked_call = lock_call(call_uuid)
    leg = leg_of(locked_call, controller)
    if leg is None and after_timeout:
        late = [
            one
            for one in locked_call.dialed_legs()
            if one.buyer_id in controller.buyer_pks and one.outcome == Outcome.NOT_ACCEPTED
        ]
        leg = late[-1] if late else None
    if leg is None:
        raise NotAuthorized
    return locked_call, leg


def leg_of(locked_call: LockedCall, controller: Controller) -> Leg | None:
    """The leg by which the key's owner is on the call, or was on it last if the call has ended; None for nobody's.

    On the call are: a ringing or talking handler; a transferee from its answer on; the one who made a transfer that
    still lives, also after leaving; and whoever gave the call back by this very key, so that a repeat is no error.
    """
    if controller.line is not None:
        return next((leg for leg in locked_call.dialed_legs() if leg.pk == controller.line), None)
    theirs = [leg for leg in locked_call.dialed_legs() if leg.buyer_id in controller.buyer_pks]
    present = [leg for leg in theirs if is_present(locked_call, leg)]
    if present:
        return present[-1]
    given_up = [leg for leg in theirs if leg.given_up_by == controller.key_pk]
    if given_up:
        return given_up[-1]
    transferring = {transfer.transferor_id for transfer in locked_call.live_transfers()}
    left = [leg for leg in theirs if leg.pk in transferring]
    if left:
        return left[-1]
    last = last_leg(locked_call)
    return last if not locked_call.call.is_live and last in theirs else None


def is_present(locked_call: LockedCall, leg: Leg) -> bool:
    """Ringing or talking; a transferee is on the call from its answer on."""
    return leg.is_talking if leg.party == Party.TRANSFEREE else leg.is_live


def last_leg(locked_call: LockedCall) -> Leg | None:
    """The last buyer's leg on an ended call: a transferee's only if it was picked up."""
    on_the_call = [
        leg
        for leg in locked_call.dialed_legs()
        if leg.buyer_id and (leg.party == Party.HANDLER or leg.was_answered)
    ]
    return on_the_call[-1] if on_the_call else None


def seconds_since_dialed(leg: Leg, at: datetime) -> float:
    return (at - leg.started_at).total_seconds()
