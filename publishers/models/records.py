"""Records kept between requests: first answers, and tags stored for a call."""

from typing import ClassVar

from django.db import models

from campaigns.models import Company

from .publisher import Publisher


class IdempotencyRecord(models.Model):
    """The first answer to an Idempotency-Key; no status while the first request is running."""

    scope = models.CharField(max_length=80)  # the key's primary key, or a transfer's UUID
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    locked_until = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "method", "path", "idempotency_key"], name="idempotency_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class StoredTag(models.Model):
    """A tag for its caller's next call in the company, or on one campaign."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    # Blank for a call on any campaign; "campaign:5" for a call on that campaign only.
    scope = models.CharField(max_length=32, blank=True)
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, related_name="+")
    caller_number = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    value = models.CharField(max_length=1000)
    written_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "caller_number", "scope", "name"], name="stored_tag_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
