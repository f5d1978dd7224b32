"""What each row of a caller's time line says: a sentence, an icon, a label, and the page that it leads to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from callcontrol.lifecycle.summary import call_headline
from callcontrol.models import Call, Delivery
from callcontrol.state.locked_call import LockedCall
from campaigns.admin_base import admin_link, mask_text, money_text
from campaigns.routing import explain
from config.http.parameters import RESERVED
from publishers.models import LogEntry, StoredTag
from publishers.request_log import labels
from reservations.models import LIVE, Reservation, Status

from .lookups import HELD, RelatedRows
from .profile import PINGS
from .timeline import (
    CallSource,
    ConversionSource,
    DeliverySource,
    FoundRow,
    KeyRequestSource,
    RequestSource,
    StoredTagSource,
)

_MOST_TAGS = 6  # told in a sentence
_TRIGGERS = {
    "start": "was asked before the call was routed",
    "answered": "was told that the call was answered",
    "ended": "was told that the call ended",
    "converted": "was told that the call converted",
}
_WROTE = {
    "stored": "kept for the caller's next call",
    "in-progress": "put on the live call",
    "applied": "put on the call that had ended",
}
_ACTED = {
    "transfer": "asked to transfer the call",
    "return": "gave the call back",
    "accept": "accepted the call",
    "reject": "rejected the call",
    "active_calls": "looked whether the caller is on the line",
    "conference_caller": "asked to bring the caller back into the conference",
}
_COLORS: dict[str, str] = {
    **dict.fromkeys((Status.RESERVED, Status.CONFIRMED), "info"),
    Status.CLAIMED: "success",
    Status.EXPIRED: "warning",
    **dict.fromkeys((Status.NO_TARGET, Status.REJECTED), "danger"),
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `what` is linked to the row's page and begins the sentence that `text` goes on; `why` are its details."""

    at: datetime
    icon: str
    what: str
    url: str
    text: SafeString | str
    label: str
    color: str
    tie: str
    why: tuple[str, ...] = ()


class EntryBuilder:
    """Tells the rows of one page to one reader: `clear`, if they may see numbers."""

    def __init__(self, story: RelatedRows, *, clear: bool, currency: str, time_zone: str) -> None:
        self.story, self.clear, self.currency, self.time_zone = story, clear, currency, time_zone
        self.now = timezone.now()

    def entries(self) -> list[TimelineEntry]:
        return [self._entry(list(ones)) for _, ones in groupby(self.story.found, key=_together)]

    def _entry(self, ones: Sequence[FoundRow]) -> TimelineEntry:
        if ones[0].kind == StoredTagSource.letter:
            return self.waiting(ones[0], [one.row for one in ones])
        return self.told[ones[0].kind](self, ones[0])

    def mask(self, text: str) -> str:
        return text if self.clear else mask_text(text)

    # --- requests -------------------------------------------------------------------------------------
    def request(self, one: FoundRow) -> TimelineEntry:
        entry: LogEntry = one.row
        icon, what, text = self._request(entry)
        return TimelineEntry(
            at=entry.at,
            icon=icon,
            what=what,
            url=reverse("admin:publishers_logentry_change", args=[entry.pk]),
            text=text,
            label=labels.result_text(entry),
            color=labels.COLORS.get(entry.result, ""),
            tie=self.story.tie(one),
            why=self._why(entry),
        )

    def _request(self, entry: LogEntry) -> tuple[str, str, SafeString | str]:
        if entry.type in PINGS and entry.method == "POST":
            return "sensors", "Ping", self._ping(entry)
        if entry.type in PINGS:
            return (
                "task_alt",
                "Confirmation",
                format_html("{} of the reservation{}.", self._by(entry), self._error(entry)),
            )
        if entry.type == "call_data_writing":
            return "edit_note", "Data", self._written(entry)
        if entry.type == "conversion":
            return "sell", "Sale", format_html("reported{}{}.", self._by(entry), self._error(entry))
        if entry.type in ("call_control", "transfer"):
            return (
                "swap_calls",
                "Call control",
                format_html(": {}{}.", self._acted(entry), self._error(entry)),
            )
        return (
            "api",
            labels.key_type_text(entry),
            format_html("{}{}.", self._by(entry), self._error(entry)),
        )

    def _ping(self, entry: LogEntry) -> SafeString:
        return format_html("{}{}: {}.", self._by(entry), self._for(entry), self._answered(entry))

    def _answered(self, entry: LogEntry) -> str:
        told = {
            "reserved": "a buyer was held",
            "no-target": "no buyer took the caller",
            "rejected": "the campaign or the publisher was paused",
            "shielded": "a repeat, answered as the first one",
            "replayed": "the same request again, answered as the first time",
        }
        return told.get(entry.result) or self._said(entry) or entry.result

    def _written(self, entry: LogEntry) -> SafeString:
        tags = [(name, text) for name, text in entry.parameters.items() if name not in RESERVED]
        landed = f", {_WROTE[entry.result]}" if entry.result in _WROTE else ""
        return format_html(
            "{}: {}{}{}.",
            self._by(entry),
            self._pairs(tags) or "nothing",
            landed,
            self._error(entry),
        )

    def _acted(self, entry: LogEntry) -> str:
        action = entry.path.rpartition("/")[2].partition(".")[0]
        key = self.story.keys.get(entry.key_pk or 0)
        did = _ACTED.get(action) or (
            "stopped the transfer" if entry.method == "DELETE" else f"asked for {action}"
        )
        return f"{key or 'a transfer'} {did}"

    def _by(self, entry: LogEntry) -> SafeString | str:
        """The publisher, else the key."""
        key = self.story.keys.get(entry.key_pk or 0)
        held = (
            self.story.reservations.get(entry.reservation_uuid) if entry.reservation_uuid else None
        )
        named = (
            self.story.publishers.get(entry.publisher_pk or 0)
            or (held and held.publisher)
            or (key and key.publisher)
        )
        return format_html(" by {}", admin_link(named or key)) if named or key else ""

    def _for(self, entry: LogEntry) -> SafeString | str:
        key = self.story.keys.get(entry.key_pk or 0)
        return format_html(" for {}", admin_link(key.campaign)) if key and key.campaign else ""

    def _error(self, entry: LogEntry) -> str:
        said = self._said(entry)
        return f", refused: {said}" if said else ""

    def _said(self, entry: LogEntry) -> str:
        """Why a request was refused."""
        return self.mask(labels.error_text(entry))

    def _why(self, entry: LogEntry) -> tuple[str, ...]:
        if not entry.trace:
            return ()
        return tuple(
            map(self.mask, explain.stored_lines(entry.trace, self.story.buyers, self.time_zone))
        )

    # --- what they led to -----------------------------------------------------------------------------
    def held(self, one: FoundRow) -> TimelineEntry:
        row: Reservation = one.row
        status = Status(row.status_at(self.now))
        until = f"{timezone.localtime(row.expires_at):%H:%M:%S}"
        price = (
            f"{money_text(row.payout)} {self.currency} after {row.seconds} seconds"
            if row.payout
            else "nothing"
        )
        was = "is" if status in LIVE else "was"
        text = format_html(
            ": {} {} held until {}, for {}.", admin_link(row.buyer), was, until, price
        )
        url = reverse("admin:reservations_reservation_change", args=[row.pk])
        color = _COLORS[status]
        return TimelineEntry(
            row.created_at,
            "event_available",
            "Reservation",
            url,
            text,
            str(status.label),
            color,
            self.story.tie(one),
        )

    def call(self, one: FoundRow) -> TimelineEntry:
        row: Call = one.row
        room = LockedCall(
            row, sorted(row.legs.all(), key=lambda leg: leg.place), list(row.transfers.all())
        )
        told = self.mask(call_headline(room))
        number = self.mask(row.inbound_number)
        text = format_html(
            " to {} for {}{}: {}", number, admin_link(row.campaign), _from(row), told
        )
        label, color = _standing(row)
        return TimelineEntry(
            row.started_at, "call", "Call", _page(row), text, label, color, self.story.tie(one)
        )

    def conversion(self, one: FoundRow) -> TimelineEntry:
        row: Call = one.row
        paid, earned = (
            f"{money_text(amount)} {self.currency}" for amount in (row.payout, row.revenue)
        )
        text = format_html(
            " of a call: {} {}, {} from {}.", paid, _to(row), earned, admin_link(row.buyer)
        )
        return TimelineEntry(
            one.at,
            "paid",
            "Conversion",
            _page(row),
            text,
            "converted",
            "success",
            self.story.tie(one),
        )

    def delivery(self, one: FoundRow) -> TimelineEntry:
        row: Delivery = one.row
        color = {"delivered": "success", "failed": "danger"}.get(row.status, "info")
        url = reverse("admin:callcontrol_call_change", args=[row.call_id])
        text = format_html(" “{}” {}.", row.name, _TRIGGERS.get(row.trigger, row.trigger))
        label = str(Delivery.Status(row.status).label)
        return TimelineEntry(
            one.at, "webhook", "Webhook", url, text, label, color, self.story.tie(one)
        )

    def waiting(self, one: FoundRow, tags: Sequence[StoredTag]) -> TimelineEntry:
        """Tags that were written together."""
        row = tags[0]
        campaign = self.story.campaigns.get(row.scope)
        where = format_html("on {}", admin_link(campaign)) if campaign else "on any campaign"
        until = f"{timezone.localtime(row.expires_at):%b %-d, %H:%M}"
        by = format_html(", written by {}", admin_link(row.publisher)) if row.publisher else ""
        shown = self._pairs((tag.name, tag.value) for tag in sorted(tags, key=lambda tag: tag.pk))
        text = format_html(
            " for the caller's next call {}, until {}{}: {}.", where, until, by, shown
        )
        return TimelineEntry(
            one.at, "label", "Waiting", "", text, "waiting", "info", self.story.tie(one)
        )

    def _pairs(self, pairs: Iterable[tuple[str, str]]) -> str:
        """`zip = 20001, roof = slate and 3 more`."""
        told = [self.mask(f"{name} = {text}") for name, text in pairs]
        more = f" and {len(told) - _MOST_TAGS} more" if len(told) > _MOST_TAGS else ""
        return ", ".join(told[:_MOST_TAGS]) + more

    told: ClassVar[Mapping[str, Callable[[Any, FoundRow], TimelineEntry]]] = {
        RequestSource.letter: request,
        KeyRequestSource.letter: request,
        HELD: held,
        CallSource.letter: call,
        ConversionSource.letter: conversion,
        DeliverySource.letter: delivery,
    }


def _together(one: FoundRow) -> tuple[Any, ...]:
    """Tags that were written by one request are one line; all else is one each."""
    return (
        (one.at, one.row.scope, one.row.publisher_id)
        if one.kind == StoredTagSource.letter
        else (id(one),)
    )


def _page(call: Call) -> str:
    return reverse("admin:callcontrol_call_change", args=[call.pk])


def _from(call: Call) -> SafeString | str:
    return format_html(", brought by {}", admin_link(call.publisher)) if call.publisher else ""


def _to(call: Call) -> SafeString | str:
    return format_html("to {}", admin_link(call.publisher)) if call.publisher else "to no publisher"


def _standing(call: Call) -> tuple[str, str]:
    """How it stands, in a word, and its color."""
    if call.converted_at:
        return "converted", "success"
    if call.duplicate:
        return "duplicate", "warning"
    colors = {Call.Status.NO_TARGET: "danger", Call.Status.FINISHED: ""}
    status = Call.Status(call.status)
    return str(status.label), colors.get(status, "info")
