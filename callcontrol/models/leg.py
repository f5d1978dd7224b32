"""A leg: one party's line into a call."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models import Buyer, CapHold

from .call import Call, Party


class Leg(models.Model):
    """The caller's own line, or one that was dialed to a buyer or a transferee."""

    class Status(models.TextChoices):
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in-progress", "In progress"
        ENDED = "ended", "Ended"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")
    party = models.CharField(max_length=10, choices=Party)
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="+")
    hold = models.OneToOneField(CapHold, models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=300, null=True)  # noqa: DJ001 - null is a withheld caller
    status = models.CharField(max_length=12, choices=Status, default=Status.RINGING)
    outcome = models.CharField(max_length=20, blank=True)
    carrier_leg_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=["ringing", "in-progress", "ended"]), name="leg_status_known"),
            models.CheckConstraint(condition=Q(party__in=["caller", "handler", "transferee"]), name="leg_party_known"),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.uuid}"
