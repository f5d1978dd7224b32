"""A transfer: a third party joins a call."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.choices import ColoredChoices

from .call import Call
from .leg import Leg


class TransferQuerySet(models.QuerySet["Transfer"]):
    def live(self) -> "TransferQuerySet":
        return self.exclude(status="ended")


class Transfer(models.Model):
    """A transferor brings a transferee, with the caller held or not.

    The UUID is the credential of its two actions.
    """

    class Status(ColoredChoices):
        RINGING = "ringing", "info", _("Ringing")
        IN_PROGRESS = "in-progress", "success", _("In progress")
        ENDED = "ended", "", _("Ended")

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call = models.ForeignKey(Call, models.CASCADE, related_name="transfers")
    transferor = models.ForeignKey(Leg, models.PROTECT, related_name="+")
    transferee = models.OneToOneField(Leg, models.PROTECT, related_name="+")
    hold_caller = models.BooleanField()
    status = models.CharField(max_length=12, choices=Status, default=Status.RINGING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["ringing", "in-progress", "ended"]),
                name="transfer_status_known",
            ),
            models.UniqueConstraint(
                fields=["transferor"], condition=~Q(status="ended"), name="transfer_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.status})"
