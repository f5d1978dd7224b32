"""The timeline of a call."""

from typing import ClassVar

from django.db import models

from .call import Call

CARRIER_TOKEN = "carrier_token"  # noqa: S105 - the key in `detail` for what a carrier wants back with its legs
PAY_RULE = "pay_rule"  # the key in `detail` for the rule that a settlement rested on, as it was


class CallEvent(models.Model):
    """One step of a call. A carrier's event is known by its id, so that a repeat changes nothing."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    carrier_event_id = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null for our own steps

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "carrier_event_id"], name="call_event_once")
        ]

    def __str__(self) -> str:
        return self.kind
