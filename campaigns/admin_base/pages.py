"""Base of admin pages that are not the list or form of a model, such as the dashboard."""

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
    """A page for members, inside the frame of the admin, with the data of one company.

    `?company=` names the company; without it, the page shows the first of the user's companies.
    `template_name` extends `admin/page.html`, which links to the other companies.
    """

    title: str | Promise = ""
    template_name = "admin/page.html"

    @classmethod
    def as_page(cls, **initial: Any) -> Any:
        """Return the view for a URL, for logged-in users."""
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
        """The company of the page; None for an unknown company, or one of other users."""
        pk = parse_pk(self.request.GET.get("company", ""))
        return next((company for company in self.companies if pk in (None, company.pk)), None)

    @cached_property
    def clear(self) -> bool:
        """Whether the user may see the company's keys and numbers unmasked."""
        return self.company is not None and may_edit(self.request, self.company.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {
            "title": self.title,
            "company": self.company,
            "companies": self.companies,
            "clear": self.clear,
        }
        return super().get_context_data(**admin.site.each_context(self.request), **own, **kwargs)
