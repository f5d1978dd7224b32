"""The softphone: a page on which a caller dials on the simulator, and everybody on a line acts."""

import uuid
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.carriers.simulator import Simulator
from callcontrol.lifecycle import events, timeouts
from callcontrol.lifecycle.arrival import NOT_OURS, destination_of
from callcontrol.models import Call, Leg
from callcontrol.simulation import callers, phones
from campaigns.admin_base import AdminPage, visible_to
from campaigns.errors import NotFound, Refusal
from campaigns.models import Company

from . import dial_form, softphone_cards
from .call_actions import read_action, run_call_action

_FARTHEST = timedelta(days=1)  # that a page may be ahead of the wall clock
_SKIPS = {"skip-30": timedelta(seconds=30), "skip-120": timedelta(minutes=2)}


class Softphone(AdminPage):
    """`?call=` is the call that is played: whoever loads the page again goes on with it."""

    title = "Softphone"
    template_name = "callcontrol/softphone/page.html"

    # --- which call -----------------------------------------------------------------------------------
    @cached_property
    def call(self) -> Any:
        """The call in the address, if it is of one of the user's companies."""
        return self._read(self.request.GET.get("call", ""))

    def _read(self, written: Any) -> Any:
        rows = visible_to(
            self.request, Call.objects.filter(carrier=Simulator.slug, company__retired_at=None)
        )
        try:
            found = rows.filter(pk=written) if written else rows.none()
            return found.select_related(
                "company", "campaign", "publisher", "buyer", "reservation"
            ).first()
        except ValidationError:
            return None

    @cached_property
    def company(self) -> Company | None:
        return self.call.company if self.call else super().company

    @property
    def is_here(self) -> bool:
        """Whether calls go over the simulator at all."""
        return bool(Simulator.slug == settings.CARRIER)

    # --- looking --------------------------------------------------------------------------------------
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        if self.call and self.is_here:
            timeouts.apply_timeouts(self.call.pk, now=now)
        return self._show(now)

    def _show(self, now: datetime, note: str = "", *, refused: bool = False) -> HttpResponse:
        context = self.get_context_data(
            is_here=self.is_here, note=note, refused=refused, asked=self.request.GET.get("call", "")
        )
        if self.call:
            context |= softphone_cards.softphone_cards(
                self._read(self.call.pk), may_act=self.clear and self.is_here, now=now
            )
        elif self.company and self.clear and self.is_here:
            context |= dial_form.choices(self.company)
        if self.company:
            context["live_calls"] = softphone_cards.live_calls(
                self.company, but=self.call, clear=self.clear
            )
        is_part = self.call and "live" in self.request.GET
        return self.response_class(
            self.request, "callcontrol/softphone/live.html" if is_part else self.template_name, context
        )

    # --- acting ---------------------------------------------------------------------------------------
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (self.clear and self.is_here):
            raise PermissionDenied
        return self._play() if self.call else self._dial()

    def _dial(self) -> HttpResponse:
        try:
            call = events.handle_arrival(self._arrival())
        except Refusal as refusal:
            messages.error(self.request, f"Not dialed: {refusal.text}.")
            return redirect(self.request.get_full_path())
        return redirect(f"{reverse('softphone')}?call={call.pk}")

    def _arrival(self) -> Arrival:
        """Raises a Refusal for a caller that is no number, and for a number that is not this company's."""
        said, now = self.request.POST, timezone.now()
        to = (said.get("typed", "").strip() or said.get("to", "").strip())[:300]
        if not to:
            raise Refusal("choose the number to dial")
        if destination_of(to).snapshot.company_pk != getattr(self.company, "pk", None):
            raise NotFound(NOT_OURS)
        caller = (
            None
            if "withheld" in said
            else callers.parse_caller("the caller’s number", said.get("from") or None)
        )
        digits = callers.parse_caller("what is keyed in", said.get("digits", "").strip() or None)
        return Arrival(
            Simulator.slug, uuid.uuid4().hex, to, caller, digits, now=now, received_at=now
        )

    def _play(self) -> HttpResponse:
        """One act on the call, after all that was due by then."""
        now, note, refused = timezone.now(), "", False
        try:
            note = self._act(now + self._ahead())
        except Refusal as refusal:
            note, refused = f"Not done: {refusal.text}.", True
        if "live" in self.request.GET:
            return self._show(now, note, refused=refused)
        if note:
            (messages.error if refused else messages.success)(self.request, note)
        return redirect(f"{reverse('softphone')}?call={self.call.pk}")

    def _act(self, at: datetime) -> str:
        """What was done, in words where the picture does not show it."""
        what, row = read_action(self.request)
        at = phones.wait(call_uuid=self.call.pk, now=at)
        if what in _SKIPS or what in ("look", "skip-ring"):
            phones.wait(call_uuid=self.call.pk, now=max(at, self._until(what, at)))
            return ""
        at_phone = next((one for one in phones.PHONE_ACTIONS if f"phone-{one}" == what), None)
        if at_phone is None:
            return run_call_action(self.request, self.call, now=at)
        if row is None or not Leg.objects.filter(pk=row, call=self.call).exists():
            raise Refusal("that line is not on this call")
        phones.perform(leg_uuid=row, what=at_phone, now=at)
        return ""

    def _until(self, what: str, at: datetime) -> datetime:
        """To when time is skipped: by so much, or until the first phone has rung out."""
        if what == "skip-ring":
            ringing = self.call.legs.filter(status=Leg.Status.RINGING, rings_until__isnull=False)
            return (
                ringing.order_by("rings_until").values_list("rings_until", flat=True).first() or at
            )
        return at + _SKIPS.get(what, timedelta())

    def _ahead(self) -> timedelta:
        """How far ahead of the wall clock the page is that asks."""
        try:
            ahead = timedelta(seconds=float(self.request.POST.get("ahead", "0")))
        except (ValueError, OverflowError):
            return timedelta()
        return ahead if timedelta() <= ahead <= _FARTHEST else timedelta()
