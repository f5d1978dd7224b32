"""Pages of the admin that are no model's list or form: a dashboard, one caller's time line, a dry run, a telephone."""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.views.generic import TemplateView

from campaigns.models import Company

from .access import companies, is_member, may_edit, parse_pk


class AdminPage(TemplateView):
    """A page for the members of a company, with the admin's frame round it: one company's data at a time.

    Its address names the company by `?company=`; without it, it is the first of the user's companies. `company` is None
    when there is none yet; `template_name` extends `admin/page.html`, which offers the others, and says what to do then.
    """

    title: str | Promise = ""
    template_name = "admin/page.html"

    @classmethod
    def as_page(cls, **initial: Any) -> Any:
        """The view for an address, open to those who are logged in."""
        return admin.site.admin_view(cls.as_view(**initial))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.may_enter(request):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_enter(self, request: HttpRequest) -> bool:
        return is_member(request)

    @cached_property
    def companies(self) -> list[Company]:
        """The user's companies, by name."""
        return list(companies(self.request))

    @cached_property
    def company(self) -> Company | None:
        """The one whose data the page shows. One that is not the user's is not there."""
        named = parse_pk(self.request.GET.get("company", ""))
        return next((one for one in self.companies if named in (None, one.pk)), None)

    @cached_property
    def clear(self) -> bool:
        """Whether the user may see the company's keys and numbers; others see them masked."""
        return self.company is not None and may_edit(self.request, self.company.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {
            "title": self.title,
            "company": self.company,
            "companies": self.companies,
            "clear": self.clear,
        }
        return super().get_context_data(**admin.site.each_context(self.request), **own, **kwargs)
