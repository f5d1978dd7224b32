"""Reservations: the answer to a ping, and the buyer that is held for its caller."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Buyer, Campaign, CapHold, Company
from campaigns.models.choices import ColoredChoices
from publishers.models import Key, Publisher


class Status(ColoredChoices):
    """The state of a reservation; the values are those that clients read."""

    RESERVED = "reserved", "info", _("Reserved")
    CONFIRMED = "confirmed", "info", _("Confirmed")
    CLAIMED = "claimed", "success", _("Claimed by a call")
    EXPIRED = "expired", "warning", _("Expired")
    NO_TARGET = "no-target", "danger", _("No buyer")
    REJECTED = "rejected", "danger", _("Rejected")


LIVE = (Status.RESERVED, Status.CONFIRMED)
_OPEN = Q(status__in=["reserved", "confirmed"])


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def among(self, *, company_pk: int) -> "ReservationQuerySet":
        """Return a company's reservations, for a query that another condition makes selective."""
        # A sum is in no index: the database would otherwise read all that the company ever had.
        return self.alias(of=F("company_id") + 0).filter(of=company_pk)

    def live(self, *, now: datetime) -> "ReservationQuerySet":
        """Return the open reservations before their end, which a shield or a call may find."""
        return self.filter(_OPEN, expires_at__gt=now)

    def due(self, *, now: datetime) -> "ReservationQuerySet":
        """Return the open reservations past their end, which a sweep closes."""
        return self.filter(_OPEN, expires_at__lte=now)

    def overdue(self, *, company_pk: int, now: datetime) -> "ReservationQuerySet":
        """Return the due reservations that still hold places: close them before counting."""
        return self.due(now=now).filter(company_id=company_pk, hold__isnull=False)


class Reservation(models.Model):
    """The answer to a ping. Money is in the company's currency."""

    Status = Status

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    key = models.ForeignKey(Key, models.PROTECT, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False)
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, related_name="+", db_index=False
    )
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="+", db_index=False)
    hold = models.OneToOneField(CapHold, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status)
    # The pings that repeat this one: "rtb:key:7" by one key, "rtb:campaign:3" by any of a campaign.
    scope = models.CharField(max_length=40)
    # Null: the caller's number is withheld or absent.
    caller_number = models.CharField(max_length=20, null=True)  # noqa: DJ001
    # Null: the answer had no number.
    inbound_number = models.CharField(max_length=300, null=True)  # noqa: DJ001
    dynamic = models.BooleanField(default=False)  # the number came from the campaign's pool
    # The conversion that was quoted, and what it paid then. Not a foreign key: a ping would pay for
    # its index, and the conversion may be edited or deleted afterwards.
    conversion_pk = models.BigIntegerField(null=True)
    payout = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    revenue = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    seconds = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=dict)
    route_only = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    wiped_at = models.DateTimeField(null=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["caller_number", "scope"], condition=_OPEN, name="reservation_shield"
            ),
            models.UniqueConstraint(
                fields=["inbound_number", "caller_number"],
                condition=_OPEN & Q(dynamic=True),
                name="reservation_pair_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="reservation_status_known"
            ),
            models.CheckConstraint(
                condition=~_OPEN | Q(buyer__isnull=False, inbound_number__isnull=False),
                name="reservation_open_has_buyer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-created_at"], name="reservation_newest"),
            models.Index(
                fields=["inbound_number", "created_at"],
                condition=_OPEN,
                name="reservation_recognized",
            ),
            models.Index(fields=["expires_at"], condition=_OPEN, name="reservation_due"),
            models.Index(
                fields=["company", "expires_at"],
                condition=_OPEN & Q(hold__isnull=False),
                name="reservation_overdue",
            ),
            models.Index(
                fields=["created_at"], condition=Q(wiped_at=None), name="reservation_unwiped"
            ),
            models.Index(
                fields=["caller_number", "inbound_number"],
                condition=Q(
                    status__in=["claimed", "no-target", "rejected"], inbound_number__isnull=False
                ),
                name="reservation_attribution",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.status})"

    def status_at(self, now: datetime) -> str:
        """Return the status at `now`: an open reservation past its end is expired."""
        return Status.EXPIRED if self.status in LIVE and self.expires_at <= now else self.status
