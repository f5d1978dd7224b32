"""The dry run's page: which buyer gets a caller at a moment, and the reasons against the others."""

from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import phone
from campaigns.admin_base import (
    AdminPage,
    companies,
    moment_text,
    parse_pk,
    visible_to,
)
from campaigns.errors import Refusal
from campaigns.models import Campaign, Company
from campaigns.phone import mask_text
from publishers.dry_run import engine, replay
from publishers.dry_run.replay import LoggedRequest, NotReplayable
from publishers.models import LogEntry, LogResult, Publisher
from publishers.snapshot import current_snapshot

from . import dry_run_results as results
from .dry_run_form import INPUT_FORMAT, DryRunForm, campaign_zone

Context = dict[str, Any]
_MAX_URL_LENGTH = 4000


class DryRun(AdminPage):
    """A dry run by a form, or with `?log=` the replay of a row of the postback log."""

    title = gettext_lazy("Dry run")
    template_name = "publishers/dry_run/page.html"

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    @cached_property
    def entry(self) -> LogEntry | None:
        """The logged request that the URL names."""
        if "log" not in self.request.GET:
            return None
        rows = visible_to(self.request, LogEntry.objects.all(), company_field="company_pk")
        entry = rows.filter(pk=parse_pk(self.request.GET["log"]) or 0).first()
        if entry is None:
            raise Http404
        return entry

    @cached_property
    def company(self) -> Company | None:
        """The company of the logged request, or else the chosen one."""
        if self.entry is None or self.entry.company_pk is None:
            return super().company
        company = companies(self.request).filter(pk=self.entry.company_pk).first()
        if company is None:
            raise Http404
        return company

    def get_context_data(self, **kwargs: Any) -> Context:
        context: Context = {}
        if self.company is not None:
            if self.entry is not None:
                context = self._replay_context(self.entry, self.company)
            else:
                context = self._form_context(self.company)
        return super().get_context_data(**context, **kwargs)

    def mask(self, text: str) -> str:
        return text if self.clear else mask_text(text)

    # --- by the form ---
    def _form_context(self, company: Company) -> Context:
        data = self.request.GET if "campaign" in self.request.GET else None
        initial = {}
        if data is None:  # the values that the URL brings, and the company's only campaign
            initial = {name: self.request.GET.get(name) for name in ("caller", "publisher")}
            campaigns = list(DryRunForm(company=company).campaigns[:2])
            initial["campaign"] = str(campaigns[0].pk) if len(campaigns) == 1 else None
        form = DryRunForm(data, company=company, initial=initial)
        context: Context = {"form": form, "campaigns": _campaign_options(form, company)}
        if data is None or not form.is_valid():
            return context
        request = form.cleaned_data
        result = engine.dry_run(
            company=company,
            campaign_id=request["campaign"].campaign_id,
            now=self.now,
            at=request["moment"],
            caller_number=request["caller"],
            publisher_id=request["publisher"].publisher_id if request["publisher"] else None,
            tags=request["tags"],
        )
        return context | self._result_context(result, company) | {"campaign": request["campaign"]}

    def _result_context(self, result: engine.DryRunResult, company: Company) -> Context:
        standings = result.standings()
        rows = [
            results.result_row(each, currency=company.currency, mask=self.mask)
            for each in standings
        ]
        outcome = LogResult(result.result)
        return {
            "dry_run": result,
            "result": outcome.label,
            "color": outcome.color,
            "sentence": results.result_sentence(result),
            "quote": rows[0].quote if outcome == LogResult.RESERVED else "",
            "eligible": [row for row, each in zip(rows, standings, strict=True) if each.place],
            "refused": [row for row, each in zip(rows, standings, strict=True) if each.reason],
            "is_drawn": sum(each.chance > 0 for each in standings) > 1,
            "warnings": results.warnings(result),
            "inputs": results.inputs(result, mask=self.mask),
            "at": moment_text(result.ping.now),
        }

    # --- by a row of the log ---
    def _replay_context(self, entry: LogEntry, company: Company) -> Context:
        context: Context = {"entry": entry, "entry_at": moment_text(entry.at), "ping": None}
        if entry.company_pk is None:
            refusal = _("Its key is unknown, so its campaign is, too.")
            return context | {"refusal": refusal}
        try:
            request = replay.read_request(entry, company=company)
            replayed = replay.replay_request(request, company=company, now=self.now)
        except NotReplayable as refused:
            return context | {"refusal": refused.text, "ping": refused.ping}
        except Refusal as refused:
            return context | {"refusal": f"{refused.text}."}
        campaign = Campaign.objects.get(pk=request.campaign.row)
        key_warnings = results.key_warnings(request, now=self.now)
        return (
            context
            | self._result_context(replayed.now, company)
            | {
                "replay": replayed,
                "campaign": campaign,
                "then_sentence": results.past_sentence(replayed),
                "comparisons": results.comparison_rows(replayed.comparisons, mask=self.mask),
                "changed": sum(bool(each.change) for each in replayed.comparisons),
                "warnings": key_warnings + results.warnings(replayed.now),
                "sent": self._sent(request, campaign),
                "form_url": self._form_url(request, company) if self.clear else "",
            }
        )

    def _sent(self, request: LoggedRequest, campaign: Campaign) -> list[tuple[str, str]]:
        """Return the labeled values that the logged request sent."""
        caller = _("withheld")
        if number := request.entry.caller_number:
            caller = phone.national(number) if self.clear else phone.masked(number)
        sent = [(_("Campaign"), campaign.name), (_("Caller"), caller)]
        if request.publisher_id:
            publishers = Publisher.objects.unretired().filter(
                company=campaign.company_id, publisher_id=request.publisher_id
            )
            name = publishers.values_list("name", flat=True).first()
            sent.append((_("Publisher"), name or request.publisher_id))
        return sent + [(name, self.mask(value)) for name, value in request.tags.items()]

    def _form_url(self, request: LoggedRequest, company: Company) -> str:
        """Return the URL of the form with the logged values; blank if it would be too long."""
        publisher = current_snapshot(company.pk).publishers_by_id.get(request.publisher_id or "")
        query = {
            "company": company.pk,
            "campaign": request.campaign.row,
            "caller": request.entry.caller_number or "",
            "publisher": publisher.row if publisher else "",
            "tags": "\n".join(f"{name} = {value}" for name, value in request.tags.items()),
        }
        url = f"{reverse('dry-run')}?{urlencode(query)}"
        return url if len(url) <= _MAX_URL_LENGTH else ""


def _campaign_options(form: DryRunForm, company: Company) -> list[Context]:
    """Return each campaign with the tags that its routing reads, and its local time."""
    snapshots = current_snapshot(company.pk).campaigns
    now, chosen = timezone.now(), str(form["campaign"].value() or "")
    return [
        {
            "campaign": campaign,
            "tags": engine.routing_tags(snapshots[campaign.pk]) if campaign.pk in snapshots else [],
            "chosen": chosen == str(campaign.pk),
            "clock": now.astimezone(campaign_zone(campaign)).strftime(INPUT_FORMAT),
            "zone": str(campaign_zone(campaign)),
        }
        for campaign in form.campaigns.select_related("company")
    ]
