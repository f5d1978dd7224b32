"""A call with everybody in it, locked: who talks, who rings, who hears whom, and what its carrier is to be told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from callcontrol.carriers.base import CarrierLeg
from callcontrol.models import Call, Leg, Party, Transfer
from campaigns.errors import NotFound

CommandName = Literal["hang_up", "turn_away", "hold", "unhold", "connected"]


@dataclass(frozen=True, slots=True)
class CarrierCommand:
    """What a carrier is told when the transaction is over."""

    told: CommandName
    line: CarrierLeg


@dataclass(slots=True)
class LockedCall:
    """One call's rows as they stand; whoever holds it holds the call's lock. Legs are in the order of their dialing."""

    call: Call
    legs: list[Leg]
    transfers: list[Transfer]
    commands: list[CarrierCommand] = field(default_factory=list)

    def call_time(self, now: datetime) -> datetime:
        """The moment by the call's own clock: the later of `now` and what its carrier has told."""
        return max(now, self.call.clock)

    @property
    def caller(self) -> Leg:
        return next(leg for leg in self.legs if leg.party == Party.CALLER)

    def leg(self, uuid: UUID) -> Leg:
        return next(leg for leg in self.legs if leg.pk == uuid)

    def dialed_legs(self) -> list[Leg]:
        """All legs but the caller's."""
        return [leg for leg in self.legs if leg.party != Party.CALLER]

    def talking_legs(self) -> list[Leg]:
        """Who is on the line beside the caller."""
        return [leg for leg in self.dialed_legs() if leg.is_talking]

    def ringing_legs(self) -> list[Leg]:
        return [leg for leg in self.dialed_legs() if leg.status == Leg.Status.RINGING]

    def last_to_leave(self, told: Leg | None = None) -> Leg | None:
        """Of those who were on the line together last, who left last; of several at one moment the one that was just `told`.

        They are the last handler and whom it brought: everybody else had left when that one was dialed.
        """
        others = self.dialed_legs()
        first = max(
            (place for place, leg in enumerate(others) if leg.party == Party.HANDLER), default=0
        )
        gone = [leg for leg in others[first:] if leg.ended_at]
        return max(gone, key=lambda leg: (leg.ended_at, leg is told), default=None)

    def live_transfers(self) -> list[Transfer]:
        return [transfer for transfer in self.transfers if transfer.status != Transfer.Status.ENDED]

    def add_command(self, told: CommandName, leg: Leg, *, at: datetime) -> None:
        """A leg that no carrier knows yet has nothing to be told; whoever dials it looks again afterwards.

        Who looked just before the end was written has left the carrier's name of it: that is read again.
        """
        leg.carrier_leg_id = leg.carrier_leg_id or Leg.objects.values_list(
            "carrier_leg_id", flat=True
        ).get(pk=leg.pk)
        if leg.carrier_leg_id:
            line = CarrierLeg(
                call_uuid=self.call.pk, leg_uuid=leg.pk, carrier_leg_id=leg.carrier_leg_id, at=at
            )
            self.commands.append(CarrierCommand(told, line))


def lock_call(call_uuid: UUID) -> LockedCall:
    """Locks a call inside the caller's transaction and reads all that belongs to it; NotFound when there is none.

    Whoever changes a call comes through here, so that what several are told about it is done one after the other.
    """
    call = Call.objects.select_for_update(no_key=True).filter(pk=call_uuid).first()
    if call is None:
        raise NotFound("call not found")
    return _furnished(call, call.legs.all())


def read_call(call: Call) -> LockedCall:
    """The same without the lock, for who only reads; with the legs come their buyers."""
    return _furnished(call, call.legs.select_related("buyer"))


def _furnished(call: Call, lines: QuerySet[Leg]) -> LockedCall:
    legs = list(lines.order_by("started_at", "place"))
    of = {leg.pk: leg for leg in legs}
    transfers = list(call.transfers.order_by("started_at", "pk"))
    for (
        transfer
    ) in transfers:  # the same rows, so that what changes a leg is seen through its transfer
        transfer.transferor, transfer.transferee = (
            of[transfer.transferor_id],
            of[transfer.transferee_id],
        )
    return LockedCall(call, legs, transfers)


def lock_call_of_leg(leg_uuid: UUID) -> tuple[LockedCall, Leg]:
    """The locked_call of a leg; NotFound for a leg that nobody knows."""
    call_uuid = Leg.objects.filter(pk=leg_uuid).values_list("call_id", flat=True).first()
    if call_uuid is None:
        raise NotFound("leg not found")
    locked_call = lock_call(call_uuid)
    return locked_call, locked_call.leg(leg_uuid)


def audible_parties(leg: Leg, legs: Iterable[Leg]) -> list[str]:
    """The parties that this leg hears: everybody in the conference, unless it is on hold or not in it."""
    if not leg.is_talking or leg.held:
        return []
    return [
        other.party for other in legs if other is not leg and other.is_talking and not other.held
    ]
