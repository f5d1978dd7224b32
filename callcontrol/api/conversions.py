"""Reported conversions: `POST /conversions`, by which a buyer reports the sale of a call."""

import re
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from callcontrol.key_types.conversion import ConversionKey
from callcontrol.lifecycle import sale_reports
from callcontrol.lifecycle.sale_reports import SaleReporter
from campaigns.errors import Missing, NotFound, Refusal
from publishers.gateway.viewset import KeyedViewSet, logged

from . import conversion_schema
from .conversion_serializers import ReportedConversionSerializer

_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")


class ConversionViewSet(KeyedViewSet):
    """A sale of the key's buyer, once for each call."""

    key_types: ClassVar = (ConversionKey.slug,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Apply the timeouts of the call, so that it is settled before its sale."""
        super().initial(request, *args, **kwargs)
        call_uuid, _, _ = self._report()
        sale_reports.apply_timeouts_for_sale(call_uuid, self._reporter(), now=self.key_request.now)

    @conversion_schema.report
    @logged
    def create(self, request: Request) -> Response:
        """Record the sale; a second report of one call is answered with the first."""
        call_uuid, revenue, payout = self._report()
        key_request = self.key_request
        sale = sale_reports.record_sale_report(
            call_uuid, self._reporter(), revenue=revenue, payout=payout, now=key_request.now
        )
        key_request.call_uuid = call_uuid
        key_request.result = "converted" if sale.first else "already-converted"
        answer = {
            "call_uuid": call_uuid,
            "status": "converted" if sale.first else "already converted",
            "revenue": sale.revenue,
            "payout": sale.payout,
        }
        return Response(ReportedConversionSerializer(answer).data)

    def _reporter(self) -> SaleReporter:
        return SaleReporter(self.snapshot.company_pk, self.key.buyer_pk or 0)

    def _report(self) -> tuple[UUID, Decimal, Decimal]:
        """Return the call, the revenue and the payout; NotFound for a text that is not a UUID."""
        text = self.parameters.value("call_uuid")
        if text is None:
            raise Missing("call_uuid")
        if self.parameters.value("revenue") is None:
            raise Missing("revenue")
        revenue, payout = self._amount("revenue"), self._amount("payout")
        try:
            return UUID(text), revenue, payout
        except ValueError:
            raise NotFound("call not found") from None

    def _amount(self, name: str) -> Decimal:
        """Return an amount in the company's currency, 0 when missing; Refusal (422)."""
        text = (self.parameters.value(name) or "0").strip()
        if not _AMOUNT.fullmatch(text):
            raise Refusal(
                f"{name} must be a decimal like 120.00:"
                " not negative, below 100000000, of at most 4 places"
            )
        return Decimal(text)
