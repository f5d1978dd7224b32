"""A company, which owns everything else, and its members."""

import zoneinfo
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS
from simple_history.models import HistoricalRecords

from .ids import new_short_id, short_id_validator
from .version import new_version


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Use a name such as America/New_York."),
            params={"value": value},
        )


def validate_region(value: str) -> None:
    if value not in SUPPORTED_REGIONS:
        raise ValidationError(
            _("“%(value)s” is not a country code. Use two letters such as US."),
            params={"value": value},
        )


def validate_texts(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValidationError(_("Must be a list of texts."))


class CompanyQuerySet(models.QuerySet["Company"]):
    def update(self, **values: Any) -> int:
        with transaction.atomic():
            new_version(self.order_by().values_list("pk", flat=True))
            return super().update(**values)

    def unretired(self) -> "CompanyQuerySet":
        return self.filter(retired_at=None)


class Company(models.Model):
    """The owner of a catalogue. Companies share nothing but the installation."""

    company_id = models.CharField(
        _("company ID"),
        max_length=100,
        default=new_short_id,
        validators=[short_id_validator],
        help_text=_("Programs use this ID. Keep it or enter yours."),
    )
    name = models.CharField(_("name"), max_length=200)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_(
            "The time zone of the company’s days, hours and pages. Type a city, such as New_York."
        ),
    )
    region = models.CharField(
        _("region"),
        max_length=2,
        default="US",
        validators=[validate_region],
        help_text=_("The country of numbers without a country code."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Use three capital letters, such as USD."))],
        help_text=_("The currency of all amounts: three letters, such as USD."),
    )
    rtb_enabled = models.BooleanField(
        _("real-time bidding"),
        default=True,
        help_text=_("Turn off to answer 403 to pings with the company’s keys."),
    )
    call_reservations_enabled = models.BooleanField(
        _("call reservations"),
        default=True,
        help_text=_("Turn off to answer 403 to reservations with the company’s keys."),
    )
    call_data_writing_enabled = models.BooleanField(
        _("data writing"),
        default=True,
        help_text=_("Turn off to answer 403 to data writing with the company’s keys."),
    )
    call_control_enabled = models.BooleanField(
        _("call control"),
        default=True,
        help_text=_("Turn off to stop buyers’ systems from transferring or returning calls."),
    )
    dial_prefixes = models.JSONField(
        _("dial prefixes"),
        default=list,
        blank=True,
        validators=[validate_texts],
        help_text=_(
            "Prefixes of the numbers that may be dialed. "
            "Leave empty to allow all but emergency numbers."
        ),
    )
    static_caller_numbers = models.JSONField(
        _("static caller numbers"),
        default=list,
        blank=True,
        validators=[validate_texts],
        help_text=_(
            "Numbers that many callers share. Buyers get a random caller ID instead of these."
        ),
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CompanyQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company_id"],
                condition=models.Q(retired_at=None),
                name="company_id_unique",
                violation_error_message=_("Another company has this ID."),
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(retired_at=None),
                name="company_name_unique",
                violation_error_message=_("Another company has this name."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="company_named"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            is_new = self._state.adding
            if not is_new:
                new_version([self.pk])
            super().save(*args, **kwargs)
            if is_new:  # the version has a foreign key to the company
                new_version([self.pk])

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check also the constraints on `retired_at`, which is in no form."""
        super().validate_constraints(exclude=set(exclude or ()) - {"retired_at"})

    def retire(self, *, now: datetime) -> None:
        self.retired_at = now
        self.save(update_fields=["retired_at"])


class Member(models.Model):
    """A user's membership in a company."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ACCOUNT_MANAGER = "account_manager", _("Account manager")
        READ_ONLY = "read_only", _("Read-only")

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="members", verbose_name=_("company")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    role = models.CharField(
        _("role"),
        max_length=20,
        choices=Role,
        default=Role.ACCOUNT_MANAGER,
        help_text=_(
            "Owners change everything, including members and the company’s settings. Account "
            "managers change everything else. Read-only members see the pages, with keys and "
            "numbers masked."
        ),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "user"], name="member_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "account_manager", "read_only"]),
                name="member_role_known",
            ),
        ]

    def __str__(self) -> str:
        return _("%(user)s at %(company)s") % {"user": self.user, "company": self.company}
