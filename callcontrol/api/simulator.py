"""The simulator's HTTP interface: a caller dials, everybody on a line acts, and the call can be looked at."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events, timeouts
from callcontrol.lifecycle.arrival import NOT_OURS, destination_of
from callcontrol.models import Call, Leg
from callcontrol.simulation import callers, phones
from campaigns.admin_base import EDITORS, is_superuser, roles
from campaigns.errors import Missing, NotAuthorized, NotFound, Refusal
from config.http.bodies import read_body
from config.http.parameters import Parameters, merge

from . import simulator_schema
from .simulator_output import simulated_call

_FARTHEST = timedelta(
    days=3653
)  # windows of caps are computed from it, and the calendar has an end


class Simulated(APIView):
    """What the simulator's entrances share: they are there under CARRIER=simulator alone, for staff or its token."""

    authentication_classes: Sequence[type[BaseAuthentication]] = []
    everywhere = (
        False  # the token's and a superuser's calls go to every company, others' to their own
    )
    roles: Mapping[int, str] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        plain = request._request
        is_staff = _is_staff(plain)  # first: DRF is about to forget the session's user
        self.everywhere = _has_token(plain) or (is_staff and is_superuser(plain))
        self.roles = roles(plain) if is_staff else {}
        super().initial(request, *args, **kwargs)
        if settings.CARRIER != "simulator":
            raise Http404
        if not (is_staff or self.everywhere):
            raise NotAuthorized

    def reaches(self, company_pk: int) -> bool:
        """Whether a company's calls may be looked at and acted in: by editors: numbers stand there in the clear."""
        return self.everywhere or self.roles.get(company_pk) in EDITORS

    def parameters(self, request: Request) -> Parameters:
        plain = request._request
        return merge(plain.META.get("QUERY_STRING", ""), read_body(plain), {})


@simulator_schema.simulate_call
class SimulatorCalls(Simulated):
    """A caller dials a number."""

    def post(self, request: Request, format: str | None = None) -> Response:
        said = self.parameters(request)
        to = said.number_text("to")
        if to is None:
            raise Missing("to")
        if not (self.everywhere or self.reaches(destination_of(to).snapshot.company_pk)):
            raise NotFound(NOT_OURS)
        arrival = Arrival(
            carrier="simulator",
            carrier_call_id=uuid.uuid4().hex,
            to=to,
            caller=callers.parse_caller("from", said.number_text("from")),
            digits=said.number_text("digits"),
            now=read_moment(said),
            received_at=timezone.now(),
        )
        return Response(simulated_call(events.handle_arrival(arrival)), status=201)


@simulator_schema.show_simulated_call
class SimulatorCall(Simulated):
    """One call, as it stands."""

    def get(self, request: Request, call_uuid: str, format: str | None = None) -> Response:
        call = _call(call_uuid)
        if call is None or not self.reaches(call.company_id):
            raise NotFound("call not found")
        timeouts.apply_timeouts(call.pk, now=timezone.now())
        return _answer(call.pk)


@simulator_schema.hang_up_simulated_call
class SimulatorHangUp(Simulated):
    """The caller hangs up."""

    def post(self, request: Request, call_uuid: str, format: str | None = None) -> Response:
        call = _call(call_uuid)
        if call is None or not self.reaches(call.company_id):
            raise NotFound("call not found")
        phones.hang_up_caller(call_uuid=call.pk, now=read_moment(self.parameters(request)))
        return _answer(call.pk)


@simulator_schema.act_on_simulated_leg
class SimulatorLeg(Simulated):
    """Somebody on a line answers, does not, or hangs up."""

    def post(
        self, request: Request, leg_uuid: str, act: str, format: str | None = None
    ) -> Response:
        what = next((one for one in phones.PHONE_ACTIONS if one == act), None)
        if what is None:
            raise Http404
        leg = _leg(leg_uuid)
        if leg is None or not self.reaches(leg.call.company_id):
            raise NotFound("leg not found")
        phones.perform(leg_uuid=leg.pk, what=what, now=read_moment(self.parameters(request)))
        return _answer(leg.call_id)


def _call(written: str) -> Call | None:
    known = _uuid(written)
    return Call.objects.filter(pk=known).first() if known else None


def _leg(written: str) -> Leg | None:
    known = _uuid(written)
    return Leg.objects.select_related("call").filter(pk=known).first() if known else None


def _uuid(written: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(written)
    except ValueError:
        return None


def _answer(call_uuid: uuid.UUID) -> Response:
    return Response(
        simulated_call(
            Call.objects.select_related("company", "buyer", "publisher").get(pk=call_uuid)
        )
    )


def read_moment(said: Parameters) -> datetime:
    """When it happened: the later of the wall clock and `at`, an ISO 8601 moment (without an offset: UTC).

    In whole milliseconds, as times are answered: who adds two minutes to one that was read has talked two minutes.
    """
    now, text = timezone.now(), said.value("at")
    if text is None:
        return _in_milliseconds(now)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("at must be a moment like 2026-05-05T06:25:08Z") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at > now + _FARTHEST:
        raise Refusal("at must be within the next ten years")
    return _in_milliseconds(max(now, at).astimezone(UTC))


def _in_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None) or AnonymousUser()
    return user.is_active and user.is_staff and (request.method == "GET" or _is_same_site(request))


def _is_same_site(request: HttpRequest) -> bool:
    """A session is only believed from our own pages: DRF's views are exempt from Django's check of the token."""
    return request.headers.get("Sec-Fetch-Site", "") == "same-origin"


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(
        token.strip().encode(), settings.SIMULATOR_TOKEN.encode()
    )
