"""Webhooks of a campaign: requests about its calls, and their answers."""

import base64
import binascii
import re
import secrets
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

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
    """Return the key that signs requests; raise ValueError for a malformed secret."""
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
            _("Not a secret. Use %(prefix)s followed by 24 to 64 bytes in base64."),
            params={"prefix": SECRET_PREFIX},
        ) from None


def validate_webhook_url(value: str) -> None:
    """Raise ValidationError unless the host is literal; [tokens] may follow it."""
    # A token in the host would let a caller's tag choose the receiver.
    host = _TO_THE_HOST.match(value)
    end = host.end() if host else 0
    try:
        split(value[:end] + _TOKEN.sub("x", value[end:]))
    except RequestFailed as failure:
        raise ValidationError(
            _("%(problem)s. [tokens] may follow the host."),
            params={"problem": capfirst(str(failure))},
        ) from None


def validate_values(value: Any) -> None:
    """Raise ValidationError unless the value maps tag names to paths in the answer."""
    if not isinstance(value, dict) or not all(
        isinstance(item, str) for pair in value.items() for item in pair
    ):
        raise ValidationError(
            _("Map tag names to paths, such as inbound_number to call_reservation.inbound_number.")
        )
    if len(value) > MAX_TAGS:
        raise ValidationError(
            _("Use at most %(limit)s tags from one answer, not %(count)s."),
            params={"limit": MAX_TAGS, "count": len(value)},
        )
    for name, path in value.items():
        if not is_tag_name(name):
            raise ValidationError(
                _("Use 1 to %(limit)s characters for a tag name, without control characters."),
                params={"limit": MAX_TAG_NAME},
            )
        if not path.isprintable() or len(path) > LONGEST_PATH or not all(path.split(".")):
            raise ValidationError(
                _("The path for the tag “%(name)s” is not valid. Use names with dots between."),
                params={"name": name},
            )


class Webhook(CatalogueRow):
    """A request to a URL on an event of the campaign's calls, signed with the secret."""

    class Trigger(models.TextChoices):
        START = "start", _("Start")
        ANSWERED = "answered", _("Answered")
        ENDED = "ended", _("Ended")
        CONVERTED = "converted", _("Converted")

    class Method(models.TextChoices):
        GET = "GET", "GET"
        POST = "POST", "POST"
        PUT = "PUT", "PUT"
        PATCH = "PATCH", "PATCH"

    belongs_to = "campaign"

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="webhooks", verbose_name=_("campaign")
    )
    name = models.CharField(_("name"), max_length=200)
    trigger = models.CharField(
        _("trigger"),
        max_length=10,
        choices=Trigger,
        help_text=_(
            "Start: before a buyer is dialed. Answered: at the first answer. "
            "Ended and Converted: after settlement."
        ),
    )
    method = models.CharField(_("method"), max_length=5, choices=Method, default=Method.POST)
    url = models.CharField(
        _("URL"),
        max_length=2000,
        validators=[validate_webhook_url],
        help_text=_("[tokens] may follow the host: tags, caller_number, call_uuid and others."),
    )
    values = models.JSONField(
        _("values"),
        default=dict,
        blank=True,
        validators=[validate_values],
        help_text=_("Tags to take from the answer."),
    )
    deadline_ms = models.PositiveIntegerField(
        _("deadline (ms)"),
        default=2000,
        validators=[MinValueValidator(100), MaxValueValidator(10_000)],
        help_text=_("The complete answer must arrive within this time."),
    )
    secret = models.CharField(
        _("secret"), max_length=100, default=new_webhook_secret, validators=[validate_secret]
    )

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "name"],
                name="webhook_name_once",
                violation_error_message=_("Another webhook of the campaign has this name."),
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
    """A condition of a webhook: it sends a request only for calls that meet it."""

    belongs_to = "webhook"

    webhook = models.ForeignKey(
        Webhook, models.CASCADE, related_name="filters", verbose_name=_("webhook")
    )

    class Meta(FilterRow.Meta):
        verbose_name = _("webhook filter")
        verbose_name_plural = _("webhook filters")
