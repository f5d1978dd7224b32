"""Posting instructions that somebody was handed: the page of one key, behind a link that nobody can guess."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from campaigns.models import Company

from .key import Key
from .publisher import Publisher


class HandoutQuerySet(models.QuerySet["Handout"]):
    def live(self) -> "HandoutQuerySet":
        return self.filter(switched_off_at=None)

    def move_to_key(self, *, former: Key, key: Key) -> None:
        """Move the live links of `former` to `key`; row by row, so that the history has them."""
        for link in self.live().filter(key=former):
            link.key, link.former_key = key, former
            link.save(update_fields=["key", "former_key"])


class Handout(models.Model):
    """The page for one key, and for one publisher where a key is shared by several.

    No row of the catalogue: routing does not know it, so changing it marks no new version. When its key is rolled over
    it goes over to the new one; `former_key` is the one before.
    """

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", editable=False)
    key = models.ForeignKey(Key, models.PROTECT, related_name="handouts")
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, blank=True, related_name="handouts"
    )
    former_key = models.ForeignKey(Key, models.PROTECT, null=True, blank=True, related_name="+")
    token = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    switched_off_at = models.DateTimeField(null=True, blank=True)

    objects = HandoutQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=["token"]
    )  # who holds an old link learns nothing, and nor does its history

    class Meta:
        verbose_name = "posting instructions"
        verbose_name_plural = "posting instructions"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "publisher"],
                condition=Q(switched_off_at=None, publisher__isnull=False),
                name="handout_once_a_publisher",
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(switched_off_at=None, publisher__isnull=True),
                name="handout_once_a_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} for {self.publisher or self.key.owner}"
