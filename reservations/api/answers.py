"""What goes over the wire about a reservation, member by member in the order that clients have seen."""

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
    """The flat answer of real-time bidding. Payout in the company's currency, seconds to reach it, `expires_at` in UTC."""
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


def call_reservation(ask: ReserveRequest, outcome: ReserveResult) -> dict[str, Any]:
    """The answer of the older API. Moments inside `call` are in milliseconds since 1970, the others in UTC.

    A claimed reservation is live no more and shields nobody, so no answer is ever about a call that has begun.
    """
    row = outcome.reservation
    held = row.status in _WITH_NUMBER
    buyer_id = _buyer_id(ask, row) if held else None
    answer = {
        "inbound_number": _bare(row.inbound_number),
        "caller_number": row.caller_number,
        "status": str(row.status),
        "expires_at": row.expires_at if held else None,
        "claimed_at": row.claimed_at,
        "wiped_at": row.wiped_at,
        "call": _call(row, buyer_id),
        "matched_targets": [{"id": buyer_id}] if held else [],
        "tag_values": _tag_values(ask, row) if held else [],
        "conversion_groups": _conversion_groups(ask, row) if held else [],
    }
    if outcome.shielded:
        answer[f"{settings.RTB_FIELD_PREFIX}_ping_shield"] = True
    return {"call_reservation": answer}


def _bare(number: str | None) -> int | str | None:
    """A phone number as the field's clients parse it, an integer; a SIP address as it is."""
    return int(number) if number and number.startswith("+") else number


def _buyer_id(ask: ReserveRequest, row: Reservation) -> str | None:
    candidate = ask.campaign.buyers.by_row.get(row.buyer_id or 0)
    if candidate is not None:
        return candidate.buyer_id
    return row.buyer.buyer_id if row.buyer else None  # taken off the campaign since the first ping


def _call(row: Reservation, buyer_id: str | None) -> dict[str, Any]:
    """The call that is to come; without a buyer it has ended before it began."""
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


def _tag_values(ask: ReserveRequest, row: Reservation) -> list[dict[str, str]]:
    """The tags that were reserved for, in the order in which they were sent: PostgreSQL keeps none."""
    sent = {name: row.tags[name] for name in [*ask.tags, *row.tags] if name in row.tags}
    return [{"key": name, "operator": "==", "value": value} for name, value in sent.items()]


def _conversion_groups(ask: ReserveRequest, row: Reservation) -> list[dict[str, Any]]:
    return [
        {"seconds": seconds, "payout": payout}
        for seconds, payout in lifecycle.reserve_steps(ask, row)
    ]
