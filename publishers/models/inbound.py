"""Numbers that callers dial."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Retirable
from config.http.parameters import MAX_TAG_NAME, MAX_TAG_VALUE, MAX_TAGS, is_tag_name, is_tag_value

from .publisher import Publisher


def validate_tags(value: Any) -> None:
    """Validate tags by name; raise ValidationError."""
    if not isinstance(value, dict) or not all(
        isinstance(item, str) for pair in value.items() for item in pair
    ):
        raise ValidationError(_("Use a text for each tag, like {source: radio}."))
    if len(value) > MAX_TAGS:
        raise ValidationError(
            _("Too many tags: %(count)d. Use at most %(limit)d.")
            % {"count": len(value), "limit": MAX_TAGS}
        )
    for name, text in value.items():
        if not is_tag_name(name):
            raise ValidationError(
                _("Invalid tag name. Use 1 to %(limit)d characters, without control characters.")
                % {"limit": MAX_TAG_NAME}
            )
        if not is_tag_value(text):
            raise ValidationError(
                _("Invalid value of tag %(name)s. Use at most %(limit)s characters, without NUL.")
                % {"name": name, "limit": f"{MAX_TAG_VALUE:,}"}
            )


class InboundNumber(Retirable):
    """A number of one campaign: fixed, or in the pool that pings draw from."""

    belongs_to = "campaign"

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="numbers")
    number = models.CharField(max_length=20, help_text=_("Include the country code: +18335550100."))
    in_pool = models.BooleanField(
        _("in the pool"), default=False, help_text=_("Answered to pings as the number to dial.")
    )
    publisher = models.ForeignKey(
        Publisher,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="numbers",
        help_text=_("Calls to this number belong to this publisher."),
    )
    tags = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_tags],
        help_text=_("Added to every call to this number."),
    )
    ask_caller_number = models.BooleanField(
        default=False,
        help_text=_("Ask an agent, who calls for the caller, to key in the caller's number."),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(retired_at=None),
                name="inbound_number_once",
                violation_error_message=_("This number already belongs to a campaign."),
            ),
            models.CheckConstraint(
                condition=Q(number__startswith="+"), name="inbound_number_is_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.number
