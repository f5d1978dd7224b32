"""Access to rows by company, and permissions by role."""

from collections.abc import Container, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.http import HttpRequest

from campaigns.models import Company, Member

OWNERS = frozenset({Member.Role.OWNER.value})
EDITORS = OWNERS | {Member.Role.ACCOUNT_MANAGER.value}
# Suffixes of a filter's name in its query parameters.
_SUFFIXES = frozenset(
    ["", "__exact", "__in", "__isnull", "__gte", "__lte", "__id__exact"]
    + [f"_{end}{part}" for end in ("from", "to") for part in ("", "_0", "_1")]
)
Rows = TypeVar("Rows", bound=QuerySet[Any])

# Read once per request, because a page checks permissions dozens of times.
_roles: WeakKeyDictionary[HttpRequest, dict[int, str]] = WeakKeyDictionary()


def is_lookup_offered(lookup: str, list_filter: Sequence[Any], more: Container[str] = ()) -> bool:
    """Return whether a list's query parameter belongs to one of its filters."""
    # Django allows any column, also of related rows: `?key__startswith=a`, or
    # `?company__members__user__password__startswith=a`, which reveals a secret letter by letter.
    names = [
        entry[0] if isinstance(entry, tuple) else getattr(entry, "parameter_name", entry)
        for entry in list_filter
    ]
    return lookup in more or any(
        lookup.removeprefix(name) in _SUFFIXES for name in names if lookup.startswith(name)
    )


def parse_pk(text: str) -> int | None:
    """Return the primary key in a query parameter; None for text that is not a key."""
    # At most 18 digits: int() reads more digits than a database column holds.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def roles(request: HttpRequest) -> dict[int, str]:
    """Return the user's role in each of their companies, by the company's primary key."""
    if request not in _roles:
        memberships = Member.objects.filter(user=request.user.pk, company__retired_at=None)
        _roles[request] = dict(memberships.values_list("company_id", "role"))
    return _roles[request]


def is_member(request: HttpRequest) -> bool:
    """Return whether the user has a company to see."""
    return is_superuser(request) or bool(roles(request))


def is_owner(request: HttpRequest) -> bool:
    """Return whether the user owns a company, which the menu needs."""
    return may_edit(request, allowed=OWNERS)


def is_editor(request: HttpRequest) -> bool:
    return may_edit(request)


def may_edit(
    request: HttpRequest, company: int | None = None, *, allowed: Container[str] = EDITORS
) -> bool:
    """Return whether the user has one of the `allowed` roles in the company, or in any company."""
    if is_superuser(request):
        return True
    held = roles(request).values() if company is None else [roles(request).get(company, "")]
    return any(role in allowed for role in held)


def companies(request: HttpRequest, *, allowed: Container[str] | None = None) -> QuerySet[Company]:
    """Return the user's companies by name, or those where the user has an `allowed` role."""
    rows = Company.objects.filter(retired_at=None).order_by("name")
    if is_superuser(request):
        return rows
    return rows.filter(
        pk__in=[
            company
            for company, role in roles(request).items()
            if allowed is None or role in allowed
        ]
    )


def visible_to(request: HttpRequest, rows: Rows, *, company_field: str = "company_id") -> Rows:
    """Return the rows of the user's companies; all rows for a superuser.

    `company_field` is the column of the company. Each row gets `clear`: whether the user may see
    its keys and numbers unmasked.
    """
    if is_superuser(request):
        return rows.annotate(clear=Value(True, output_field=BooleanField()))
    editable = [company for company, role in roles(request).items() if role in EDITORS]
    clear = ExpressionWrapper(Q(**{f"{company_field}__in": editable}), output_field=BooleanField())
    return rows.filter(**{f"{company_field}__in": list(roles(request))}).annotate(clear=clear)
