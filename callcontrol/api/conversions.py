"""Conversions from outside: `POST /conversions`, by which a buyer reports the sale that a call led to."""

import re
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from callcontrol.key_types.conversion import ConversionKey
from callcontrol.lifecycle import sale_reports
from callcontrol.lifecycle.sale_reports import SaleReporter
from campaigns.errors import Missing, NotFound, Refusal
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import KeyedViewSet

from . import conversion_schema

_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")


@conversion_schema.report
class Conversions(KeyedViewSet):
    """A sale of the key's buyer, once a call."""

    kinds: ClassVar = (ConversionKey.slug,)

    def prepare(self, visit: KeyRequest) -> None:
        call_uuid, _, _ = _said(visit)
        sale_reports.apply_timeouts_for_sale(call_uuid, _seller(visit), now=visit.now)

    def post(self, visit: KeyRequest) -> tuple[int, dict[str, Any]]:
        call_uuid, revenue, payout = _said(visit)
        sale = sale_reports.record_sale_report(
            call_uuid, _seller(visit), revenue=revenue, payout=payout, now=visit.now
        )
        visit.call_uuid, visit.result = (
            call_uuid,
            "converted" if sale.first else "already-converted",
        )
        status = "converted" if sale.first else "already converted"
        return 200, {
            "call_uuid": call_uuid,
            "status": status,
            "revenue": sale.revenue,
            "payout": sale.payout,
        }


def _seller(visit: KeyRequest) -> SaleReporter:
    key, snapshot = visit.let_in()
    return SaleReporter(snapshot.company_pk, key.buyer_pk or 0)


def _said(visit: KeyRequest) -> tuple[UUID, Decimal, Decimal]:
    """Call, revenue and payout. A text that is no UUID is as unknown as any other: NotFound."""
    named = visit.parameters.value("call_uuid")
    if named is None:
        raise Missing("call_uuid")
    if visit.parameters.value("revenue") is None:
        raise Missing("revenue")
    revenue, payout = _amount(visit, "revenue"), _amount(visit, "payout")
    try:
        return UUID(named), revenue, payout
    except ValueError:
        raise NotFound("call not found") from None


def _amount(visit: KeyRequest, name: str) -> Decimal:
    """In the company's currency; none is 0. Refusal (422) for what is no plain decimal."""
    text = (visit.parameters.value(name) or "0").strip()
    if not _AMOUNT.fullmatch(text):
        raise Refusal(
            f"{name} must be a decimal like 120.00: not negative, below 100000000, of at most 4 places"
        )
    return Decimal(text)
