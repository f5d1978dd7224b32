"""The postback log: every request by a key, with its answer."""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:  # Django's fields take type parameters in its stubs only
    _Text = models.TextField[Any, Any]
else:
    _Text = models.TextField


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class CompactJSONField(_Text):
    """Plain data as JSON in a text column.

    SQL never looks inside it, and as jsonb the numbers of a thousand rows would cost PostgreSQL
    0.6 ms of processor time.
    """

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else _encode(value)


class LogResult(models.TextChoices):
    """Results of a request; the label adds the logged word where the two differ."""

    RESERVED = "reserved", _("Reserved")
    CONFIRMED = "confirmed", _("Confirmed")
    CLAIMED = "claimed", _("Claimed by a call")
    EXPIRED = "expired", _("Expired")
    NO_TARGET = "no-target", _("No buyer (no-target)")
    REJECTED = "rejected", _("Paused (rejected)")
    SHIELDED = "shielded", _("Repeat (shielded)")
    REPLAYED = "replayed", _("Sent twice (replayed)")
    STORED = "stored", _("Tags stored")
    IN_PROGRESS = "in-progress", _("Live call (in-progress)")
    APPLIED = "applied", _("Tags applied")
    CONVERTED = "converted", _("Converted")
    ALREADY_CONVERTED = "already-converted", _("Already converted")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")

    @property
    def color(self) -> str:
        match self:
            case LogResult.RESERVED | LogResult.CONFIRMED | LogResult.CLAIMED | LogResult.CONVERTED:
                return "success"
            case LogResult.NO_TARGET | LogResult.EXPIRED | LogResult.REJECTED:
                return "warning"
            case LogResult.REFUSED | LogResult.FAILED:
                return "danger"
            case _:
                return "info"


class AnswerStatus(models.IntegerChoices):
    """HTTP statuses that the log holds; the label explains the status to an account manager."""

    OK = 200, _("the request was evaluated")
    CREATED = 201, _("the request was evaluated")
    BAD_REQUEST = 400, _("the body could not be read")
    UNAUTHORIZED = 401, _("the key is missing or unknown")
    FORBIDDEN = 403, _("paused, switched off, or not allowed from this address")
    NOT_FOUND = 404, _("not found")
    METHOD_NOT_ALLOWED = 405, _("the path takes another method")
    NOT_ACCEPTABLE = 406, _("the requested format is unknown")
    CONFLICT = 409, _("the first request with its Idempotency-Key was still running")
    GONE = 410, _("the owner of the key was deleted")
    CONTENT_TOO_LARGE = 413, _("the body is too large")
    UNSUPPORTED_MEDIA_TYPE = 415, _("the body is of an unknown type")
    UNPROCESSABLE = 422, _("a value is missing or invalid")
    TOO_MANY_REQUESTS = 429, _("too many requests")
    SERVER_ERROR = 500, _("an error on our side")
    UNAVAILABLE = 503, _("the database could not be reached")


class LogEntry(models.Model):
    """One request. Its key, company, reservation and call are loose numbers, which it outlives."""

    at = models.DateTimeField()
    company_pk = models.BigIntegerField(null=True, db_column="company_row")
    key_pk = models.BigIntegerField(null=True, db_column="key_row")
    # The publisher that the request names, or else the one that owns the key.
    publisher_pk = models.BigIntegerField(null=True, db_column="publisher_row")
    # The only part of an unknown key that is kept.
    key_end = models.CharField(max_length=4, blank=True)
    type = models.CharField(max_length=40, blank=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    format = models.CharField(max_length=4, blank=True)
    parameters = CompactJSONField()
    # Null is a withheld or absent caller.
    caller_number = models.CharField(max_length=20, null=True)  # noqa: DJ001
    status = models.PositiveSmallIntegerField()
    response = models.TextField()
    result = models.CharField(max_length=40)
    duration_ms = models.FloatField()
    reservation_uuid = models.UUIDField(null=True)
    call_uuid = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    notes = CompactJSONField(default=list)  # sentences for an account manager
    trace = CompactJSONField(null=True)  # campaigns.routing.Decision.stored()
    # The slugs of the trace's refusals, as ",closed,filter,"; null without a refusal.
    reasons = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        verbose_name = _("postback")
        verbose_name_plural = _("postback log")
        indexes: ClassVar = [
            models.Index(fields=["key_pk", "id"], name="log_by_key"),
            # Newest first, with every column that the list filters by: no other row is read.
            models.Index(
                fields=[
                    *("company_pk", "at", "id"),
                    *("result", "type", "method", "status", "publisher_pk", "key_pk", "reasons"),
                ],
                name="log_of_company",
            ),
            models.Index(
                fields=["caller_number", "id"],
                condition=Q(caller_number__isnull=False),
                name="log_by_caller",
            ),
            models.Index(
                fields=["reservation_uuid"],
                condition=Q(reservation_uuid__isnull=False),
                name="log_by_reservation",
            ),
            models.Index(
                fields=["call_uuid"], condition=Q(call_uuid__isnull=False), name="log_by_call"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @property
    def result_label(self) -> str:
        """`Reserved`; with the status of an error: `Refused: 422`."""
        known = self.result in LogResult
        label = str(LogResult(self.result).label) if known else self.result
        return f"{label}: {self.status}" if self.status >= 400 else label

    @property
    def result_color(self) -> str:
        return LogResult(self.result).color if self.result in LogResult else ""

    @property
    def status_line(self) -> str:
        """`422 Unprocessable Entity`; the number alone without a standard phrase."""
        phrase = next((each.phrase for each in HTTPStatus if each == self.status), "")
        return f"{self.status} {phrase}".strip()

    @property
    def status_meaning(self) -> str:
        known = self.status in AnswerStatus
        return str(AnswerStatus(self.status).label) if known else ""
