"""Changes: who changed which settings of the company, newest first."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from campaigns.admin_base import EDITORS, AdminPage, companies, is_editor, parse_pk
from campaigns.admin_base.history import history_entries
from campaigns.audit.records import COMMAND_LINE, of_company, tracked
from campaigns.members import member_name
from campaigns.models import Company, Member


class ChangesPage(AdminPage):
    """For editors: what was changed tells numbers in full."""

    title = "Changes"
    template_name = "campaigns/changes.html"

    def may_enter(self, request: HttpRequest) -> bool:
        return is_editor(request)

    @cached_property
    def companies(self) -> list[Company]:
        return list(companies(self.request, allowed=EDITORS))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.company is None:
            return super().get_context_data(**kwargs)
        kinds = [
            (str(model._meta.model_name), str(model._meta.verbose_name_plural))
            for model in tracked()
        ]
        kind, person = (self.request.GET.get(name, "") for name in ("kind", "person"))
        own = {
            "kinds": sorted(kinds, key=lambda pair: pair[1]),
            "people": self._people(self.company, person),
            "kind": kind,
            "person": person,
        }
        known = kind if kind in dict(kinds) else ""
        return super().get_context_data(
            **own,
            **history_entries(self.request, of_company(self.company.pk, kind=known, person=person)),
            **kwargs,
        )

    def _people(self, company: Company, chosen: str) -> list[tuple[str, str]]:
        """Whoever works or worked for the company; and whoever is chosen: an administrator changes settings too."""
        rows = Member.history.filter(company_id=company.pk).values_list("user_id", flat=True)
        users = User.objects.filter(pk__in={*rows, parse_pk(chosen) or 0})
        return [
            *sorted((str(user.pk), member_name(user)) for user in users),
            (COMMAND_LINE, "The command line"),
        ]
