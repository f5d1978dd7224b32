"""The two answers of the hot path, member by member as their serializers describe them.

They are built by hand for speed; `tests/reservations/test_answers.py` holds that they are equal.
"""
# Measured with timeit (CPython 3.11, best of seven, on a shared machine): a dictionary takes 2 to
# 5 µs. The `data` of its serializer, from a finished dictionary, takes 80 to 110 µs for `rtb` and
# 270 to 500 µs for `call_reservation`.

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from campaigns import phone
from config.http.values import milliseconds
from reservations import lifecycle
from reservations.lifecycle import ReserveRequest, ReserveResult
from reservations.models import Reservation, Status
from reservations.numbers import reservation_sip_user

_WITH_NUMBER = (Status.RESERVED, Status.CONFIRMED, Status.CLAIMED)


def rtb(
    row: Reservation, *, key_settings: Mapping[str, Any], shielded: bool, now: datetime
) -> dict[str, Any]:
    """Return the flat answer of real-time bidding; the payout is in the company's currency."""
    status = row.status_at(now)
    if status not in _WITH_NUMBER:
        return {
            "uuid": str(row.uuid),
            "status": Status.REJECTED if status == Status.REJECTED else Status.NO_TARGET,
        }
    prefix = settings.RTB_FIELD_PREFIX
    answer = {
        "uuid": str(row.uuid),
        "status": str(status),
        f"{prefix}_payout": row.payout,
        f"{prefix}_seconds": row.seconds,
        "inbound_number": row.inbound_number,
    }
    if key_settings["return_sip_address"]:
        answer["sip_address"] = reservation_sip_user(row.uuid)
    answer["expires_at"] = row.expires_at
    if shielded:
        answer[f"{prefix}_ping_shield"] = True
    return answer


def call_reservation(request: ReserveRequest, result: ReserveResult) -> dict[str, Any]:
    """Return the answer of the older API; moments inside `call` are in milliseconds since 1970.

    A claimed reservation shields no ping, so the call of an answer has never begun.
    """
    row = result.reservation
    held = row.status in _WITH_NUMBER
    buyer_id = None
    if held:
        candidate = request.campaign.buyers.by_row.get(row.buyer_id or 0)
        # A shielded ping's buyer may have left the campaign since the first ping.
        buyer = candidate or row.buyer
        buyer_id = buyer.buyer_id if buyer else None
    # The reserved tags in the order of the request, which PostgreSQL's jsonb loses.
    names = dict.fromkeys([*request.tags, *row.tags]) if held else {}
    tag_names = [name for name in names if name in row.tags]
    number = row.inbound_number
    answer = {
        # Clients parse a phone number as an integer; a SIP address stays text.
        "inbound_number": int(number) if number and number.startswith("+") else number,
        "caller_number": row.caller_number,
        "status": str(row.status),
        "expires_at": row.expires_at if held else None,
        "claimed_at": row.claimed_at,
        "wiped_at": row.wiped_at,
        "call": _call(row, buyer_id),
        "matched_targets": [{"id": buyer_id}] if held else [],
        "tag_values": [
            {"key": name, "operator": "==", "value": row.tags[name]} for name in tag_names
        ],
        "conversion_groups": [
            {"seconds": seconds, "payout": payout}
            for seconds, payout in (lifecycle.reserve_steps(request, row) if held else [])
        ],
    }
    if result.shielded:
        answer[f"{settings.RTB_FIELD_PREFIX}_ping_shield"] = True
    return {"call_reservation": answer}


def _call(row: Reservation, buyer_id: str | None) -> dict[str, Any]:
    """Return the call that is expected; without a buyer it has an end and no start."""
    return {
        "formatted_caller_number": phone.national(row.caller_number or ""),
        "status": str(row.status),
        "start_time": None,
        "end_time": milliseconds(row.closed_at) if row.closed_at else None,
        "caller_number": row.caller_number,
        "target_id": buyer_id,
        "winning_leg_connected_at": None,
        "winning_leg_disconnected_at": None,
    }
