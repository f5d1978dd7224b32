"""Keys: credentials that allow one kind of request for one owner."""

import uuid
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Buyer, BuyerGroup, Campaign, Retirable
from campaigns.models.choices import ColoredChoices

from .publisher import Publisher

OWNERS = ("campaign", "publisher", "buyer", "group")


def new_key() -> str:
    return str(uuid.uuid4())


class Key(Retirable):
    """A key of one type (`publishers/keys/types.py`), which validates `settings`.

    A rolled-over key works until its `retired_at` in the future.
    """

    class State(ColoredChoices):
        ACTIVE = "active", "success", _("Active")
        PAUSED = "paused", "warning", _("Paused")
        ENDING = "ending", "warning", _("Valid until %(when)s")
        REVOKED = "revoked", "danger", _("Revoked")

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
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Leave empty for no limit."),
    )
    burst = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Leave empty to use the requests per second."),
    )
    allowed_networks = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Networks like 203.0.113.0/24. Leave empty to allow all."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                # At most one owner is set: for some owner, or for none, all others are null.
                condition=reduce(
                    or_,
                    (
                        Q(**{f"{name}__isnull": name != owner for name in OWNERS})
                        for owner in (None, *OWNERS)
                    ),
                ),
                name="key_has_one_owner",
            ),
            models.CheckConstraint(condition=~Q(key="") & ~Q(type=""), name="key_and_type_given"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.type} …{self.key[-4:]}"

    @property
    def owner(self) -> Any:
        """The campaign, publisher, buyer or group, or else the company."""
        return self.campaign or self.publisher or self.buyer or self.group or self.company

    def state(self, *, now: datetime) -> State:
        if self.is_dead(now=now):
            return self.State.REVOKED
        if self.retired_at:
            return self.State.ENDING
        return self.State.PAUSED if self.paused else self.State.ACTIVE

    def is_dead(self, *, now: datetime) -> bool:
        return self.retired_at is not None and self.retired_at <= now

    def take_company(self) -> None:
        owner = self.campaign or self.publisher or self.buyer or self.group
        if owner is not None:
            self.company_id = owner.company_id
        super().take_company()
