"""What webhooks are told of a call: one row for each that is to be sent, with every attempt."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models import Company, Webhook

from .call import Call


class Delivery(models.Model):
    """A webhook's word about one call, once for each trigger: written when that comes true, sent when it is due.

    `url` is the address as it was then, the caller's values filled in. Without `next_attempt_at` nobody sends it of
    itself: a start webhook is asked in line.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "To be sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    call = models.ForeignKey(Call, models.CASCADE, related_name="deliveries", db_index=False)
    # Without a constraint: a webhook that is deleted at this very moment must not fail the call that was to be told of.
    webhook = models.ForeignKey(
        Webhook, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    name = models.CharField(max_length=200)  # of the webhook
    trigger = models.CharField(max_length=10, choices=Webhook.Trigger)
    method = models.CharField(max_length=5)
    url = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
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
    """One time that a delivery was sent. Without a duration nobody knows what came of it: the process died meanwhile."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # of HTTP; null when there was no answer
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)  # how it began
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "attempt"

    def __str__(self) -> str:
        return f"{self.status or self.error}"
