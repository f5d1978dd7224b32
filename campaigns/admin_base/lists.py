"""Lists whose address asks for what makes no sense: they say so, and are shown without it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

SHOWN_WHOLE = "The address asked for a filter that this list does not have, so here is all of it."


class ListAdmin(ModelAdmin):
    """An unfold page whose list bears any address."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        asked = [text for name in request.GET for text in (name, *request.GET.getlist(name))]
        if ERROR_FLAG in request.GET or any(
            "\0" in text for text in asked
        ):  # PostgreSQL stores no NUL, and looks for none
            return self._whole(request)
        try:
            return super().changelist_view(request, extra_context)
        except DisallowedModelAdminLookup:
            return self._whole(request)

    def _whole(self, request: HttpRequest) -> HttpResponseBase:
        self.message_user(request, SHOWN_WHOLE, messages.WARNING)
        return redirect(request.path)
