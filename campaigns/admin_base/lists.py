"""Lists that ignore query parameters without a meaning, and say so."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

UNFILTERED = _("The address has a filter that this list does not have. The list is unfiltered.")


class ListAdmin(ModelAdmin):
    """An unfold page with a list that accepts any query string."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        texts = [text for name in request.GET for text in (name, *request.GET.getlist(name))]
        # PostgreSQL refuses a comparison with NUL.
        if ERROR_FLAG in request.GET or any("\0" in text for text in texts):
            return self.unfiltered(request)
        try:
            return super().changelist_view(request, extra_context)
        except DisallowedModelAdminLookup:
            return self.unfiltered(request)

    def unfiltered(self, request: HttpRequest) -> HttpResponseBase:
        self.message_user(request, UNFILTERED, messages.WARNING)
        return redirect(request.path)
