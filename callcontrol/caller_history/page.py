"""The caller page: a caller's profile and the timeline of its rows."""

from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcontrol.models import Call
from campaigns import phone
from campaigns.admin_base import AdminPage, companies, parse_pk, visible_to
from campaigns.models import Company
from campaigns.money import money_text
from campaigns.phone import mask_text
from publishers.models import LogEntry
from reservations.models import Reservation

from .entries import EntryBuilder
from .history import CallerHistory
from .profile import caller_profile

_MAX_COMPANIES = 20
# The query parameters that name a row of the caller: its model and the field of its company.
_RECORDS: dict[str, tuple[type[Call | Reservation | LogEntry], str]] = {
    "call": (Call, "company_id"),
    "reservation": (Reservation, "company_id"),
    "log": (LogEntry, "company_pk"),
}


class CallerPage(AdminPage):
    """One caller, named by `?number=` in any spelling.

    `?call=`, `?reservation=` or `?log=` name a row instead: these links show no number to users
    that see numbers masked.
    """

    title = gettext_lazy("One caller")
    template_name = "callcontrol/caller/page.html"

    @cached_property
    def record(self) -> Any:
        """The row that the address names, if the user may see it."""
        for name, (model, company_field) in _RECORDS.items():
            text = self.request.GET.get(name)
            if not text:
                continue
            try:
                pk: Any = parse_pk(text) if model is LogEntry else UUID(text)
            except ValueError:
                return None
            rows = visible_to(self.request, model.objects.all(), company_field=company_field)
            return rows.filter(pk=pk).first()
        return None

    @cached_property
    def company(self) -> Company | None:
        """The company of the named row, otherwise the chosen one."""
        if self.record is not None:
            is_request = isinstance(self.record, LogEntry)
            pk = self.record.company_pk if is_request else self.record.company_id
            return companies(self.request).filter(pk=pk or 0).first() or super().company
        return super().company

    def mask(self, text: str) -> str:
        return text if self.clear else mask_text(text)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["number_text"] = self.request.GET.get("number", "").replace("\0", "").strip()[:64]
        if self.company is not None:
            try:
                number = self._number(self.company)
            except ValidationError as error:
                context["error"] = error.message
            else:
                if number:
                    context |= self._caller_context(CallerHistory(self.company, number))
        return context

    def _number(self, company: Company) -> str:
        """Return the named caller's number, "" if none is named."""
        if self.record is not None:
            if not self.record.caller_number:
                raise ValidationError(_("The caller's number is withheld, so there is no history."))
            return str(self.record.caller_number)
        if any(name in self.request.GET for name in _RECORDS):
            raise ValidationError(_("The link names a record that does not exist here."))
        text = self.request.GET.get("number", "").replace("\0", "").strip()
        if not text:
            return ""
        if phone.is_withheld(text):
            raise ValidationError(
                _("A withheld number has no history. Look in the lists of calls and requests.")
            )
        number = phone.to_e164(text, company.region)
        if number is None:
            message = _("“%(text)s” is not a phone number. Use a format like (202) 555-0142.")
            raise ValidationError(message % {"text": Truncator(text).chars(40)})
        return number

    def _caller_context(self, caller: CallerHistory) -> dict[str, Any]:
        now = timezone.now()
        profile = caller_profile(caller, now=now)
        for tag in profile["tags"]:
            tag["value"] = self.mask(tag["value"])
        for amount in ("payout", "revenue"):
            profile[amount] = f"{money_text(profile[amount])} {caller.company.currency}"
        rows, next_cursor = caller.page(self.request.GET.get("behind", ""))
        entries = EntryBuilder(rows, caller.company, mask=self.mask).entries(now)
        place = phone.place(caller.number)
        names = ("caller_city", "caller_state", "caller_country")
        known = ("company", "number", *_RECORDS)
        query = {name: self.request.GET[name] for name in known if name in self.request.GET}
        today = timezone.localdate(now)
        dry_run = {"company": caller.company.pk, "caller": caller.number}
        last_ping = profile["last_ping"]
        elsewhere = []
        if not entries and not profile["first"]:  # the user may have chosen the wrong company
            others = [row for row in self.companies[:_MAX_COMPANIES] if row != caller.company]
            elsewhere = [row for row in others if CallerHistory(row, caller.number).is_known()]
        return {
            "caller": self.mask(phone.national(caller.number)),
            "e164": self.mask(caller.number),
            "place": ", ".join(place[name] for name in names if name in place),
            "profile": profile,
            "dry_run_url": f"{reverse('dry-run')}?{urlencode(dry_run)}" if self.clear else "",
            "replay_url": f"{reverse('dry-run')}?log={last_ping.pk}" if last_ping else "",
            "entries": entries,
            "today": today,
            "yesterday": today - timedelta(days=1),
            "is_newest": "behind" not in self.request.GET,
            "newest_url": f"?{urlencode(query)}",
            "older_url": f"?{urlencode(query | {'behind': next_cursor})}" if next_cursor else "",
            "elsewhere": elsewhere,
        }
