"""A leg: one party's line into a call."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models import Buyer, CapHold

from .call import Call, Party


class Outcome(models.TextChoices):
    """How a leg ended. The first five are carriers' words, the others our own doing."""

    COMPLETED = "completed", "Hung up after talking"
    BUSY = "busy", "Busy"
    NO_ANSWER = "no-answer", "No answer"
    FAILED = "failed", "Could not be dialed"
    CANCELED = "canceled", "Ended while it rang"
    RETURNED = "returned", "Returned"
    REJECTED = "rejected", "Rejected"
    NOT_ACCEPTED = "not-accepted", "Not accepted in time"
    STOPPED = "stopped", "The transfer was stopped"
    NO_TARGET = "no-target", "Nobody was available"


# The handler did not keep the call: its places go back, and the next buyer is dialed.
REROUTING_OUTCOMES = (Outcome.RETURNED, Outcome.REJECTED, Outcome.NOT_ACCEPTED)


class LegQuerySet(models.QuerySet["Leg"]):
    def live(self) -> "LegQuerySet":
        """Ringing or talking."""
        return self.exclude(status="ended")


class Leg(models.Model):
    """The caller's own line, or one that was dialed to a buyer or a transferee.

    A leg that we ended is not `final` until its carrier has said how it ended: until then it may turn out that it was
    answered before. `acceptance_seconds` null: a pick-up is enough. `given_up_by` is the row of the key that returned
    or rejected it.
    """

    class Status(models.TextChoices):
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in-progress", "In progress"
        ENDED = "ended", "Ended"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")
    place = models.PositiveSmallIntegerField(
        default=0
    )  # the caller's is 0, then as they were dialed
    party = models.CharField(max_length=10, choices=Party)
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="+")
    hold = models.OneToOneField(CapHold, models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=300, null=True)  # noqa: DJ001 - null is a withheld caller
    caller_number_sent = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null is a withheld caller
    number_is_random = models.BooleanField(
        default=False
    )  # the caller ID that is sent stands for a number that many share
    status = models.CharField(max_length=12, choices=Status, default=Status.RINGING)
    outcome = models.CharField(max_length=20, blank=True, choices=Outcome)
    final = models.BooleanField(default=False)
    held = models.BooleanField(default=False)  # hears music, and nobody; of the caller's leg alone
    joining = models.BooleanField(
        default=False
    )  # off hold, which its carrier has not confirmed yet
    carrier_leg_id = models.CharField(max_length=64, blank=True)
    acceptance_seconds = models.PositiveIntegerField(null=True)
    given_up_by = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    rings_until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    accept_until = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = LegQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["ringing", "in-progress", "ended"]), name="leg_status_known"
            ),
            models.CheckConstraint(
                condition=Q(party__in=["caller", "handler", "transferee"]), name="leg_party_known"
            ),
            models.UniqueConstraint(
                fields=["buyer", "caller_number_sent"],
                condition=Q(number_is_random=True) & ~Q(status="ended"),
                name="leg_random_number_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["buyer", "-started_at"],
                condition=~Q(status="ended"),
                name="leg_live_of_buyer",
            ),
            models.Index(
                fields=["rings_until"], condition=Q(status="ringing"), name="leg_rings_out"
            ),
            models.Index(
                fields=["accept_until"],
                condition=Q(status="in-progress", accepted_at=None, accept_until__isnull=False),
                name="leg_to_accept",
            ),
            models.Index(
                fields=["ended_at"], condition=Q(status="ended", final=False), name="leg_not_final"
            ),
            models.Index(
                fields=["started_at"],
                condition=Q(status="in-progress", joining=True),
                name="leg_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.uuid}"

    @property
    def is_live(self) -> bool:
        return self.status != Leg.Status.ENDED

    @property
    def is_talking(self) -> bool:
        return self.status == Leg.Status.IN_PROGRESS

    @property
    def was_answered(self) -> bool:
        """Also when the carrier has only told that it hung up after talking, and not yet when it was answered.

        A line that was picked up when the call was over already is canceled.
        """
        return self.outcome == Outcome.COMPLETED or (
            self.answered_at is not None and self.outcome != Outcome.CANCELED
        )

    @property
    def is_accepted(self) -> bool:
        return self.acceptance_seconds is None or self.accepted_at is not None

    @property
    def kept_the_call(self) -> bool:
        """Whether it was picked up, and neither given back nor still to be accepted."""
        return self.was_answered and self.is_accepted and self.outcome not in REROUTING_OUTCOMES
