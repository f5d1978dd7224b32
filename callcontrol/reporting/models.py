"""Rollups: the metrics of an hour or a day, so that the dashboard need not read a million rows."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Company


class RollupSource(models.TextChoices):
    """What a rollup counts: the request log, which is trimmed, or rows that stay."""

    PINGS = "pings", _("Pings and why they were refused")
    OUTCOMES = "outcomes", _("Reservations and calls")


class RollupWatermark(models.Model):
    """The time until which a company's rollups include late sales; a job locks it first."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    sales_seen_at = models.DateTimeField()

    class Meta:
        db_table = "desk_ledger"

    def __str__(self) -> str:
        return f"watermark of {self.company}"


class RollupPeriod(models.Model):
    """An hour in the company's time zone, or a day, the sum of its hours.

    Hours never overlap, and neither do days. `counted_at` is the moment before the rows were read.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=RollupSource, db_column="book")
    is_day = models.BooleanField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    counted_at = models.DateTimeField(db_column="tallied_at")

    class Meta:
        db_table = "desk_span"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "source", "is_day", "starts_at"], name="span_once"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")), name="span_has_length"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=["pings", "outcomes"]), name="span_book_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} from {self.starts_at} to {self.ends_at}"


class Rollup(models.Model):
    """The metrics of a period for one campaign, publisher and buyer (0: none).

    With a `reason` (see `callcontrol.reporting.reasons`), only `pings` is set: the pings that it
    refused. Money in ten-thousandths, so that sums are exact on every database.
    """

    period = models.ForeignKey(
        RollupPeriod, models.CASCADE, related_name="rollups", db_index=False, db_column="span_id"
    )
    campaign_pk = models.BigIntegerField(default=0, db_column="campaign_row")
    publisher_pk = models.BigIntegerField(default=0, db_column="publisher_row")
    buyer_pk = models.BigIntegerField(default=0, db_column="buyer_row")
    reason = models.CharField(max_length=250, blank=True)
    pings = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    claimed = models.BigIntegerField(default=0)
    calls = models.BigIntegerField(default=0)
    connected = models.BigIntegerField(default=0)
    converted = models.BigIntegerField(default=0)
    payout = models.BigIntegerField(default=0)
    revenue = models.BigIntegerField(default=0)

    class Meta:
        db_table = "desk_tally"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "campaign_pk", "publisher_pk", "buyer_pk", "reason"],
                name="tally_once_a_span",
            )
        ]

    def __str__(self) -> str:
        scope = f"campaign {self.campaign_pk}, publisher {self.publisher_pk}, buyer {self.buyer_pk}"
        return f"{scope} {self.reason}".strip()
