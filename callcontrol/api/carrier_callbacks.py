"""Carriers' callbacks, `POST /carriers/{slug}/{webhook}`: verified, read as events, answered."""

from contextlib import suppress

from django.conf import settings
from django.http import Http404, HttpResponse
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
    """Callbacks of every carrier. Nothing is looked up before the signature is checked."""

    @extend_schema(
        operation_id="carrier_event",
        summary="A carrier reports an event",
        description=(
            "Only for the carrier that CARRIER names, signed in its own way;"
            " docs/twilio.md says what Twilio posts."
        ),
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
        found = all_carriers().get(slug)
        if found is None or slug != settings.CARRIER or webhook not in found.webhooks:
            raise Http404
        carrier, plain = found(), request._request
        # The URL that the carrier signed: behind a proxy the request has another host and scheme.
        base = settings.PUBLIC_BASE_URL or f"{plain.scheme}://{plain.get_host()}"
        callback = CarrierWebhook(
            name=webhook,
            url=base + plain.get_full_path(),
            query=merge(plain.META.get("QUERY_STRING", ""), [], {}),
            parameters=Parameters(read_body(request)).check(),
            headers=plain.headers,
            now=timezone.now(),
        )
        if not carrier.verify(callback):
            raise Forbidden("the signature is missing or wrong")
        reply: CarrierReply | None = None
        event = carrier.parse(callback)
        match event:
            case Arrival():
                reply = _take_call(carrier, event)
            case CallerJoined():
                events.dial_next(event.call_uuid, now=event.at)
            case LegRings():
                _hang_up_stray(carrier, event)
            case LegAnswered():
                events.handle_event(event, now=callback.now)
                _hang_up_stray(carrier, event)
            case LegEnded():
                events.handle_event(event, now=callback.now)
        reply = reply or carrier.acknowledge(callback)
        return HttpResponse(reply.text, content_type=reply.content_type)


def _take_call(carrier: Carrier, arrival: Arrival) -> CarrierReply:
    """Answer a caller at once, without a request to the carrier.

    A buyer is dialed when the caller is in the conference.
    """
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


def _hang_up_stray(carrier: Carrier, event: LegRings | LegAnswered) -> None:
    """Hang up a line that rings or talks although its leg is over.

    That happens when the carrier's answer to its dialing was lost.
    """
    stray = records.record_carrier_leg_id(event.leg_uuid, event.carrier_leg_id)
    if stray is not None:
        with suppress(CarrierError):  # tried again when the line is answered
            carrier.hang_up(stray)
