"""A company: the owner of everything else, and the people who work for it."""

import zoneinfo
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from phonenumbers import SUPPORTED_REGIONS
from simple_history.models import HistoricalRecords

from .ids import new_short_id, short_id_validator
from .version import new_version


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is no time zone; one looks like America/New_York.")


def validate_region(value: str) -> None:
    if value not in SUPPORTED_REGIONS:
        raise ValidationError(f"“{value}” is no country code; one looks like US.")


def validate_texts(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValidationError("Must be a list of texts.")


class CompanyQuerySet(models.QuerySet["Company"]):
    def update(self, **values: Any) -> int:
        with transaction.atomic():
            new_version(self.order_by().values_list("pk", flat=True))
            return super().update(**values)

    def unretired(self) -> "CompanyQuerySet":
        return self.filter(retired_at=None)


class Company(models.Model):
    """The owner of a catalogue. Nothing is shared between companies but the installation."""

    company_id = models.CharField(
        "company ID", max_length=100, default=new_short_id, validators=[short_id_validator]
    )
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    region = models.CharField(
        max_length=2,
        default="US",
        validators=[validate_region],
        help_text="The country of numbers written without a country code.",
    )
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three capital letters, like USD.")],
    )
    rtb_enabled = models.BooleanField("real-time bidding", default=True)
    call_reservations_enabled = models.BooleanField("call reservations", default=True)
    call_data_writing_enabled = models.BooleanField("data writing", default=True)
    call_control_enabled = models.BooleanField("call control", default=True)
    dial_prefixes = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_texts],
        help_text="Destinations that may be dialed, as a list of number beginnings. None: all but emergency numbers.",
    )
    static_caller_numbers = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_texts],
        help_text="Caller numbers that many callers share: buyers are shown a random number instead.",
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CompanyQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "companies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company_id"],
                condition=models.Q(retired_at=None),
                name="company_id_unique",
                violation_error_message="Another company has this ID.",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(retired_at=None),
                name="company_name_unique",
                violation_error_message="Another company has this name.",
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
            if is_new:  # its version points at it
                new_version([self.pk])

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """No form shows the retiring, but it is known: what is unique among the unretired is checked all the same."""
        super().validate_constraints(exclude=set(exclude or ()) - {"retired_at"})

    def retire(self, *, now: datetime) -> None:
        self.retired_at = now
        self.save(update_fields=["retired_at"])


class Member(models.Model):
    """A person's place in a company."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ACCOUNT_MANAGER = "account_manager", "Account manager"
        READ_ONLY = "read_only", "Read-only"

    company = models.ForeignKey(Company, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role, default=Role.ACCOUNT_MANAGER)

    history = HistoricalRecords()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "user"], name="member_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "account_manager", "read_only"]),
                name="member_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.company}"
