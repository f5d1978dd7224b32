"""A naive ping: ORM, nested serializers, row locks, COUNT for caps, and DRF's defaults."""

import random
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.models import Buyer, Campaign, Filter, Route
from publishers.models import Conversion, InboundNumber, Key, LogEntry
from reservations.models import Reservation

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
_OPEN = ["reserved", "confirmed"]


class BuyerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Buyer
        fields = ["buyer_id", "name", "priority", "weight"]


class CampaignSerializer(serializers.ModelSerializer):
    class Meta:
        model = Campaign
        fields = ["campaign_id", "name"]


class ReservationSerializer(serializers.ModelSerializer):
    campaign = CampaignSerializer()
    buyer = BuyerSerializer()

    class Meta:
        model = Reservation
        fields = [
            "uuid",
            "status",
            "payout",
            "seconds",
            "inbound_number",
            "expires_at",
            "campaign",
            "buyer",
        ]


class PingSerializer(serializers.Serializer):
    key = serializers.CharField()
    caller_number = serializers.CharField()


class NaivePing(APIView):
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser, FormParser]

    def post(self, request: Request) -> Response:
        asked = PingSerializer(data={**request.query_params.dict(), **dict(request.data)})
        asked.is_valid(raise_exception=True)
        key = Key.objects.select_related("campaign__company").get(
            key=asked.validated_data["key"], paused=False
        )
        caller = "+" + asked.validated_data["caller_number"]
        with transaction.atomic():
            reservation = self._live(key, caller) or self._reserve(
                key, caller, dict(request.query_params)
            )
        answer = ReservationSerializer(reservation).data
        LogEntry.objects.create(
            at=timezone.now(),
            company_pk=key.company_id,
            key_pk=key.pk,
            method="POST",
            path=request.path,
            parameters=dict(request.query_params),
            caller_number=caller,
            status=200,
            response=JSONRenderer().render(answer).decode(),
            result="reserved",
            duration_ms=0,
        )
        return Response(answer)

    def _live(self, key: Key, caller: str) -> Reservation | None:
        return Reservation.objects.filter(
            key=key, caller_number=caller, status__in=_OPEN, expires_at__gt=timezone.now()
        ).first()

    def _reserve(self, key: Key, caller: str, tags: dict[str, Any]) -> Reservation:
        assert key.campaign
        buyers = [
            buyer
            for route in Route.objects.filter(campaign=key.campaign)
            if (buyer := self._fit(route, tags))
        ]
        best = min(buyer.priority for buyer in buyers)
        buyer = random.choice([buyer for buyer in buyers if buyer.priority == best])
        taken = Reservation.objects.filter(caller_number=caller, status__in=_OPEN).values_list(
            "inbound_number", flat=True
        )
        number = (
            InboundNumber.objects.filter(campaign=key.campaign, in_pool=True)
            .exclude(number__in=taken)
            .order_by("?")
            .first()
        )
        conversion = Conversion.objects.filter(
            Q(buyer=buyer) | Q(buyer=None), campaign=key.campaign
        ).first()
        return Reservation.objects.create(
            company=key.company,
            key=key,
            campaign=key.campaign,
            buyer=buyer,
            status="reserved",
            scope=f"naive:{uuid.uuid4().hex}",
            caller_number=caller,
            inbound_number=number.number if number else "",
            payout=conversion.payout if conversion else 0,
            seconds=conversion.seconds if conversion else 0,
            tags=tags,
            created_at=timezone.now(),
            expires_at=timezone.now() + timedelta(seconds=30),
        )

    def _fit(self, route: Route, tags: dict[str, Any]) -> Buyer | None:
        buyer = Buyer.objects.select_for_update().get(pk=route.buyer_id)
        if buyer.paused or not all(self._holds(row, tags) for row in buyer.filters.all()):
            return None
        hours = buyer.business_hours.all()
        if hours and not any(row.open <= timezone.now().time() <= row.close for row in hours):
            return None
        return None if self._full(buyer) else buyer

    def _holds(self, row: Filter, tags: dict[str, Any]) -> bool:
        return row.operator != "==" or tags.get(row.key, [""])[0] == row.value

    def _full(self, buyer: Buyer) -> bool:
        now, counted = (
            timezone.now(),
            Reservation.objects.filter(buyer=buyer, status__in=[*_OPEN, "claimed"]),
        )
        spans = {buyer.hourly_cap: timedelta(hours=1), buyer.daily_cap: timedelta(days=1)}
        return any(
            cap is not None and counted.filter(created_at__gt=now - span).count() >= cap
            for cap, span in spans.items()
        )


urlpatterns = [path("naive.json", NaivePing.as_view()), path("", include("config.urls"))]
