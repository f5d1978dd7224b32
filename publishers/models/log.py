"""The postback log: every request by a key, whatever became of it."""

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:  # Django's fields take types in its stubs alone
    _Text = models.TextField[Any, Any]
else:
    _Text = models.TextField


class CompactJSONField(_Text):
    """Plain data as JSON in a text column.

    Nothing looks inside it by SQL, and PostgreSQL takes 0.6 ms of processor to make a thousand rows' numbers of jsonb.
    """

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return (
            None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )


class LogEntry(models.Model):
    """One request. Its key, company, reservation and call are loose numbers: the log outlives what it names."""

    at = models.DateTimeField()
    company_pk = models.BigIntegerField(null=True, db_column="company_row")
    key_pk = models.BigIntegerField(null=True, db_column="key_row")
    publisher_pk = models.BigIntegerField(
        null=True, db_column="publisher_row"
    )  # whom the request names, else whose key it is
    key_end = models.CharField(max_length=4, blank=True)  # of a refused key, all that is kept
    type = models.CharField(max_length=40, blank=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    format = models.CharField(max_length=4, blank=True)
    parameters = CompactJSONField()
    caller_number = models.CharField(max_length=20, null=True)  # noqa: DJ001 - null is a withheld or absent caller
    status = models.PositiveSmallIntegerField()
    response = models.TextField()
    result = models.CharField(max_length=40)
    duration_ms = models.FloatField()
    reservation_uuid = models.UUIDField(null=True)
    call_uuid = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    notes = CompactJSONField(default=list)  # what an account manager should know, in words
    trace = CompactJSONField(null=True)  # the routing trace, as campaigns.routing.Decision.stored()
    reasons = models.TextField(null=True)  # noqa: DJ001 - why the trace refuses buyers, as ",closed,filter,"; null: it does not

    class Meta:
        verbose_name = "postback"
        verbose_name_plural = "postback log"
        indexes: ClassVar = [
            models.Index(fields=["key_pk", "id"], name="log_by_key"),
            # Newest first, with all that the list filters by: it reads no row which it does not show.
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
