"""A leg: the connection of one party to a call."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Buyer, CapHold
from campaigns.models.choices import ColoredChoices

from .call import Call, Party


class Outcome(models.TextChoices):
    """How a leg ended: a carrier reports the first five, the call's own rules set the others.

    `sentence` says it on a timeline, with the name of the party as `%(leg)s`.
    """

    sentence: str | Promise

    def __new__(cls, value: str, sentence: str | Promise = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    COMPLETED = "completed", _("%(leg)s hung up."), _("Hung up after talking")
    BUSY = "busy", _("%(leg)s was busy."), _("Busy")
    NO_ANSWER = "no-answer", _("%(leg)s did not answer."), _("No answer")
    FAILED = "failed", _("%(leg)s could not be reached."), _("Could not be dialed")
    CANCELED = "canceled", _("%(leg)s stopped ringing."), _("Ended while it rang")
    RETURNED = "returned", _("%(leg)s returned the call."), _("Returned")
    REJECTED = "rejected", _("%(leg)s rejected the call."), _("Rejected")
    NOT_ACCEPTED = (
        "not-accepted",
        _("%(leg)s did not accept the call in time."),
        _("Not accepted in time"),
    )
    STOPPED = "stopped", _("The transfer to %(leg)s was stopped."), _("Transfer stopped")
    NO_TARGET = "no-target", _("%(leg)s was sent away: no buyer was left."), _("No buyer was left")


# The handler did not keep the call: its places go back, and the next buyer is dialed.
REROUTING_OUTCOMES = (Outcome.RETURNED, Outcome.REJECTED, Outcome.NOT_ACCEPTED)
# The leg hung up, or ended with its call: its carrier may still correct the times.
CLOSING_OUTCOMES = (Outcome.COMPLETED, Outcome.CANCELED)


class LegQuerySet(models.QuerySet["Leg"]):
    def live(self) -> "LegQuerySet":
        """Return the legs that ring or talk."""
        return self.exclude(status="ended")


class Leg(models.Model):
    """The caller's own leg, or one that was dialed to a buyer or a transferee.

    A leg is `final` when its carrier has reported its end. Until then a leg that Ringpost ended
    may turn out to have been answered before. With `acceptance_seconds` null, an answer is enough.
    `given_up_by` is the primary key of the key that returned or rejected the call.
    """

    class Status(ColoredChoices):
        RINGING = "ringing", "info", _("Ringing")
        IN_PROGRESS = "in-progress", "success", _("In progress")
        ENDED = "ended", "", _("Ended")

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")
    place = models.PositiveSmallIntegerField(default=0)  # 0 is the caller, then in dialing order
    party = models.CharField(max_length=10, choices=Party)
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="+")
    hold = models.OneToOneField(CapHold, models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=300, null=True)  # noqa: DJ001 - null is a withheld caller
    caller_number_sent = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null is a withheld caller
    # `caller_number_sent` replaces a number that several live callers share.
    number_is_random = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.RINGING)
    outcome = models.CharField(max_length=20, blank=True, choices=Outcome)
    final = models.BooleanField(default=False)
    held = models.BooleanField(default=False)  # only a caller is held; it hears music
    joining = models.BooleanField(default=False)  # off hold, not yet confirmed by the carrier
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
        """Whether the leg was answered, even if its carrier has reported only the end so far."""
        # A leg that was answered after its call had ended counts as canceled.
        return self.outcome == Outcome.COMPLETED or (
            self.answered_at is not None and self.outcome != Outcome.CANCELED
        )

    @property
    def is_accepted(self) -> bool:
        return self.acceptance_seconds is None or self.accepted_at is not None

    @property
    def kept_the_call(self) -> bool:
        """Whether the leg was answered and accepted, and not given back."""
        return self.was_answered and self.is_accepted and self.outcome not in REROUTING_OUTCOMES
