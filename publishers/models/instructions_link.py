"""Links to posting instructions: a page about one key, behind a secret URL."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from campaigns.models import Company
from campaigns.models.choices import ColoredChoices

from .key import Key
from .publisher import Publisher


class InstructionsLinkQuerySet(models.QuerySet["InstructionsLink"]):
    def live(self) -> "InstructionsLinkQuerySet":
        return self.filter(switched_off_at=None)

    def move_to_key(self, *, former: Key, key: Key) -> None:
        """Move the live links of `former` to `key`, row by row, so that the history has them."""
        for link in self.live().filter(key=former):
            link.key, link.former_key = key, former
            link.save(update_fields=["key", "former_key"])


class InstructionsLink(models.Model):
    """The page for one key, and for one publisher where publishers share the key.

    Not a row of the catalogue: routing does not read it, so a change marks no new version. When the
    key is rolled over, the link moves to the new key and `former_key` keeps the old one.
    """

    class State(ColoredChoices):
        LIVE = "live", "success", _("Live")
        SWITCHED_OFF = "switched-off", "danger", _("Switched off")

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", editable=False)
    key = models.ForeignKey(Key, models.PROTECT, related_name="instructions_links")
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, blank=True, related_name="instructions_links"
    )
    former_key = models.ForeignKey(Key, models.PROTECT, null=True, blank=True, related_name="+")
    token = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    switched_off_at = models.DateTimeField(null=True, blank=True)

    objects = InstructionsLinkQuerySet.as_manager()
    # A replaced token must not be readable from the history.
    history = HistoricalRecords(
        excluded_fields=["token"], table_name="publishers_historicalhandout"
    )

    class Meta:
        db_table = "publishers_handout"
        verbose_name = _("posting instructions")
        verbose_name_plural = _("posting instructions")
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

    @property
    def state(self) -> State:
        return self.State.SWITCHED_OFF if self.switched_off_at else self.State.LIVE
