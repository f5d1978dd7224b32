"""Keys: random texts that may do one thing for one owner."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from campaigns.models import Buyer, BuyerGroup, Campaign, Retirable

from .publisher import Publisher

OWNERS = ("campaign", "publisher", "buyer", "group")


def new_key() -> str:
    return str(uuid.uuid4())


def _at_most_one_owner() -> Q:
    none = Q(**{f"{name}__isnull": True for name in OWNERS})
    for owner in OWNERS:
        none |= Q(**{f"{name}__isnull": name != owner for name in OWNERS})
    return none


class Key(Retirable):
    """A key of some key_type (`publishers/keys/types.py`); what only its key_type knows is in `settings`, checked by the key_type.

    `retired_at` in the future is a rolled-over key that still works until then.
    """

    key = models.CharField(max_length=64, unique=True, default=new_key)
    type = models.CharField(max_length=40)
    name = models.CharField(max_length=200, blank=True)
    paused = models.BooleanField(default=False)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="keys"
    )
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, blank=True, related_name="keys"
    )
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, blank=True, related_name="keys")
    group = models.ForeignKey(
        BuyerGroup, models.PROTECT, null=True, blank=True, related_name="keys"
    )
    settings = models.JSONField(default=dict, blank=True)
    requests_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: no limit."
    )
    burst = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Requests at once. Empty: as many as a second's.",
    )
    allowed_networks = models.JSONField(
        default=list, blank=True, help_text="Networks like 203.0.113.0/24. None: all."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=_at_most_one_owner(), name="key_has_one_owner"),
            models.CheckConstraint(condition=~Q(key="") & ~Q(type=""), name="key_and_type_given"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.type} …{self.key[-4:]}"

    @property
    def owner(self) -> Any:
        """The campaign, publisher, buyer or group; else the company."""
        return self.campaign or self.publisher or self.buyer or self.group or self.company

    def is_dead(self, *, now: datetime) -> bool:
        return self.retired_at is not None and self.retired_at <= now

    def take_company(self) -> None:
        owner = self.campaign or self.publisher or self.buyer or self.group
        if owner is not None:
            self.company_id = owner.company_id
        super().take_company()
