"""The softphone: a page that dials on the simulator and plays every party of the call."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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

_MAX_AHEAD = timedelta(days=1)  # of the wall clock
_SKIPS = {"skip-30": timedelta(seconds=30), "skip-120": timedelta(minutes=2)}


class Softphone(AdminPage):
    """The softphone; `?call=` is the call that it plays, also after a reload."""

    title = _("Softphone")
    template_name = "callcontrol/softphone/page.html"

    # --- the call --------------------------------------------------------------------------------
    @cached_property
    def call(self) -> Any:
        """The call of the query, if the user may see it."""
        return self._read(self.request.GET.get("call", ""))

    def _read(self, text: Any) -> Any:
        rows = visible_to(
            self.request, Call.objects.filter(carrier=Simulator.slug, company__retired_at=None)
        )
        try:
            found = rows.filter(pk=text) if text else rows.none()
            return found.select_related(
                "company", "campaign", "publisher", "buyer", "reservation"
            ).first()
        except ValidationError:
            return None

    @cached_property
    def company(self) -> Company | None:
        return self.call.company if self.call else super().company

    @property
    def is_simulated(self) -> bool:
        """Whether the simulator is the carrier of this installation."""
        return bool(Simulator.slug == settings.CARRIER)

    # --- reading ---------------------------------------------------------------------------------
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        if self.call and self.is_simulated:
            timeouts.apply_timeouts(self.call.pk, now=now)
        return self._show(now)

    def _show(self, now: datetime, note: str = "", *, refused: bool = False) -> HttpResponse:
        context = self.get_context_data(
            is_simulated=self.is_simulated,
            note=note,
            refused=refused,
            call_param=self.request.GET.get("call", ""),
        )
        if self.call:
            context |= softphone_cards.softphone_cards(
                self._read(self.call.pk), may_act=self.clear and self.is_simulated, now=now
            )
        elif self.company and self.clear and self.is_simulated:
            context |= dial_form.choices(self.company)
        if self.company:
            context["live_calls"] = softphone_cards.live_calls(
                self.company, exclude=self.call, clear=self.clear
            )
        is_part = self.call and "live" in self.request.GET
        return self.response_class(
            self.request,
            "callcontrol/softphone/live.html" if is_part else self.template_name,
            context,
        )

    # --- actions ---------------------------------------------------------------------------------
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (self.clear and self.is_simulated):
            raise PermissionDenied
        if not self.call:
            return self._dial()
        now, note, refused = timezone.now(), "", False
        ahead = timedelta()  # how far the page is ahead of the wall clock
        with suppress(ValueError, OverflowError):
            ahead = timedelta(seconds=float(request.POST.get("ahead", "0")))
        try:
            note = self._act(now + ahead if timedelta() <= ahead <= _MAX_AHEAD else now)
        except Refusal as refusal:
            note, refused = gettext("Not done: %(error)s.") % {"error": refusal.text}, True
        if "live" in request.GET:
            return self._show(now, note, refused=refused)
        if note:
            (messages.error if refused else messages.success)(request, note)
        return redirect(f"{reverse('softphone')}?call={self.call.pk}")

    def _dial(self) -> HttpResponse:
        """Place a call to a number of the company from the posted caller."""
        form, now = self.request.POST, timezone.now()
        to = (form.get("typed", "").strip() or form.get("to", "").strip())[:300]
        try:
            if not to:
                raise Refusal("choose the number to dial")
            # The number of another company is as unknown as a number that does not exist.
            if destination_of(to).snapshot.company_pk != getattr(self.company, "pk", None):
                raise NotFound(NOT_OURS)
            caller = None
            if "withheld" not in form:
                caller = callers.parse_caller("the caller’s number", form.get("from") or None)
            keyed_in = form.get("digits", "").strip() or None
            digits = callers.parse_caller("what is keyed in", keyed_in)
            arrival = Arrival(
                Simulator.slug, uuid.uuid4().hex, to, caller, digits, now=now, received_at=now
            )
            call = events.handle_arrival(arrival)
        except Refusal as refusal:
            messages.error(
                self.request, gettext("Not dialed: %(error)s.") % {"error": refusal.text}
            )
            return redirect(self.request.get_full_path())
        return redirect(f"{reverse('softphone')}?call={call.pk}")

    def _act(self, at: datetime) -> str:
        """Run the posted action after all timeouts that are due.

        Returns a message, or "" if the page shows the effect.
        """
        what, pk = read_action(self.request)
        at = phones.wait(call_uuid=self.call.pk, now=at)
        if what in _SKIPS or what in ("look", "skip-ring"):
            until: datetime | None = at + _SKIPS.get(what, timedelta())
            if what == "skip-ring":  # to the first ring timeout
                ringing = self.call.legs.filter(status=Leg.Status.RINGING)
                until = ringing.aggregate(first=Min("rings_until"))["first"]
            phones.wait(call_uuid=self.call.pk, now=max(at, until or at))
            return ""
        phone_action = next(
            (name for name in phones.PHONE_ACTIONS if f"phone-{name}" == what), None
        )
        if phone_action is None:
            return run_call_action(self.request, self.call, now=at)
        if pk is None or not Leg.objects.filter(pk=pk, call=self.call).exists():
            raise Refusal("that line is not on this call")
        phones.perform(leg_uuid=pk, what=phone_action, now=at)
        return ""
