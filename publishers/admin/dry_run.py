"""A dry run: who would get a caller at a moment, and why the others would not."""

from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from campaigns import phone
from campaigns.admin_base import (
    AdminPage,
    companies,
    mask_text,
    moment_text,
    parse_pk,
    visible_to,
)
from campaigns.errors import Refusal
from campaigns.models import Campaign, Company
from publishers.dry_run import engine, replay
from publishers.dry_run.replay import NotReplayable, Replay
from publishers.models import LogEntry, Publisher
from publishers.request_log import labels
from publishers.snapshot import current_snapshot

from . import dry_run_results as told
from .dry_run_form import MOMENT, DryRunForm, zone_of

Context = dict[str, Any]
_LONGEST_ADDRESS = 4000


class DryRun(AdminPage):
    """Asked by a form; with `?log=` by the data of a row of the postback log. Nothing is written, whoever asks."""

    title = "Dry run"
    template_name = "publishers/dry_run/page.html"

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    @cached_property
    def entry(self) -> LogEntry | None:
        """The row that the address names; 404 for one that is not the user's."""
        if "log" not in self.request.GET:
            return None
        rows = visible_to(self.request, LogEntry.objects.all(), company_field="company_pk")
        found = rows.filter(pk=parse_pk(self.request.GET["log"]) or 0).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def company(self) -> Company | None:
        """Of a row: its own."""
        row = self.entry.company_pk if self.entry else None
        if row is None:
            return super().company
        found = companies(self.request).filter(pk=row).first()
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> Context:
        if self.company is None:
            return super().get_context_data(**kwargs)
        shown = (
            self._asked_again(self.entry, self.company) if self.entry else self._asked(self.company)
        )
        return super().get_context_data(**shown, **kwargs)

    def mask(self, text: str) -> str:
        return text if self.clear else mask_text(text)

    # --- by the form --------------------------------------------------------------------------------------
    def _asked(self, company: Company) -> Context:
        sent = self.request.GET if "campaign" in self.request.GET else None
        form = DryRunForm(sent, company=company, initial=None if sent else self._initial(company))
        shown: Context = {"form": form, "offered": _offered(form, company)}
        if sent is None or not form.is_valid():
            return shown
        asked = form.cleaned_data
        found = engine.dry_run(
            company=company,
            campaign_id=asked["campaign"].campaign_id,
            now=self.now,
            at=asked["moment"],
            caller_number=asked["caller"],
            publisher_id=asked["publisher"].publisher_id if asked["publisher"] else None,
            tags=asked["tags"],
        )
        return shown | self._result(found, company) | {"campaign": asked["campaign"]}

    def _initial(self, company: Company) -> dict[str, str]:
        """What a link to this page brings, and the only campaign there is."""
        campaigns = list(DryRunForm(company=company).campaigns[:2])
        only = {"campaign": str(campaigns[0].pk)} if len(campaigns) == 1 else {}
        return only | {
            name: self.request.GET[name]
            for name in ("caller", "publisher")
            if name in self.request.GET
        }

    def _result(self, found: engine.DryRunResult, company: Company) -> Context:
        standings = found.standings()
        result, color, sentence = told.result_sentence(found)
        rows = [
            told.result_row(one, currency=company.currency, mask=self.mask) for one in standings
        ]
        return {
            "trial": found,
            "result": result,
            "color": color,
            "sentence": sentence,
            "quoted": rows[0].quoted if found.result == "reserved" else "",
            "eligible": [one for one, each in zip(rows, standings, strict=True) if each.place],
            "refused": [one for one, each in zip(rows, standings, strict=True) if each.reason],
            "shared": sum(one.chance > 0 for one in standings) > 1,
            "warnings": told.warnings(found),
            "account": told.account(found, mask=self.mask),
            "at": moment_text(found.ping.now),
        }

    # --- by a row of the log ------------------------------------------------------------------------------
    def _asked_again(self, entry: LogEntry, company: Company) -> Context:
        shown: Context = {
            "entry": entry,
            "entry_at": moment_text(entry.at),
            "entry_result": labels.result_text(entry),
        }
        shown["entry_color"] = labels.COLORS.get(entry.result)
        if entry.company_pk is None:
            return shown | {
                "cannot": "Its key was refused: nobody knows which campaign it meant.",
                "ping": None,
            }
        try:
            asked = replay.replay_question(entry, company=company)
            again = replay.replay_request(asked, company=company, now=self.now)
        except NotReplayable as refusal:
            return shown | {"cannot": refusal.text, "ping": refusal.ping}
        except Refusal as refusal:
            return shown | {"cannot": f"{refusal.text}.", "ping": None}
        return shown | self._both(again, company)

    def _both(self, again: Replay, company: Company) -> Context:
        asked = again.question
        campaign = Campaign.objects.get(pk=asked.campaign.row)
        return self._result(again.now, company) | {
            "again": again,
            "campaign": campaign,
            "then_sentence": told.past_result(again),
            "sides": told.comparison_sides(again.compared, mask=self.mask),
            "differ": sum(bool(one.change) for one in again.compared),
            "warnings": told.of_key(asked, now=self.now) + told.warnings(again.now),
            "given": self._given(asked, campaign),
            "change_url": self._form_url(asked, company) if self.clear else "",
        }

    def _given(self, asked: replay.ReplayQuestion, campaign: Campaign) -> list[tuple[str, str]]:
        """What the row asked, by name."""
        number = asked.entry.caller_number
        caller = (
            (phone.national(number) if self.clear else phone.masked(number))
            if number
            else "withheld"
        )
        given = [("Campaign", campaign.name), ("Caller", caller)]
        if asked.publisher_id:
            of_company = Publisher.objects.unretired().filter(company=campaign.company_id)
            known = (
                of_company.filter(publisher_id=asked.publisher_id)
                .values_list("name", flat=True)
                .first()
            )
            given.append(("Publisher", known or asked.publisher_id))
        return given + [(name, self.mask(value)) for name, value in asked.tags.items()]

    def _form_url(self, asked: replay.ReplayQuestion, company: Company) -> str:
        """The form with what the row asked, to be changed; blank when that is more than an address can hold."""
        publisher = current_snapshot(company.pk).publishers_by_id.get(asked.publisher_id or "")
        query = {
            "company": company.pk,
            "campaign": asked.campaign.row,
            "caller": asked.entry.caller_number or "",
            "publisher": publisher.row if publisher else "",
            "tags": "\n".join(f"{name} = {value}" for name, value in asked.tags.items()),
        }
        url = f"{reverse('dry-run')}?{urlencode(query)}"
        return url if len(url) <= _LONGEST_ADDRESS else ""


def _offered(form: DryRunForm, company: Company) -> list[Context]:
    """For each campaign the names of the tags that its buyers look at, and what its clocks show."""
    facts = current_snapshot(company.pk).campaigns
    now = timezone.now()
    return [
        {
            "campaign": row,
            "names": engine.asked_tags(facts[row.pk]) if row.pk in facts else [],
            "chosen": str(form["campaign"].value() or "") == str(row.pk),
            "clock": now.astimezone(zone_of(row)).strftime(MOMENT),
            "zone": str(zone_of(row)),
        }
        for row in form.campaigns.select_related("company")
    ]
