"""Writes tags about a caller where they belong at this moment: on the caller's call, or aside for the next one."""

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
    """What was found of the caller, and became of the tags: the texts of the answer."""

    NO_CALL = "call not found, tags stored"
    LIVE = "in progress call found, tags stored"
    ENDED = "completed call found, tags applied"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom something is written about: one call of the company, or whatever call of a caller is the newest."""

    company_pk: int
    caller_number: str | None
    call_uuid: UUID | None


def apply_caller_timeouts(about: Subject, *, now: datetime) -> None:
    """Brings the call that is meant to where it is at this moment, if it lives; outside any transaction.

    What is due in it comes before what is written.
    """
    call = _named(about, about.call_uuid) if about.call_uuid else _newest(about)
    if call is not None and call.is_live:
        timeouts.apply_timeouts(call.pk, now=now)


def write_tags(
    about: Subject, *, key: KeySnapshot, tags: Mapping[str, str], now: datetime
) -> tuple[CallMatch, UUID | None]:
    """Writes the tags by this key, inside the caller's transaction; what was found, and the call.

    NotFound for a call that the company does not have, Refusal (422) for one of another caller.
    """
    if about.call_uuid is None:
        return _write_about_caller(about, key, tags, now)
    named = _named(about, about.call_uuid)
    if named is None:
        raise NotFound("call not found")
    if about.caller_number and about.caller_number != named.caller_number:
        raise Refusal("caller_number and call_uuid contradict each other")
    return _write_on(lock_call(named.pk).call, key, tags, now)


def _write_about_caller(
    about: Subject, key: KeySnapshot, tags: Mapping[str, str], now: datetime
) -> tuple[CallMatch, UUID | None]:
    """In turn with the caller's arrivals; and what was the newest call's state is looked at again under its lock."""
    caller = about.caller_number or ""
    stored_tags.wait_for_turn(company_pk=about.company_pk, caller_number=caller)
    newest = _newest(about)
    call = lock_call(newest.pk).call if newest and not _is_past(newest, key, now) else None
    if call is not None and not _is_past(call, key, now):
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


def _named(about: Subject, call_uuid: UUID) -> Call | None:
    return Call.objects.filter(company_id=about.company_pk, pk=call_uuid).first()


def _newest(about: Subject) -> Call | None:
    """Of several that came at one moment, the one that lives or ended last."""
    if about.caller_number is None:
        return None
    theirs = Call.objects.filter(company_id=about.company_pk, caller_number=about.caller_number)
    return theirs.order_by("-started_at", F("ended_at").desc(nulls_first=True), "pk").first()


def _is_past(call: Call, key: KeySnapshot, now: datetime) -> bool:
    """Whether the call ended longer ago than the key looks back."""
    return call.ended_at is not None and now - call.ended_at > timedelta(
        seconds=key.settings["cut_off_seconds"]
    )
