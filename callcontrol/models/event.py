"""The timeline of a call: its events, and the sentence of each kind of event."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from .call import Call

# Keys in an event's `detail` that stay inside this installation.
CARRIER_TOKEN = "carrier_token"  # noqa: S105 - the carrier wants it back with the legs of the call
PAY_RULE = "pay_rule"  # the conversion that a settlement rested on, as it was then
INTERNAL_DETAILS = frozenset({"trace", "reserved_row", CARRIER_TOKEN, PAY_RULE})


class EventKind(models.TextChoices):
    """What happened, with its sentence as the label.

    Placeholders are the members of the event's detail. `%(leg)s` is the party of a leg, or its
    name where people read the timeline. Legs that ended have the sentence of their outcome.
    """

    ARRIVED = "arrived", _("The caller dialed %(number)s.")
    ROUTED = "routed", _("Routing decided.")
    RESERVED_BUYER_SKIPPED = (
        "reserved-buyer-passed-over",
        _("The reserved buyer was skipped: %(why)s."),
    )
    DIALING = "dialing", _("%(leg)s is being dialed.")
    ANSWERED = "answered", _("%(leg)s answered.")
    LEFT = "left", _("%(leg)s left.")
    TAKEN_OFF = "taken-off", _("%(leg)s was disconnected.")
    LEG_FAILED = "leg-failed", _("%(leg)s could not be dialed: %(why)s.")
    ACCEPTED = "accepted", _("%(leg)s accepted the call.")
    TRANSFERRING = "transferring", _("%(leg)s is being dialed, to join the call.")
    CALLER_HELD = "caller-held", _("The caller was put on hold.")
    CALLER_JOINED = "caller-joined", _("The caller was taken off hold.")
    CARRIER_FAILED = "carrier-failed", _("The carrier could not %(told)s: %(why)s.")
    ENDED = "ended", _("The call ended: %(why)s.")
    CONVERTED = (
        "converted",
        _("The call converted: %(payout)s to the publisher, %(revenue)s from the buyer."),
    )
    SOLD = (
        "sold",
        _("The buyer reported a sale: %(payout)s to the publisher, %(revenue)s from the buyer."),
    )
    DUPLICATE = "duplicate", _("The caller had converted before; this call does not pay.")
    UNCONVERTED = "unconverted", _("The call did not convert.")
    WEBHOOK_ASKED = "webhook-asked", _("The start webhook “%(name)s” was called: %(said)s.")
    WEBHOOK_DELIVERED = (
        "webhook-delivered",
        _("The webhook “%(name)s” (%(trigger)s) was delivered: %(said)s."),
    )
    WEBHOOK_FAILED = (
        "webhook-failed",
        _("The webhook “%(name)s” (%(trigger)s) failed: %(said)s."),
    )
    MANAGED = "managed", _("The account manager %(who)s %(did)s.")


class CallEvent(models.Model):
    """One event of a call. A carrier repeats an event under the same `carrier_event_id`."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)  # an EventKind, or a word of an added action
    detail = models.JSONField(default=dict)
    carrier_event_id = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null for Ringpost's own events

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "carrier_event_id"], name="call_event_once")
        ]

    def __str__(self) -> str:
        return self.kind
