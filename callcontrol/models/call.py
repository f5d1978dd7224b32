"""A call, and what is known about its caller."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models import Buyer, Campaign, Company
from publishers.models import Publisher
from reservations.models import Reservation


class Party(models.TextChoices):
    CALLER = "caller", "Caller"
    HANDLER = "handler", "Handler"
    TRANSFEREE = "transferee", "Transferee"


class Call(models.Model):
    """One caller's call. It claims at most one reservation, and a reservation is claimed by one call."""

    class Status(models.TextChoices):
        ROUTING = "routing", "Finding a buyer"
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in-progress", "In progress"
        FINISHED = "finished", "Finished"
        NO_TARGET = "no-target", "No buyer"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    publisher = models.ForeignKey(Publisher, models.PROTECT, null=True, related_name="+")
    reservation = models.OneToOneField(Reservation, models.PROTECT, null=True, related_name="+")
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="+")
    carrier = models.CharField(max_length=40)
    carrier_call_id = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=Status, default=Status.ROUTING)
    inbound_number = models.CharField(max_length=300)
    caller_number = models.CharField(max_length=20, null=True)  # noqa: DJ001 - null is a withheld caller
    payout = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    revenue = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    converted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    clock = models.DateTimeField()  # the latest moment that its carrier has told
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "carrier_call_id"], name="call_arrives_once"),
            models.CheckConstraint(
                condition=Q(status__in=["routing", "ringing", "in-progress", "finished", "no-target"]), name="call_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.status})"


class CallTag(models.Model):
    """A tag on a call, and the publisher whose key wrote it."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="tags")
    publisher = models.ForeignKey(Publisher, models.PROTECT, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=150)
    value = models.CharField(max_length=1000)
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["call", "name"], name="call_tag_once")]

    def __str__(self) -> str:
        return self.name
