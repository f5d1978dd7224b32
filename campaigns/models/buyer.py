"""Buyers and the groups that share caps."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from .catalogue import CatalogueRow, Retirable
from .company import validate_time_zone
from .ids import new_short_id, short_id_validator

_NONE_IS_UNLIMITED = "Empty: unlimited. 0: no calls."


class Capped(Retirable):
    """The five caps of a buyer or a group."""

    class CapCounts(models.TextChoices):
        CONNECTION = "connection", "Connected calls"
        CONVERSION = "conversion", "Converted calls"

    concurrency_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"Calls at once. {_NONE_IS_UNLIMITED}"
    )
    hourly_cap = models.PositiveIntegerField(null=True, blank=True, help_text=_NONE_IS_UNLIMITED)
    daily_cap = models.PositiveIntegerField(null=True, blank=True, help_text=_NONE_IS_UNLIMITED)
    monthly_cap = models.PositiveIntegerField(null=True, blank=True, help_text=_NONE_IS_UNLIMITED)
    hard_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"In all; never resets by itself. {_NONE_IS_UNLIMITED}"
    )
    cap_counts = models.CharField(
        "caps count", max_length=20, choices=CapCounts, default=CapCounts.CONNECTION
    )

    class Meta:
        abstract = True


class Buyer(Capped):
    """Who takes calls: a number or SIP address, its hours, its filters, its caps."""

    class Acceptance(models.TextChoices):
        ANSWER = "answer", "A picked-up call is theirs, but may be returned"
        EXPLICIT = "explicit", "A call is theirs once they accept it"

    buyer_id = models.CharField(
        "buyer ID", max_length=100, default=new_short_id, validators=[short_id_validator]
    )
    name = models.CharField(max_length=200)
    number = models.CharField(
        max_length=255,
        help_text="A phone number, a sip: address, or either with [tag] parts, like [inbound_number].",
    )
    sip_username = models.CharField(max_length=100, blank=True)
    sip_password = models.CharField(max_length=100, blank=True)
    send_digits = models.CharField(
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"^[0-9*#wW ]*$",
                "Digits, * and #, and w for each half second to wait, like ww1234#.",
            )
        ],
        help_text="Keyed in after the pick-up; w waits half a second.",
    )
    inband_signals = models.BooleanField(
        default=False, help_text="The caller hears the far end's early audio."
    )
    priority = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="Lowest first."
    )
    weight = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="Share among equals."
    )
    timeout_seconds = models.PositiveIntegerField(
        "ring time", default=30, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    paused = models.BooleanField(default=False)
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Empty: the company's.",
    )
    acceptance = models.CharField(max_length=20, choices=Acceptance, default=Acceptance.ANSWER)
    acceptance_seconds = models.PositiveIntegerField(default=60, help_text="From the pick-up.")
    caller_id = models.CharField(
        max_length=32, default="caller", help_text="“caller”, or a number to show instead."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "buyer_id"],
                condition=Q(retired_at=None),
                name="buyer_id_unique",
                violation_error_message="Another buyer has this ID.",
            ),
            models.CheckConstraint(
                condition=~Q(buyer_id="") & ~Q(name="") & ~Q(number=""), name="buyer_named"
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=1, weight__gte=1),
                name="buyer_priority_and_weight_positive",
            ),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=600),
                name="buyer_ring_time_bounded",
            ),
            models.CheckConstraint(
                condition=Q(cap_counts__in=["connection", "conversion"]),
                name="buyer_cap_counts_known",
            ),
            models.CheckConstraint(
                condition=Q(acceptance__in=["answer", "explicit"]), name="buyer_acceptance_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BuyerGroup(Capped):
    """Buyers that share caps: a call counts on its buyer and on every group that the buyer is in."""

    group_id = models.CharField(
        "group ID", max_length=100, default=new_short_id, validators=[short_id_validator]
    )
    name = models.CharField(max_length=200)
    buyers = models.ManyToManyField(Buyer, through="GroupMember", related_name="groups")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "group_id"],
                condition=Q(retired_at=None),
                name="group_id_unique",
                violation_error_message="Another group has this ID.",
            ),
            models.CheckConstraint(condition=~Q(group_id="") & ~Q(name=""), name="group_named"),
            models.CheckConstraint(
                condition=Q(cap_counts__in=["connection", "conversion"]),
                name="group_cap_counts_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(CatalogueRow):
    """A model of its own, because `group.buyers.add()` sends no save and would not change the version."""

    belongs_to = "group"

    group = models.ForeignKey(BuyerGroup, models.CASCADE, related_name="memberships")
    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="memberships")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "buyer"], name="group_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.buyer} in {self.group}"
