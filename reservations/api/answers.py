"""What goes over the wire about a reservation, member by member in the order that clients have seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from reservations.models import Reservation, Status
from reservations.numbers import sip_user

_WITH_NUMBER = (Status.RESERVED, Status.CONFIRMED, Status.CLAIMED)


def rtb(row: Reservation, *, key_settings: Mapping[str, Any], shielded: bool, now: datetime) -> dict[str, Any]:
    """The flat answer of real-time bidding. Payout in the company's currency, seconds to reach it, `expires_at` in UTC."""
    status = row.status_at(now)
    if status not in _WITH_NUMBER:
        return {"uuid": str(row.uuid), "status": Status.REJECTED if status == Status.REJECTED else Status.NO_TARGET}
    prefix = settings.RTB_FIELD_PREFIX
    answer = {
        "uuid": str(row.uuid),
        "status": str(status),
        f"{prefix}_payout": row.payout,
        f"{prefix}_seconds": row.seconds,
        "inbound_number": row.inbound_number,
    }
    if key_settings["return_sip_address"]:
        answer["sip_address"] = sip_user(row.uuid)
    answer["expires_at"] = row.expires_at
    if shielded:
        answer[f"{prefix}_ping_shield"] = True
    return answer
