"""How much of each cap is used, and what each hold has taken of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .company import Company


class CapKind(models.TextChoices):
    """The five caps of a buyer or a group; the labels name the period that a counter counts."""

    CONCURRENCY = "concurrency", _("Concurrent calls")
    HOURLY = "hourly", _("This hour")
    DAILY = "daily", _("Today")
    MONTHLY = "monthly", _("This month")
    HARD = "hard", _("Lifetime")


class CapCounter(models.Model):
    """One narrow row per owner, cap and window; apart from the buyer, so that counting never waits for its settings.

    `cap` is the limit when it was last known, to find full counters by an index; the decision compares `used`
    with the settings in force. `ends_at` is the end of the window (the far future for caps without one).
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    owner = models.CharField(max_length=32)  # "buyer:12", "group:3"
    kind = models.CharField(max_length=16)  # concurrency, hourly, daily, monthly, hard
    window = models.CharField(
        max_length=40, blank=True
    )  # the window's start in the owner's time, "" without one
    used = models.IntegerField()
    cap = models.IntegerField(null=True)
    ends_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "kind", "window"], name="cap_counter_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="cap_counter_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["company", "ends_at"],
                condition=Q(used__gte=F("cap")),
                name="cap_counter_full",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner} {self.kind} {self.window}: {self.used}"


class CapHold(models.Model):
    """One place in every cap of a buyer and its groups. It remembers the places, because groups and windows change.

    `places` is a list of [owner, kind, window, "connection" or "conversion"], those that are still held.
    """

    class Status(models.TextChoices):
        HELD = "held", "Held"
        ENDED = "ended", "The call ended; period places stay"
        RELEASED = "released", "Given back"

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    buyer_pk = models.BigIntegerField(db_column="buyer_row")
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    places = models.JSONField()
    taken_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"hold {self.pk} ({self.status})"
