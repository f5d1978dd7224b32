"""Tallies: what a company's rows of an hour or a day add up to, so that a page need not read a million of them."""

from typing import ClassVar

from django.db import models

from campaigns.models import Company


class RollupSource(models.TextChoices):
    """What is tallied together: what comes of the log, which is trimmed, and what comes of rows that stay."""

    PINGS = "pings", "Pings and why they were refused"
    OUTCOMES = "outcomes", "Reservations and calls"


class RollupWatermark(models.Model):
    """How far a company's tallies know of sales that were reported late. Who writes its tallies locks it first."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    sales_seen_at = models.DateTimeField()

    class Meta:
        db_table = "desk_ledger"

    def __str__(self) -> str:
        return f"ledger of {self.company}"


class RollupPeriod(models.Model):
    """A stretch of a company's time that one book is tallied for: an hour by its clocks, or a day, the sum of its hours.

    Hours never overlap, days neither. `tallied_at` is the moment before its rows were read.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    book = models.CharField(max_length=8, choices=RollupSource)
    is_day = models.BooleanField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    tallied_at = models.DateTimeField()

    class Meta:
        db_table = "desk_span"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "book", "is_day", "starts_at"], name="span_once"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")), name="span_has_length"
            ),
            models.CheckConstraint(
                condition=models.Q(book__in=["pings", "outcomes"]), name="span_book_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book} from {self.starts_at} to {self.ends_at}"


class Rollup(models.Model):
    """The numbers of a span for one campaign, publisher and buyer, by row; 0: none.

    With a `reason` (see `callcontrol.reporting.reasons`) only `pings` counts: those that it kept from a buyer. Without one they are
    all. Money in ten-thousandths, so that every sum is exact on every database.
    """

    span = models.ForeignKey(RollupPeriod, models.CASCADE, related_name="tallies", db_index=False)
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
                fields=["span", "campaign_pk", "publisher_pk", "buyer_pk", "reason"],
                name="tally_once_a_span",
            )
        ]

    def __str__(self) -> str:
        return f"campaign {self.campaign_pk}, publisher {self.publisher_pk}, buyer {self.buyer_pk} {self.reason}".strip()
