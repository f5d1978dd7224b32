"""A call and the tags of its caller."""

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Buyer, Campaign, Company
from campaigns.models.choices import ColoredChoices
from publishers.models import Conversion, Publisher
from reservations.models import Reservation


class Party(models.TextChoices):
    """The role of a leg in its call: handlers are dialed by routing, transferees by a transfer."""

    CALLER = "caller", _("Caller")
    HANDLER = "handler", _("Handler")
    TRANSFEREE = "transferee", _("Transferee")


def new_call_key() -> str:
    return secrets.token_hex(16)


class CallQuerySet(models.QuerySet["Call"]):
    def live(self) -> "CallQuerySet":
        """Return the calls that have not ended."""
        return self.filter(status__in=LIVE)


class Call(models.Model):
    """An inbound call. It claims at most one reservation, which no other call claims.

    `payout` and `revenue` are final at `settled_at`, and null unless the call converted;
    `conversion` is the campaign's rule that paid, or that a reservation quoted; null for a sale
    report. `connected_at` is the answer of the connected leg, `buyer` the last one dialed.
    A process runs the start webhooks from `asked_at` on; no leg is dialed before `prepared_at`.
    """

    class Status(ColoredChoices):
        ROUTING = "routing", "info", _("Finding a buyer")
        RINGING = "ringing", "info", _("Ringing")
        IN_PROGRESS = "in-progress", "success", _("In progress")
        FINISHED = "finished", "", _("Finished")
        NO_TARGET = "no-target", "danger", _("No buyer")

    class Earning(ColoredChoices):
        """Whether a call paid, or would have paid if its caller had not converted before."""

        CONVERTED = "converted", "success", _("Converted")
        DUPLICATE = "duplicate", "warning", _("Duplicate")

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = models.CharField(max_length=32, default=new_call_key)  # sent to buyers beside the UUID
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
    # The call earned a conversion that is not paid, because its caller had converted before.
    duplicate = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    clock = models.DateTimeField()  # the latest time in its carrier's events
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
    def earning(self) -> Earning | None:
        if self.converted_at:
            return Call.Earning.CONVERTED
        return Call.Earning.DUPLICATE if self.duplicate else None

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


LIVE = (Call.Status.ROUTING, Call.Status.RINGING, Call.Status.IN_PROGRESS)


class CallTag(models.Model):
    """A tag on a call, and the publisher that wrote it.

    `value_before` is the value that was last overwritten. The settlement uses it when `value` was
    written after the call ended; null means that the tag did not exist.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="tags")
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=150)
    value = models.CharField(max_length=1000)
    value_before = models.CharField(max_length=1000, null=True)  # noqa: DJ001 - blank is a value
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "name"], name="call_tag_once")
        ]

    def __str__(self) -> str:
        return self.name


class LateTag(models.Model):
    """A tag of a live call that waits for the next routing decision, or for the end of the call."""

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
