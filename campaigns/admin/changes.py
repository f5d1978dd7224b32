"""Admin page of changes: the history of a company's settings, newest first."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin_base import EDITORS, AdminPage, companies, is_editor, parse_pk
from campaigns.admin_base.history import history_entries
from campaigns.audit.records import COMMAND_LINE, of_company, tracked
from campaigns.members import member_name
from campaigns.models import Company, Member


class ChangesPage(AdminPage):
    """The changes page, for editors only, because changes contain unmasked numbers."""

    title = _("Changes")
    template_name = "campaigns/changes.html"

    def may_enter(self, request: HttpRequest) -> bool:
        return is_editor(request)

    @cached_property
    def companies(self) -> list[Company]:
        return list(companies(self.request, allowed=EDITORS))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.company is None:
            return super().get_context_data(**kwargs)
        kinds = {
            str(model._meta.model_name): str(model._meta.verbose_name_plural) for model in tracked()
        }
        kind, person = (self.request.GET.get(name, "") for name in ("kind", "person"))
        # Members of today and of the past, and the chosen user: a superuser edits settings too.
        members = Member.history.filter(company_id=self.company.pk).values_list(
            "user_id", flat=True
        )
        users = User.objects.filter(pk__in={*members, parse_pk(person) or 0})
        own = {
            "kinds": sorted(kinds.items(), key=lambda pair: pair[1]),
            "people": [
                *sorted((str(user.pk), member_name(user)) for user in users),
                (COMMAND_LINE, gettext("The command line")),
            ],
            "kind": kind,
            "person": person,
        }
        sources = of_company(self.company.pk, kind=kind if kind in kinds else "", person=person)
        return super().get_context_data(**own, **history_entries(self.request, sources), **kwargs)
