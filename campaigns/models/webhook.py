"""Whom a campaign tells of its calls, or asks about them."""

import base64
import binascii
import re
import secrets
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from config.http.client import RequestFailed, split
from config.http.parameters import MAX_TAG_NAME, MAX_TAGS, is_tag_name

from .campaign import Campaign
from .catalogue import CatalogueRow
from .conditions import FilterRow

LONGEST_PATH = 300
_TO_THE_HOST = re.compile("https?://[^/?#]*")
_TOKEN = re.compile(r"\[[^\[\]:]+\]")
SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets of the Standard Webhooks begin


def new_webhook_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def secret_bytes(secret: str) -> bytes:
    """What signatures are made with; ValueError for a text that is no secret."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError
    try:
        found = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError from None
    if not 24 <= len(found) <= 64:
        raise ValueError
    return found


def validate_secret(value: str) -> None:
    try:
        secret_bytes(value)
    except ValueError:
        raise ValidationError(
            f"A secret is {SECRET_PREFIX} and 24 to 64 bytes in base64."
        ) from None


def validate_webhook_url(value: str) -> None:
    """An address whose host is written out: no caller's tag decides who is asked. Tokens may hold any letter."""
    host = _TO_THE_HOST.match(value)
    end = host.end() if host else 0
    try:
        split(value[:end] + _TOKEN.sub("x", value[end:]))
    except RequestFailed as failure:
        why = f"{failure}"
        raise ValidationError(
            f"{why[0].upper()}{why[1:]}; [tokens] may stand after the host."
        ) from None


def validate_values(value: Any) -> None:
    """Which members of an answer become which tags."""
    if not isinstance(value, dict) or not all(
        isinstance(item, str) for pair in value.items() for item in pair
    ):
        raise ValidationError(
            "Must be names of tags with paths, like inbound_number with call_reservation.inbound_number."
        )
    if len(value) > MAX_TAGS:
        raise ValidationError(
            f"At most {MAX_TAGS} tags come from one answer, these are {len(value)}."
        )
    for name, path in value.items():
        if not is_tag_name(name):
            raise ValidationError(
                f"A tag's name has 1 to {MAX_TAG_NAME} characters, none of them a control character."
            )
        if not path.isprintable() or len(path) > LONGEST_PATH or not all(path.split(".")):
            raise ValidationError(
                f"What becomes the tag {name} is a path of names with dots between them."
            )


class Webhook(CatalogueRow):
    """An address that is asked when something happens to a call of the campaign. Its secret signs what is sent."""

    class Trigger(models.TextChoices):
        START = "start", "Start"
        ANSWERED = "answered", "Answered"
        ENDED = "ended", "Ended"
        CONVERTED = "converted", "Converted"

    class Method(models.TextChoices):
        GET = "GET", "GET"
        POST = "POST", "POST"
        PUT = "PUT", "PUT"
        PATCH = "PATCH", "PATCH"

    belongs_to = "campaign"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=200)
    trigger = models.CharField(
        max_length=10,
        choices=Trigger,
        help_text="Start: before anybody is dialed. Answered: the first pick-up. Ended and converted: once the money is decided.",
    )
    method = models.CharField(max_length=5, choices=Method, default=Method.POST)
    url = models.CharField(
        "URL",
        max_length=2000,
        validators=[validate_webhook_url],
        help_text="May hold [tokens] after its host: tags, caller_number, call_uuid …",
    )
    values = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_values],
        help_text="What of the answer becomes a tag.",
    )
    deadline_ms = models.PositiveIntegerField(
        "deadline (ms)",
        default=2000,
        validators=[MinValueValidator(100), MaxValueValidator(10_000)],
        help_text="By then the whole answer must be there.",
    )
    secret = models.CharField(
        max_length=100, default=new_webhook_secret, validators=[validate_secret]
    )

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "name"],
                name="webhook_name_once",
                violation_error_message="Another webhook of the campaign has this name.",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(url="") & ~Q(secret=""), name="webhook_complete"
            ),
            models.CheckConstraint(
                condition=Q(trigger__in=["start", "answered", "ended", "converted"]),
                name="webhook_trigger_known",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["GET", "POST", "PUT", "PATCH"]), name="webhook_method_known"
            ),
            models.CheckConstraint(
                condition=Q(deadline_ms__gte=100, deadline_ms__lte=10_000),
                name="webhook_deadline_fits",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookFilter(FilterRow):
    """A condition of a webhook: it is asked only about calls that fulfill it."""

    belongs_to = "webhook"

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="filters")
