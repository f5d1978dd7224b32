"""Buyers and the groups that share caps."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .catalogue import CatalogueRow, Retirable
from .company import validate_time_zone
from .ids import new_short_id, short_id_validator


class Capped(Retirable):
    """The five caps of a buyer or a group."""

    class CapCounts(models.TextChoices):
        CONNECTION = "connection", _("Connected calls")
        CONVERSION = "conversion", _("Converted calls")

    concurrency_cap = models.PositiveIntegerField(
        _("concurrency cap"),
        null=True,
        blank=True,
        help_text=_("Concurrent calls. Leave empty for no limit; 0 takes no calls."),
    )
    hourly_cap = models.PositiveIntegerField(
        _("hourly cap"),
        null=True,
        blank=True,
        help_text=_("Calls in a clock hour. Leave empty for no limit; 0 takes no calls."),
    )
    daily_cap = models.PositiveIntegerField(
        _("daily cap"),
        null=True,
        blank=True,
        help_text=_(
            "Calls in a day, from midnight to midnight. Leave empty for no limit; 0 takes no calls."
        ),
    )
    monthly_cap = models.PositiveIntegerField(
        _("monthly cap"),
        null=True,
        blank=True,
        help_text=_("Calls in a calendar month. Leave empty for no limit; 0 takes no calls."),
    )
    hard_cap = models.PositiveIntegerField(
        _("hard cap"),
        null=True,
        blank=True,
        help_text=_(
            "Lifetime calls. Only the button “Reset hard cap” resets it. "
            "Leave empty for no limit; 0 takes no calls."
        ),
    )
    cap_counts = models.CharField(
        _("caps count"),
        max_length=20,
        choices=CapCounts,
        default=CapCounts.CONNECTION,
        help_text=_(
            "Choose which calls the hourly, daily, monthly and hard caps count: "
            "each call that connects, or only calls that convert."
        ),
    )

    class Meta:
        abstract = True


class Buyer(Capped):
    """A buyer of calls: a number or SIP address with hours, filters and caps."""

    class Acceptance(models.TextChoices):
        ANSWER = "answer", _("An answered call is the buyer’s; the buyer may return it")
        EXPLICIT = "explicit", _("A call is the buyer’s once the buyer accepts it")

    buyer_id = models.CharField(
        _("buyer ID"),
        max_length=100,
        default=new_short_id,
        validators=[short_id_validator],
        help_text=_(
            "Catalogue files, filters and API answers use this ID. Keep it or enter yours."
        ),
    )
    name = models.CharField(
        _("name"), max_length=200, help_text=_("Only your company sees it; publishers do not.")
    )
    number = models.CharField(
        _("number"),
        max_length=255,
        help_text=_(
            "Enter a phone number or a sip: address. Either may have [tag] parts, "
            "such as [inbound_number]."
        ),
    )
    sip_username = models.CharField(
        _("SIP username"),
        max_length=100,
        blank=True,
        help_text=_("For a sip: address that asks for authentication."),
    )
    sip_password = models.CharField(_("SIP password"), max_length=100, blank=True)
    send_digits = models.CharField(
        _("send digits"),
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"^[0-9*#wW ]*$",
                _("Use digits, * and #, and w for each half second of pause, such as ww1234#."),
            )
        ],
        help_text=_("Sent once the buyer answers; each w pauses for half a second."),
    )
    inband_signals = models.BooleanField(
        _("inband signals"),
        default=False,
        help_text=_("Play the early audio of the buyer’s phone system to the caller."),
    )
    priority = models.PositiveIntegerField(
        _("priority"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("1 is dialed first. Buyers of one priority share the calls by weight."),
    )
    weight = models.PositiveIntegerField(
        _("weight"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("At the same priority, weight 2 gets twice the calls of weight 1."),
    )
    timeout_seconds = models.PositiveIntegerField(
        _("ring time"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_("The buyer rings this long before the next buyer is dialed."),
    )
    paused = models.BooleanField(
        _("paused"),
        default=False,
        help_text=_("A paused buyer gets no new calls; its live calls go on."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Leave empty to use the company’s time zone."),
    )
    acceptance = models.CharField(
        _("acceptance"),
        max_length=20,
        choices=Acceptance,
        default=Acceptance.ANSWER,
        help_text=_("Choose when a call counts as the buyer’s."),
    )
    acceptance_seconds = models.PositiveIntegerField(
        _("acceptance seconds"),
        default=60,
        help_text=_("Time to accept a call, from the answer."),
    )
    caller_id = models.CharField(
        _("caller ID"),
        max_length=32,
        default="caller",
        help_text=_("Enter “caller” to send the caller’s number, or a number to send instead."),
    )

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "buyer_id"],
                condition=Q(retired_at=None),
                name="buyer_id_unique",
                violation_error_message=_("Another buyer has this ID."),
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
    """Buyers that share caps: a call counts on its buyer and on every group of the buyer."""

    group_id = models.CharField(
        _("group ID"),
        max_length=100,
        default=new_short_id,
        validators=[short_id_validator],
        help_text=_(
            "Catalogue files, filters and API answers use this ID. Keep it or enter yours."
        ),
    )
    name = models.CharField(_("name"), max_length=200)
    buyers = models.ManyToManyField(
        Buyer, through="GroupMember", related_name="groups", verbose_name=_("buyers")
    )

    class Meta:
        verbose_name = _("buyer group")
        verbose_name_plural = _("buyer groups")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "group_id"],
                condition=Q(retired_at=None),
                name="group_id_unique",
                violation_error_message=_("Another group has this ID."),
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
    """A buyer in a group."""

    # A model, because `group.buyers.add()` calls no `save`, and so would not change the version.
    belongs_to = "group"

    group = models.ForeignKey(
        BuyerGroup, models.CASCADE, related_name="memberships", verbose_name=_("group")
    )
    buyer = models.ForeignKey(
        Buyer, models.CASCADE, related_name="memberships", verbose_name=_("buyer")
    )

    class Meta:
        verbose_name = _("group member")
        verbose_name_plural = _("group members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "buyer"], name="group_member_once")
        ]

    def __str__(self) -> str:
        return _("%(buyer)s in %(group)s") % {"buyer": self.buyer, "group": self.group}
