"""The caller page: a caller's profile and the timeline of its rows."""

from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcontrol.models import Call
from campaigns import phone
from campaigns.admin_base import AdminPage, visible_to
from campaigns.admin_base.template_filters import mask_unless_clear
from campaigns.models import Company
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
        """The row that the address names, with its `company_key`, if the user may see it."""
        for name, (model, company_field) in _RECORDS.items():
            if text := self.request.GET.get(name):
                rows = visible_to(self.request, model.objects.all(), company_field=company_field)
                try:
                    return rows.annotate(company_key=F(company_field)).filter(pk=text).first()
                except (ValueError, ValidationError):
                    return None
        return None

    @cached_property
    def company(self) -> Company | None:
        """The company of the named row, otherwise the chosen one."""
        pk = self.record and self.record.company_key
        return next((each for each in self.companies if each.pk == pk), None) or super().company

    def number(self, company: Company) -> str:
        """Return the named caller's number, "" if none is named."""
        if self.record is not None:
            if not self.record.caller_number:
                raise ValidationError(_("The caller's number is withheld, so there is no history."))
            return str(self.record.caller_number)
        if any(name in self.request.GET for name in _RECORDS):
            raise ValidationError(_("The link names a record that does not exist here."))
        text = self.request.GET.get("number", "").replace("\0", "").strip()
        if phone.is_withheld(text):
            raise ValidationError(
                _("A withheld number has no history. Look in the lists of calls and requests.")
            )
        number = phone.to_e164(text, company.region) if text else ""
        if number is None:
            message = _("“%(text)s” is not a phone number. Use a format like (202) 555-0142.")
            raise ValidationError(message % {"text": Truncator(text).chars(40)})
        return number

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["number_text"] = self.request.GET.get("number", "").replace("\0", "").strip()[:64]
        try:
            number = self.number(self.company) if self.company else ""
        except ValidationError as error:
            return context | {"error": error.message}
        if not number or self.company is None:
            return context
        now, caller = timezone.now(), CallerHistory(self.company, number)
        profile = caller_profile(caller, now=now)
        rows, next_cursor = caller.page(self.request.GET.get("behind", ""))
        elsewhere = []
        if not rows and not profile["first"]:  # the user may have chosen the wrong company
            others = [each for each in self.companies[:_MAX_COMPANIES] if each != self.company]
            elsewhere = [each for each in others if CallerHistory(each, number).is_known()]
        place = phone.place(number)
        names = ("caller_city", "caller_state", "caller_country")
        known = ("company", "number", *_RECORDS)
        query = {name: self.request.GET[name] for name in known if name in self.request.GET}
        dry_run = f"{reverse('dry-run')}?"
        by_caller = urlencode({"company": self.company.pk, "caller": number})
        last_ping, today = profile["last_ping"], timezone.localdate(now)
        return context | {
            "caller": mask_unless_clear(phone.national(number), self.clear),
            "e164": mask_unless_clear(number, self.clear),
            "place": ", ".join(place[name] for name in names if name in place),
            "profile": profile,
            "dry_run_url": dry_run + by_caller if self.clear else "",
            "replay_url": f"{dry_run}log={last_ping.pk}" if last_ping else "",
            "entries": EntryBuilder(rows, self.company).entries(now),
            "today": today,
            "yesterday": today - timedelta(days=1),
            "is_newest": "behind" not in self.request.GET,
            "newest_url": f"?{urlencode(query)}",
            "older_url": f"?{urlencode(query | {'behind': next_cursor})}" if next_cursor else "",
            "elsewhere": elsewhere,
        }
