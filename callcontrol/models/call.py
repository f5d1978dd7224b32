"""A call, and what is known about its caller."""

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models import Buyer, Campaign, Company
from publishers.models import Conversion, Publisher
from reservations.models import Reservation


class Party(models.TextChoices):
    CALLER = "caller", "Caller"
    HANDLER = "handler", "Handler"
    TRANSFEREE = "transferee", "Transferee"


def new_call_key() -> str:
    return secrets.token_hex(16)


class CallQuerySet(models.QuerySet["Call"]):
    def live(self) -> "CallQuerySet":
        """The calls whose caller is on the line."""
        return self.filter(status__in=LIVE)


class Call(models.Model):
    """One caller's call. It claims at most one reservation, and a reservation is claimed by one call.

    Its money stands when `settled_at` does: `payout` and `revenue` are null unless it converted. `connected_at` is the
    pick-up of the leg that kept the call, `buyer` the one it was dialed to last. Nobody is dialed before `prepared_at`:
    start webhooks are asked first, since `asked_at` by somebody.
    """

    class Status(models.TextChoices):
        ROUTING = "routing", "Finding a buyer"
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in-progress", "In progress"
        FINISHED = "finished", "Finished"
        NO_TARGET = "no-target", "No buyer"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = models.CharField(
        max_length=32, default=new_call_key
    )  # tells a buyer's system which call it is, beside the UUID
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
    # Without a constraint: a conversion that is deleted at this moment must not fail a settlement.
    conversion = models.ForeignKey(
        Conversion,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    connected_at = models.DateTimeField(null=True)
    converted_at = models.DateTimeField(null=True)
    duplicate = models.BooleanField(
        default=False
    )  # it would have converted, had its caller not converted before
    started_at = models.DateTimeField()
    clock = models.DateTimeField()  # the latest moment that its carrier has told
    asked_at = models.DateTimeField(null=True)
    prepared_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["carrier", "carrier_call_id"], name="call_arrives_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["routing", "ringing", "in-progress", "finished", "no-target"]
                ),
                name="call_status_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-started_at"], name="call_newest"),
            models.Index(fields=["company", "caller_number", "-started_at"], name="call_by_caller"),
            models.Index(
                fields=["company", "caller_number"],
                condition=Q(ended_at=None),
                name="call_live_by_caller",
            ),
            models.Index(fields=["started_at"], condition=Q(ended_at=None), name="call_live"),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, settled_at=None),
                name="call_unsettled",
            ),
            models.Index(
                fields=["company", "converted_at"],
                condition=Q(converted_at__isnull=False),
                name="call_converted",
            ),
            models.Index(
                fields=["conversion"],
                condition=Q(conversion__isnull=False),
                name="call_by_conversion",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.status})"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


LIVE = (Call.Status.ROUTING, Call.Status.RINGING, Call.Status.IN_PROGRESS)


class CallTag(models.Model):
    """A tag on a call, and the publisher whose key wrote it.

    `value_before` is the one that was written over last: if `value` was written after the end, the one that counts for
    the money; null: there was none.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="tags")
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=150)
    value = models.CharField(max_length=1000)
    value_before = models.CharField(max_length=1000, null=True)  # noqa: DJ001 - blank is a value, null is none
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "name"], name="call_tag_once")
        ]

    def __str__(self) -> str:
        return self.name


class LateTag(models.Model):
    """A tag that was written while the call was live, and waits for its next routing decision or its end."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="late_tags", db_index=False)
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=100)
    value = models.CharField(max_length=1000)
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "name"], name="late_tag_once")
        ]

    def __str__(self) -> str:
        return self.name
