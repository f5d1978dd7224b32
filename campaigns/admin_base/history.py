"""The history of settings for pages: of a company, or of one row and the rows on its page."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from campaigns.audit.records import Sources, newest_changes, parse_change_cursor
from campaigns.audit.sentences import ChangeEntry, change_entries

from .records import moment_text

_CURSOR = "before"


class HistoryPage(NamedTuple):
    """An entry with its links; `url` is blank for a row without a page."""

    entry: ChangeEntry
    at: str
    url: str
    only: str  # URL of the list of this user's changes alone


def history_entries(request: HttpRequest, sources: Sources) -> dict[str, Any]:
    """Return the context of a list of changes: a page of them, and the link to older ones."""
    records, older = newest_changes(
        sources, before=parse_change_cursor(request.GET.get(_CURSOR, ""))
    )
    changes = [
        HistoryPage(
            each, moment_text(each.at), history_page(each.row), _with(request, person=each.person)
        )
        for each in change_entries(records)
    ]
    return {
        "changes": changes,
        "older": _with(request, **{_CURSOR: str(older)}) if older else "",
        "newest": _with(request) if _CURSOR in request.GET else "",
    }


def history_page(row: Model) -> str:
    if not admin.site.is_registered(type(row)):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _with(request: HttpRequest, **named: str) -> str:
    kept = {name: text for name, text in request.GET.items() if name != _CURSOR}
    return f"?{urlencode({**kept, **named})}"
