"""What carriers post to `/carriers/{slug}/{webhook}`: verified, made an event of the port's, handed on, and answered."""

from contextlib import suppress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from callcontrol.carriers import records
from callcontrol.carriers.base import (
    Arrival,
    CallerJoined,
    Carrier,
    CarrierError,
    CarrierReply,
    CarrierWebhook,
    LegAnswered,
    LegEnded,
    LegRings,
)
from callcontrol.carriers.registry import all_carriers
from callcontrol.lifecycle import events
from callcontrol.lifecycle.arrival import destination_of
from callcontrol.models import Party
from campaigns.errors import Forbidden, NotFound
from config.http.bodies import read_body
from config.http.openapi import error_schemas
from config.http.parameters import Parameters, merge


class CarrierEvents(APIView):
    """The one entrance of all carriers that call back. Nothing is looked up before the signature is known to be good."""

    @extend_schema(
        operation_id="carrier_event",
        summary="A carrier tells what happened",
        description="For the carrier that CARRIER names alone, signed in its own way; docs/twilio.md says what Twilio posts.",
        tags=["Carriers"],
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.PATH) for name in ("slug", "webhook")
        ],
        request={"application/x-www-form-urlencoded": OpenApiTypes.OBJECT},
        responses={
            (200, "text/xml"): OpenApiResponse(
                OpenApiTypes.STR, "What the carrier is to do (Twilio: TwiML)."
            )
        }
        | error_schemas(400, 403, 404, 405, 406, 413, 415, 422, 503),
    )
    def post(
        self, request: Request, slug: str, webhook: str, format: str | None = None
    ) -> HttpResponse:
        carrier = _carrier(slug, webhook)
        hook = _hook(request._request, webhook)
        if not carrier.verify(hook):
            raise Forbidden("the signature is missing or wrong")
        reply = _handed_on(carrier, hook)
        return HttpResponse(reply.text, content_type=reply.content_type)


def _carrier(slug: str, webhook: str) -> Carrier:
    found = all_carriers().get(slug)
    if found is None or slug != settings.CARRIER or webhook not in found.webhooks:
        raise Http404
    return found()


def _hook(request: HttpRequest, name: str) -> CarrierWebhook:
    """The address is the one that the carrier asked: behind a proxy the request's own host and scheme are others."""
    base = settings.PUBLIC_BASE_URL or f"{request.scheme}://{request.get_host()}"
    return CarrierWebhook(
        name=name,
        url=base + request.get_full_path(),
        query=merge(request.META.get("QUERY_STRING", ""), [], {}),
        parameters=Parameters(read_body(request)).check(),
        headers=request.headers,
        now=timezone.now(),
    )


def _handed_on(carrier: Carrier, hook: CarrierWebhook) -> CarrierReply:
    """One call inward for each kind of event. NotFound for a call or leg that is not ours."""
    told = carrier.parse(hook)
    match told:
        case Arrival():
            return _taken_in(carrier, told)
        case CallerJoined():
            events.dial_next(told.call_uuid, now=told.at)
        case LegRings():
            _learn(carrier, told)
        case LegAnswered():
            events.handle_event(told, now=hook.now)
            _learn(carrier, told)
        case LegEnded():
            events.handle_event(told, now=hook.now)
    return carrier.acknowledge(hook)


def _taken_in(carrier: Carrier, arrival: Arrival) -> CarrierReply:
    """Nobody outside is asked here: the caller is answered at once, and a buyer is rung when the caller is in the conference."""
    try:
        if arrival.digits is None and destination_of(arrival.to).ask_caller_number:
            return carrier.prompt_for_number(arrival)
        call = events.receive_call(arrival)
    except NotFound:
        return carrier.reject_arrival(arrival)
    if not call.is_live:
        return carrier.reject_arrival(arrival)
    records.record_arrival_token(call, arrival)
    return carrier.join_conference(
        call_uuid=call.pk, caller=call.legs.values_list("pk", flat=True).get(party=Party.CALLER)
    )


def _learn(carrier: Carrier, told: LegRings | LegAnswered) -> None:
    """A line that rings or talks though its leg is over, as when the answer to its dialing was lost, is hung up."""
    stray = records.leg_by_carrier_id(told.leg_uuid, told.carrier_leg_id)
    if stray is not None:
        with suppress(CarrierError):  # it is told again when the line is answered
            carrier.hang_up(stray)
