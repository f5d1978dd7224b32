"""One caller: every ping, write, reservation and call of a number on one time line."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from callcontrol.models import Call
from campaigns import phone
from campaigns.admin_base import (
    AdminPage,
    companies,
    mask_text,
    moment_text,
    money_text,
    parse_pk,
    visible_to,
)
from campaigns.models import Campaign, Company
from publishers.models import LogEntry
from reservations.models import Reservation

from . import timeline as line
from .entries import EntryBuilder, TimelineEntry
from .lookups import related_rows
from .profile import CallerProfile, DuplicateStatus, KnownTag, caller_profile
from .timeline import CallerHistory

Context = dict[str, Any]
_LONGEST_TOLD = 40
_MOST_COMPANIES = 20
_REPEATS = {
    Campaign.Duplicates.PAY_ONCE: "routed, but not paid again",
    Campaign.Duplicates.EXCLUDE_BUYER: "not sent to the same buyer again",
    Campaign.Duplicates.REFUSE: "refused",
}


@dataclass(frozen=True, slots=True)
class TimelineBlock:
    """Lines that belong together and stand together; `newer` and `older` are where others of theirs stand on the page."""

    anchor: str
    entries: list[TimelineEntry]
    newer: str
    older: str


class CallerPage(AdminPage):
    """Named by `?number=` in any spelling; by `?call=`, `?reservation=` or `?log=` for those who may not see numbers."""

    title = "One caller"
    template_name = "callcontrol/caller/page.html"

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    @cached_property
    def reference(self) -> Any:
        """The row whose caller is meant, if the address names one of the user's."""
        for name, rows, by in _ROWS:
            if said := self.request.GET.get(name):
                return (
                    visible_to(self.request, rows(), company_field=by)
                    .filter(pk=_key(name, said))
                    .first()
                )
        return None

    @cached_property
    def company(self) -> Company | None:
        """Of a row: its own."""
        if self.reference is None:
            return super().company
        row = getattr(self.reference, "company_id", None) or getattr(
            self.reference, "company_pk", None
        )
        return companies(self.request).filter(pk=row or 0).first() or super().company

    def get_context_data(self, **kwargs: Any) -> Context:
        if self.company is None:
            return super().get_context_data(**kwargs)
        number, wrong = self._number(self.company)
        shown: Context = {"wrong": wrong, "written": self._written()}
        if number:
            shown |= self._shown(CallerHistory(self.company, number))
        return super().get_context_data(**shown, **kwargs)

    def _number(self, company: Company) -> tuple[str | None, str]:
        """The number in E.164, and what is wrong with what was written."""
        if self.reference is not None:
            known = self.reference.caller_number
            return (
                known,
                "" if known else "Its caller's number is withheld, and tells nobody from anybody.",
            )
        if any(name in self.request.GET for name, _, _ in _ROWS):
            return None, "What this address names is not there, or not yours."
        written = self.request.GET.get("number", "").replace("\0", "")
        if not written.strip():
            return None, ""
        if phone.is_withheld(written):
            return (
                None,
                "A withheld number tells nobody from anybody; the lists of calls and pings have them all.",
            )
        number = phone.to_e164(written, company.region)
        return (
            number,
            ""
            if number
            else f"“{_shortened(written)}” is no phone number; one looks like (202) 555-0142.",
        )

    def _written(self) -> str:
        """What stays in the search field: the reader's own words, never a number that they may not see."""
        return self.request.GET.get("number", "").replace("\0", "").strip()[:64]

    def mask(self, text: str) -> str:
        return text if self.clear else mask_text(text)

    # --- a number -----------------------------------------------------------------------------------------
    def _shown(self, caller: CallerHistory) -> Context:
        known = caller_profile(caller, now=self.now)
        page = line.timeline_page(
            caller, behind=line.read_cursor(self.request.GET.get("behind", ""))
        )
        story = related_rows(page.found, company_pk=caller.company.pk)
        teller = EntryBuilder(
            story,
            clear=self.clear,
            currency=caller.company.currency,
            time_zone=caller.company.time_zone,
        )
        entries = teller.entries()
        return {
            "caller": self.mask(phone.national(caller.number)),
            "e164": self.mask(caller.number),
            "facts": known,
            "place": ", ".join(known.place[name] for name in _PLACE if name in known.place),
            "first_seen": moment_text(known.first_seen),
            "last_seen": moment_text(known.last_seen),
            "live": [*map(_live, known.live_calls), *map(_held, known.held)],
            "tiles": _tiles(known, caller.company.currency),
            "tags": [self._tag(one) for one in known.tags],
            "repeats": [_repeat(one, self.now) for one in known.repeats],
            "days": _days(entries, timezone.localdate(self.now)),
            "is_first": "behind" not in self.request.GET,
            "older_url": self._url(behind=page.older) if page.older else "",
            "newest_url": self._url(),
            "dry_run_url": self._dry_run_url(caller),
            "again_url": f"{reverse('dry-run')}?log={known.last_ping}" if known.last_ping else "",
            "elsewhere": [] if entries or known.first_seen else self._elsewhere(caller),
            "zone": timezone.get_current_timezone_name(),
        }

    def _tag(self, one: KnownTag) -> Context:
        where = {
            "wait": "waits for the next call",
            "held": "of the reservation that is held",
            "live": "on the live call",
            "call": "on the last call",
        }[one.where]
        until = f", until {moment_text(one.until)}" if one.until else ""
        told = {
            "name": one.name,
            "value": self.mask(one.value),
            "by": one.publisher,
            "at": moment_text(one.at),
        }
        return told | {"where": where + until, "url": _page(one.call or one.reservation)}

    def _url(self, **more: str) -> str:
        """This page again, about the same caller."""
        named = ("company", "number", *(name for name, _, _ in _ROWS))
        kept = {name: self.request.GET[name] for name in named if name in self.request.GET}
        return f"?{urlencode(kept | more)}"

    def _dry_run_url(self, caller: CallerHistory) -> str:
        """For those who may see the number."""
        query = urlencode({"company": caller.company.pk, "caller": caller.number})
        return f"{reverse('dry-run')}?{query}" if self.clear else ""

    def _elsewhere(self, caller: CallerHistory) -> list[Company]:
        """Others of the user's companies that know the number."""
        others = [one for one in self.companies[:_MOST_COMPANIES] if one.pk != caller.company.pk]
        return [one for one in others if CallerHistory(one, caller.number).is_known()]


_PLACE = ("caller_city", "caller_state", "caller_country")
_ROWS: tuple[tuple[str, Any, str], ...] = (
    ("call", Call.objects.all, "company_id"),
    ("reservation", Reservation.objects.all, "company_id"),
    ("log", LogEntry.objects.all, "company_pk"),
)


def _key(name: str, said: str) -> Any:
    """A key that names nothing, where what was said is none."""
    if name == "log":
        return parse_pk(said) or 0
    try:
        return UUID(said)
    except ValueError:
        return UUID(int=0)


def _shortened(text: str) -> str:
    shown = text.strip()
    return shown if len(shown) <= _LONGEST_TOLD else f"{shown[: _LONGEST_TOLD - 1]}…"


def _page(row: Any) -> str:
    meta = row._meta if row else None
    return (
        reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]) if meta else ""
    )


def _live(call: Call) -> Context:
    with_whom = f" with {call.buyer}" if call.buyer else ""
    text = f"right now on {call.campaign}{with_whom}: {call.get_status_display().lower()}."
    return {"icon": "phone_in_talk", "what": "A live call", "url": _page(call), "text": text}


def _held(row: Reservation) -> Context:
    text = f"right now: {row.buyer} is held on {row.campaign} until {moment_text(row.expires_at)}."
    return {
        "icon": "event_available",
        "what": "A live reservation",
        "url": _page(row),
        "text": text,
    }


def _tiles(known: CallerProfile, currency: str) -> list[tuple[str, str]]:
    """What the page tells of the caller in figures."""
    return [
        ("Pings", f"{known.pings:,}"),
        ("Calls", f"{known.calls:,}"),
        ("Connected", f"{known.connected:,}"),
        ("Converted", f"{known.conversions:,}"),
        ("Paid to publishers", f"{money_text(known.paid)} {currency}"),
        ("Earned from buyers", f"{money_text(known.earned)} {currency}"),
    ]


def _repeat(one: DuplicateStatus, now: datetime) -> Context:
    counts = one.campaign.dedupe_seconds > 0
    told = {
        "campaign": one.campaign,
        "converted": moment_text(one.converted_at),
        "is_repeat": counts and one.until > now,
        "until": moment_text(one.until),
        "meaning": _REPEATS[Campaign.Duplicates(one.campaign.duplicates)],
    }
    return told | {"counts": counts}


# --- the time line ----------------------------------------------------------------------------------------
def _days(entries: list[TimelineEntry], today: date) -> list[tuple[str, list[TimelineBlock]]]:
    """The lines by day, those that belong together and follow each other in one block."""
    days = groupby(_blocks(entries), key=lambda block: timezone.localdate(block.entries[0].at))
    return [(_day(day, today), list(blocks)) for day, blocks in days]


def _blocks(entries: list[TimelineEntry]) -> list[TimelineBlock]:
    """Each knows where others of its kin stand, above and below."""

    def together(numbered: tuple[int, TimelineEntry]) -> tuple[date, str]:
        return timezone.localdate(numbered[1].at), numbered[1].tie or str(numbered[0])

    runs = [[entry for _, entry in found] for _, found in groupby(enumerate(entries), key=together)]
    kin: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        kin.setdefault(run[0].tie or str(number), []).append(number)
    return [_block(number, run, kin[run[0].tie or str(number)]) for number, run in enumerate(runs)]


def _block(number: int, run: list[TimelineEntry], kin: list[int]) -> TimelineBlock:
    place = kin.index(number)
    newer = f"line-{kin[place - 1]}" if place else ""
    older = f"line-{kin[place + 1]}" if place + 1 < len(kin) else ""
    return TimelineBlock(f"line-{number}", run, newer, older)


def _day(day: date, today: date) -> str:
    named = {today: "Today, ", today - timedelta(days=1): "Yesterday, "}
    return f"{named.get(day, '')}{day:%A}, {day:%B} {day.day}, {day.year}"
