"""The simulator's HTTP interface: a caller dials, the parties act on their lines."""

import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch
from django.http import Http404
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from callcontrol.carriers.base import Arrival
from callcontrol.carriers.simulator import arrived_as
from callcontrol.lifecycle import events, timeouts
from callcontrol.lifecycle.arrival import NOT_OURS, destination_of
from callcontrol.models import Call, Leg
from callcontrol.simulation import callers, phones
from campaigns.admin_base import EDITORS, is_superuser, roles
from campaigns.errors import Missing, NotAuthorized, NotFound, Refusal
from config.http.bodies import read_body
from config.http.parameters import Parameters, merge

from . import simulator_schema
from .simulator_serializers import SimulatedCallSerializer

# Windows of caps are computed from a moment, and the calendar has an end.
_MAX_AHEAD = timedelta(days=3653)


class SimulatorAuthentication(BaseAuthentication):
    """The simulator's token, or the session of a member of staff.

    `request.auth` is the companies' roles; None with the token and for a superuser: all companies.
    """

    def authenticate(self, request: Request) -> tuple[Any, Mapping[int, str] | None] | None:
        plain = request._request
        user = getattr(plain, "user", None) or AnonymousUser()
        # A session acts from our own pages only: DRF's views are exempt from Django's CSRF token.
        from_own_page = plain.headers.get("Sec-Fetch-Site", "") == "same-origin"
        is_staff = user.is_active and user.is_staff and (plain.method == "GET" or from_own_page)
        scheme, _, token = plain.headers.get("Authorization", "").partition(" ")
        expected = settings.SIMULATOR_TOKEN.encode()
        if scheme.lower() == "bearer" and secrets.compare_digest(token.strip().encode(), expected):
            return AnonymousUser(), None
        if not is_staff:
            return None
        return user, None if is_superuser(plain) else roles(plain)


class MayUseSimulator(BasePermission):
    """404 unless CARRIER is the simulator, 401 without a token or a session."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if settings.CARRIER != "simulator":
            raise Http404
        if request.successful_authenticator is None:
            raise NotAuthorized
        return True


class SimulatorViewSet(ViewSet):
    """Base: parameters, and which companies' calls a request may see and act in."""

    authentication_classes = (SimulatorAuthentication,)
    permission_classes = (MayUseSimulator,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.perform_authentication(request)  # before negotiation: each answer varies by cookie
        super().initial(request, *args, **kwargs)

    def reaches(self, company_pk: int) -> bool:
        """Return whether the request may see a company's calls: numbers are not masked there."""
        role_of: Any = self.request.auth
        return role_of is None or role_of.get(company_pk) in EDITORS

    def parameters(self) -> Parameters:
        query = self.request.META.get("QUERY_STRING", "")
        return merge(query, read_body(self.request), {})

    def answer(self, call_uuid: uuid.UUID, status: int = 200) -> Response:
        """Answer the call as it is now."""
        legs = Leg.objects.order_by("started_at", "place")
        calls = Call.objects.select_related("company", "buyer", "publisher").prefetch_related(
            "tags", Prefetch("legs", legs)
        )
        call = calls.get(pk=call_uuid)
        context = {"arrived_as": arrived_as(call.legs.all())}
        return Response(SimulatedCallSerializer(call, context=context).data, status=status)


class SimulatedCallViewSet(SimulatorViewSet):
    """Calls of the simulator."""

    lookup_url_kwarg = "call_uuid"

    @simulator_schema.simulate_call
    def create(self, request: Request, format: str | None = None) -> Response:
        """A caller dials a number."""
        parameters = self.parameters()
        to = parameters.number_text("to")
        if to is None:
            raise Missing("to")
        if request.auth is not None and not self.reaches(destination_of(to).snapshot.company_pk):
            raise NotFound(NOT_OURS)
        arrival = Arrival(
            carrier="simulator",
            carrier_call_id=uuid.uuid4().hex,
            to=to,
            caller=callers.parse_caller("from", parameters.number_text("from")),
            digits=parameters.number_text("digits"),
            now=read_moment(parameters),
            received_at=timezone.now(),
        )
        return self.answer(events.handle_arrival(arrival).pk, status=201)

    @simulator_schema.show_simulated_call
    def retrieve(self, request: Request, call_uuid: str, format: str | None = None) -> Response:
        """A call as it is now."""
        call = self._call(call_uuid)
        timeouts.apply_timeouts(call.pk, now=timezone.now())
        return self.answer(call.pk)

    @simulator_schema.hang_up_simulated_call
    @action(detail=True, methods=["post"], url_path="hang-up")
    def hang_up(self, request: Request, call_uuid: str, format: str | None = None) -> Response:
        """The caller hangs up."""
        call = self._call(call_uuid)
        phones.hang_up_caller(call_uuid=call.pk, now=read_moment(self.parameters()))
        return self.answer(call.pk)

    def _call(self, text: str) -> Call:
        """Return a call within the request's reach; NotFound for any other text."""
        pk = _uuid(text)
        call = Call.objects.filter(pk=pk).first() if pk else None
        if call is None or not self.reaches(call.company_id):
            raise NotFound("call not found")
        return call


class SimulatedLegViewSet(SimulatorViewSet):
    """Legs of simulated calls."""

    lookup_url_kwarg = "leg_uuid"

    @simulator_schema.act_on_simulated_leg
    @action(detail=True, methods=["post"], url_path="<str:act>")
    def act(self, request: Request, leg_uuid: str, act: str, format: str | None = None) -> Response:
        """A party answers, does not answer, or hangs up."""
        what = next((each for each in phones.PHONE_ACTIONS if each == act), None)
        if what is None:
            raise Http404
        pk = _uuid(leg_uuid)
        leg = Leg.objects.select_related("call").filter(pk=pk).first() if pk else None
        if leg is None or not self.reaches(leg.call.company_id):
            raise NotFound("leg not found")
        phones.perform(leg_uuid=leg.pk, what=what, now=read_moment(self.parameters()))
        return self.answer(leg.call_id)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def read_moment(parameters: Parameters) -> datetime:
    """Return the later of the wall clock and `at`, an ISO 8601 moment (UTC without an offset).

    In whole milliseconds, as answers have it: a client that adds two minutes to a moment that it
    read has then talked exactly two minutes.
    """
    now, text = timezone.now(), parameters.value("at")
    if text is not None:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal("at must be a moment like 2026-05-05T06:25:08Z") from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if at > now + _MAX_AHEAD:
            raise Refusal("at must be within the next ten years")
        now = max(now, at).astimezone(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
