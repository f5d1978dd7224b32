"""A call under lock with its legs and transfers, and the commands to send to its carrier."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from callcontrol.carriers.base import Carrier, CarrierLeg
from callcontrol.models import Call, Leg, Party, Transfer
from campaigns.errors import NotFound

CommandName = Literal["hang_up", "turn_away", "hold", "unhold", "connected"]


@dataclass(frozen=True, slots=True)
class CarrierCommand:
    """A method of the carrier to call on a leg, once the transaction is over."""

    name: CommandName
    leg: CarrierLeg

    @property
    def text(self) -> str:
        """The command in words, for logs and timelines."""
        return self.name.replace("_", " ")

    def send(self, carrier: Carrier) -> None:
        """Send the command. Raises CarrierError."""
        getattr(carrier, self.name)(self.leg)
        if self.name == "unhold":
            # The caller is back in the conference. Without this, a sweep sends `unhold` again.
            Leg.objects.filter(pk=self.leg.leg_uuid, joining=True).update(joining=False)


@dataclass(slots=True)
class LockedCall:
    """The rows of one call, under the call's lock. Legs are in dialing order."""

    call: Call
    legs: list[Leg]
    transfers: list[Transfer]
    commands: list[CarrierCommand] = field(default_factory=list)

    def call_time(self, now: datetime) -> datetime:
        """Return the time on the call's own clock: the later of `now` and its carrier's events."""
        return max(now, self.call.clock)

    @property
    def caller(self) -> Leg:
        return next(leg for leg in self.legs if leg.party == Party.CALLER)

    def leg(self, uuid: UUID) -> Leg:
        return next(leg for leg in self.legs if leg.pk == uuid)

    def dialed_legs(self) -> list[Leg]:
        """Return all legs but the caller's."""
        return [leg for leg in self.legs if leg.party != Party.CALLER]

    def talking_legs(self) -> list[Leg]:
        """Return the dialed legs that were answered and have not ended."""
        return [leg for leg in self.dialed_legs() if leg.is_talking]

    def ringing_legs(self) -> list[Leg]:
        return [leg for leg in self.dialed_legs() if leg.status == Leg.Status.RINGING]

    def last_to_leave(self, latest: Leg | None = None) -> Leg | None:
        """Return the leg that left last, of the last handler and the transferees that followed it.

        All earlier legs had ended when that handler was dialed. Of several legs that ended at the
        same time, `latest`, the leg of the event at hand, counts as the last.
        """
        dialed = self.dialed_legs()
        handlers = (index for index, leg in enumerate(dialed) if leg.party == Party.HANDLER)
        ended = [leg for leg in dialed[max(handlers, default=0) :] if leg.ended_at]
        return max(ended, key=lambda leg: (leg.ended_at, leg is latest), default=None)

    def live_transfers(self) -> list[Transfer]:
        return [transfer for transfer in self.transfers if transfer.status != Transfer.Status.ENDED]

    def add_command(self, name: CommandName, leg: Leg, *, at: datetime) -> None:
        """Queue a command for the carrier. A leg that the carrier does not have yet gets none."""
        # A process that is dialing the leg may have written the carrier's ID since the leg was
        # read; if it writes it later, it finds the leg ended and hangs it up itself.
        leg.carrier_leg_id = leg.carrier_leg_id or Leg.objects.values_list(
            "carrier_leg_id", flat=True
        ).get(pk=leg.pk)
        if leg.carrier_leg_id:
            target = CarrierLeg(self.call.pk, leg.pk, leg.carrier_leg_id, at)
            self.commands.append(CarrierCommand(name, target))


def lock_call(call_uuid: UUID) -> LockedCall:
    """Lock a call inside the caller's transaction and read its rows. Raises NotFound.

    Every change of a call takes this lock first, so that concurrent events apply one by one.
    """
    call = Call.objects.select_for_update(no_key=True).filter(pk=call_uuid).first()
    if call is None:
        raise NotFound("call not found")
    return _with_rows(call, call.legs.all())


def read_call(call: Call) -> LockedCall:
    """Read the same rows without the lock, for display; legs come with their buyers."""
    return _with_rows(call, call.legs.select_related("buyer"))


def _with_rows(call: Call, legs: QuerySet[Leg]) -> LockedCall:
    in_order = list(legs.order_by("started_at", "place"))
    by_uuid = {leg.pk: leg for leg in in_order}
    transfers = list(call.transfers.order_by("started_at", "pk"))
    # One object for each leg, so that a change of a leg shows in its transfer.
    for transfer in transfers:
        transfer.transferor = by_uuid[transfer.transferor_id]
        transfer.transferee = by_uuid[transfer.transferee_id]
    return LockedCall(call, in_order, transfers)


def lock_call_of_leg(leg_uuid: UUID) -> tuple[LockedCall, Leg]:
    """Lock the call of a leg; return both. Raises NotFound for an unknown leg."""
    call_uuid = Leg.objects.filter(pk=leg_uuid).values_list("call_id", flat=True).first()
    if call_uuid is None:
        raise NotFound("leg not found")
    locked = lock_call(call_uuid)
    return locked, locked.leg(leg_uuid)


def audible_parties(leg: Leg, legs: Iterable[Leg]) -> list[str]:
    """Return the parties that a leg hears: all others in the conference, none while on hold."""
    if not leg.is_talking or leg.held:
        return []
    return [
        other.party for other in legs if other is not leg and other.is_talking and not other.held
    ]
