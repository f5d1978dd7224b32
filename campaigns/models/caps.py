"""Cap counters, and the holds that take places in them."""

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
    """The use of one cap of an owner in one window.

    `cap` is the last known limit, so that an index finds full counters; a decision compares `used`
    with the settings in force. `ends_at` is the end of the window, or the far future for caps
    without windows. `window` is its start in the owner's time zone, blank for caps without windows.
    """

    # Apart from the buyer's row, so that counting never waits for an edit of the settings.

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    owner = models.CharField(max_length=32)  # "buyer:12", "group:3"
    kind = models.CharField(max_length=16)  # a CapKind
    window = models.CharField(max_length=40, blank=True)
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
    """One place in every cap of a buyer and its groups.

    `places` lists the held places as [owner, kind, window, "connection" or "conversion"]: groups
    and windows change while a call lasts.
    """

    class Status(models.TextChoices):
        HELD = "held", _("Held")
        ENDED = "ended", _("The call ended; places in periods stay")
        RELEASED = "released", _("Released")

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    buyer_pk = models.BigIntegerField(db_column="buyer_row")
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    places = models.JSONField()
    taken_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"hold {self.pk} ({self.status})"
