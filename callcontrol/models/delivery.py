"""Webhook deliveries of a call, with every attempt."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Company, Webhook
from campaigns.models.choices import ColoredChoices

from .call import Call


class Delivery(models.Model):
    """One webhook, call and trigger: written when the trigger fires, sent when it is due.

    `url` is the URL at that time, with the call's values filled in. A start webhook has no
    `next_attempt_at`: it is sent in line, and no sweep sends it.
    """

    class Status(ColoredChoices):
        WAITING = "waiting", "info", _("Waiting")
        DELIVERED = "delivered", "success", _("Delivered")
        FAILED = "failed", "danger", _("Failed")

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    call = models.ForeignKey(Call, models.CASCADE, related_name="deliveries", db_index=False)
    # Without a constraint: a webhook that is deleted at this moment must not fail the call.
    webhook = models.ForeignKey(
        Webhook, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    name = models.CharField(max_length=200)  # of the webhook, which may be deleted
    trigger = models.CharField(max_length=10, choices=Webhook.Trigger)
    method = models.CharField(max_length=5)
    url = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "webhook", "trigger"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "delivered", "failed"]),
                name="delivery_status_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="waiting"), name="delivery_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trigger}: {self.name}"


class DeliveryAttempt(models.Model):
    """One attempt to send a delivery. Its process died if the duration is null."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # of HTTP; null when there was no answer
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)  # the first bytes of the body
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("attempt")

    def __str__(self) -> str:
        return f"{self.status or self.error}"
