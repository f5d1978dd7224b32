"""The numbers that callers dial."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from campaigns.models import Campaign, Retirable
from config.http.parameters import MAX_TAG_NAME, MAX_TAG_VALUE, MAX_TAGS, is_tag_name, is_tag_value

from .publisher import Publisher


def validate_tags(value: Any) -> None:
    """What every call on a number is tagged with, wherever it was written; raises ValidationError."""
    if not isinstance(value, dict) or not all(
        isinstance(item, str) for pair in value.items() for item in pair
    ):
        raise ValidationError("Must be names with texts.")
    if len(value) > MAX_TAGS:
        raise ValidationError(f"A number has at most {MAX_TAGS} tags, these are {len(value)}.")
    for name, text in value.items():
        if not is_tag_name(name):
            raise ValidationError(
                f"A tag's name has 1 to {MAX_TAG_NAME} characters, none of them a control character."
            )
        if not is_tag_value(text):
            raise ValidationError(
                f"The tag {name} has at most {MAX_TAG_VALUE:,} characters, none of them NUL."
            )


class InboundNumber(Retirable):
    """A number of one campaign of the installation: fixed, or of the pool that pings draw from."""

    belongs_to = "campaign"

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="numbers")
    number = models.CharField(max_length=20, help_text="With country code: +18335550100.")
    in_pool = models.BooleanField("in the pool", default=False, help_text="Handed out by pings.")
    publisher = models.ForeignKey(
        Publisher,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="numbers",
        help_text="Calls on it are this publisher's.",
    )
    tags = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_tags],
        help_text="Put on every call on this number.",
    )
    ask_caller_number = models.BooleanField(
        default=False, help_text="The caller is an agent who keys in the real caller's number."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(retired_at=None),
                name="inbound_number_once",
                violation_error_message="This number belongs to a campaign already.",
            ),
            models.CheckConstraint(
                condition=Q(number__startswith="+"), name="inbound_number_is_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.number
