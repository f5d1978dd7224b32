"""Callers that converted on a campaign, by which duplicates are found."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from .campaign import Campaign
from .company import Company


class ConvertedCaller(models.Model):
    """A call that converted; not `paid` when an earlier call of the caller was paid for.

    `turn` numbers a caller's rows on a campaign. Two calls that end at the same moment compete for
    the same turn; the constraint makes the loser read again, and then it sees the other.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+", db_index=False)
    buyer_pk = models.BigIntegerField(db_column="buyer_row")
    caller_number = models.CharField(max_length=20)
    call_uuid = models.UUIDField(unique=True)
    turn = models.PositiveIntegerField()
    paid = models.BooleanField()
    converted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "caller_number", "turn"], name="converted_caller_turn_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["campaign", "caller_number", "converted_at"],
                condition=Q(paid=True),
                name="converted_caller_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_uuid} ({'paid' if self.paid else 'duplicate'})"
