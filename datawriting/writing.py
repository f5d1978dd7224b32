"""Write tags about a caller to the caller's call, or store them for the next call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import F

from callcontrol.lifecycle import timeouts
from callcontrol.models import Call
from callcontrol.state.locked_call import lock_call
from callcontrol.state.tags import write_call_tags as write_on_call
from campaigns.errors import NotFound, Refusal
from publishers import stored_tags
from publishers.snapshot import KeySnapshot


class CallMatch(StrEnum):
    """The call that was found, and what happened to the tags; the texts go over the wire."""

    NO_CALL = "call not found, tags stored"
    LIVE = "in progress call found, tags stored"
    ENDED = "completed call found, tags applied"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the tags are about: one call of the company, or the newest call of a caller."""

    company_pk: int
    caller_number: str | None
    call_uuid: UUID | None


def apply_caller_timeouts(about: Subject, *, now: datetime) -> None:
    """Apply the timeouts that are due in the call, if it is live, before tags are written.

    Call it outside any transaction.
    """
    call = _call_by_uuid(about, about.call_uuid) if about.call_uuid else _newest(about)
    if call is not None and call.is_live:
        timeouts.apply_timeouts(call.pk, now=now)


def write_tags(
    about: Subject, *, key: KeySnapshot, tags: Mapping[str, str], now: datetime
) -> tuple[CallMatch, UUID | None]:
    """Write the tags inside the caller's transaction; return the match and the call's UUID.

    Tags about a caller are stored for the next call if the newest one ended too long ago.
    Raises NotFound for a call that the company does not have, and Refusal (422) if `call_uuid` is
    of another caller's call.
    """
    caller = about.caller_number or ""
    if about.call_uuid is not None:
        call = _call_by_uuid(about, about.call_uuid)
        if call is None:
            raise NotFound("call not found")
        if caller and caller != call.caller_number:
            raise Refusal("caller_number and call_uuid contradict each other")
        return _write_on(lock_call(call.pk).call, key, tags, now)
    # Wait for an arriving call of this caller: it takes stored tags, or it is the newest call.
    stored_tags.wait_for_turn(company_pk=about.company_pk, caller_number=caller)
    call = _newest(about)
    if call is not None and not _is_past_cut_off(call, key, now):
        call = lock_call(call.pk).call
        if not _is_past_cut_off(call, key, now):  # it may have ended before it was locked
            return _write_on(call, key, tags, now)
    stored_tags.store_tags(
        company_pk=about.company_pk,
        campaign_pk=key.campaign_pk,
        publisher_pk=key.publisher_pk,
        caller_number=caller,
        tags=tags,
        seconds=key.settings["storage_seconds"],
        now=now,
    )
    return CallMatch.NO_CALL, None


def _write_on(
    call: Call, key: KeySnapshot, tags: Mapping[str, str], now: datetime
) -> tuple[CallMatch, UUID]:
    write_on_call(call, tags, publisher_pk=key.publisher_pk, now=now)
    return CallMatch.LIVE if call.is_live else CallMatch.ENDED, call.pk


def _call_by_uuid(about: Subject, call_uuid: UUID) -> Call | None:
    return Call.objects.filter(company_id=about.company_pk, pk=call_uuid).first()


def _newest(about: Subject) -> Call | None:
    """Return the caller's newest call; of calls that began at once, the live or last ended one."""
    if about.caller_number is None:
        return None
    calls = Call.objects.filter(company_id=about.company_pk, caller_number=about.caller_number)
    return calls.order_by("-started_at", F("ended_at").desc(nulls_first=True), "pk").first()


def _is_past_cut_off(call: Call, key: KeySnapshot, now: datetime) -> bool:
    """Return whether the call ended before the key's cut-off."""
    return call.ended_at is not None and now - call.ended_at > timedelta(
        seconds=key.settings["cut_off_seconds"]
    )
