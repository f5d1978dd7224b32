"""Access of a handler key to calls: which calls it may act on, and on which of their legs."""

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
    """The owner of a handler key: its buyers, and the key's time windows in seconds.

    An account manager (`callcontrol.control.manager`) has a name instead of a key, and acts on one
    leg.
    """

    key_pk: int | None
    company_pk: int
    buyer_pks: frozenset[int]
    return_seconds: float
    reject_seconds: float
    leg_uuid: UUID | None = None
    manager_name: str = ""


def controller_of(key: KeySnapshot, *, company_pk: int) -> Controller:
    """Return the owner of a handler key: a buyer, or the current members of a group."""
    if key.buyer_pk is not None:
        buyer_pks = frozenset({key.buyer_pk})
    else:
        members = GroupMember.objects.filter(group_id=key.group_pk)
        buyer_pks = frozenset(members.values_list("buyer_id", flat=True))
    return Controller(
        key_pk=key.row,
        company_pk=company_pk,
        buyer_pks=buyer_pks,
        return_seconds=key.settings["return_seconds"],
        reject_seconds=key.settings["reject_seconds"],
    )


def apply_timeouts_for(call_uuid: UUID, controller: Controller, *, now: datetime) -> None:
    """Apply the timeouts of a call that was dialed to the key's owner.

    Raises NotAuthorized for any other call, before it is locked: guesses keep no call waiting.
    """
    legs = Leg.objects.filter(
        call_id=call_uuid,
        call__company_id=controller.company_pk,
        buyer_id__in=controller.buyer_pks,
    )
    if not legs.exists():
        raise NotAuthorized
    apply_timeouts(call_uuid, now=now)


def lock_call_for(
    call_uuid: UUID, controller: Controller, *, after_timeout: bool = False
) -> tuple[LockedCall, Leg]:
    """Lock a call that the key may act on; return it with its owner's leg.

    With `after_timeout`, a leg that was not accepted in time counts too, for a better error.
    Raises NotAuthorized for any other call. The error is the same for a call that does not exist,
    of another company and of another buyer, so that it reveals nothing.
    """
    locked = lock_call(call_uuid)
    leg = leg_of(locked, controller)
    if leg is None and after_timeout:
        late = [
            leg
            for leg in locked.dialed_legs()
            if leg.buyer_id in controller.buyer_pks and leg.outcome == Outcome.NOT_ACCEPTED
        ]
        leg = late[-1] if late else None
    if leg is None:
        raise NotAuthorized
    return locked, leg


def leg_of(locked: LockedCall, controller: Controller) -> Leg | None:
    """Return the leg by which the key's owner is on the call, or was last on an ended call.

    On the call are: a ringing or talking handler, a transferee from its answer on, the transferor
    of a live transfer, even after it left, and the leg that this very key gave back: a repeated
    return is not an error.
    """
    if controller.leg_uuid is not None:
        return next((leg for leg in locked.dialed_legs() if leg.pk == controller.leg_uuid), None)
    own = [leg for leg in locked.dialed_legs() if leg.buyer_id in controller.buyer_pks]
    transferors = {transfer.transferor_id for transfer in locked.live_transfers()}
    for candidates in (
        [leg for leg in own if is_present(leg)],
        [leg for leg in own if leg.given_up_by == controller.key_pk],
        [leg for leg in own if leg.pk in transferors],
    ):
        if candidates:
            return candidates[-1]
    last = last_leg(locked)
    return last if not locked.call.is_live and last in own else None


def is_present(leg: Leg) -> bool:
    """Whether a leg rings or talks; a transferee counts from its answer on."""
    return leg.is_talking if leg.party == Party.TRANSFEREE else leg.is_live


def last_leg(locked: LockedCall) -> Leg | None:
    """Return the last buyer's leg of a call; a transferee counts only if it was answered."""
    legs = [
        leg
        for leg in locked.dialed_legs()
        if leg.buyer_id and (leg.party == Party.HANDLER or leg.was_answered)
    ]
    return legs[-1] if legs else None


def seconds_since_dialed(leg: Leg, at: datetime) -> float:
    return (at - leg.started_at).total_seconds()
