"""Whose rows a person sees, and what their role lets them do with them."""

from collections.abc import Container, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.http import HttpRequest

from campaigns.models import Company, Member

OWNERS = frozenset({Member.Role.OWNER.value})
EDITORS = OWNERS | {Member.Role.ACCOUNT_MANAGER.value}
# What stands after a filter's name in its own parameters.
_ENDINGS = frozenset(
    ["", "__exact", "__in", "__isnull", "__gte", "__lte", "__id__exact"]
    + [f"_{end}{part}" for end in ("from", "to") for part in ("", "_0", "_1")]
)
Rows = TypeVar("Rows", bound=QuerySet[Any])

# Asked once a request: a page checks permissions dozens of times.
_known: WeakKeyDictionary[HttpRequest, dict[int, str]] = WeakKeyDictionary()


def is_lookup_offered(lookup: str, list_filter: Sequence[Any], more: Container[str] = ()) -> bool:
    """Whether a list's address may ask for this: what its filters offer, and no other column.

    Django lets any column be asked for, also of what a row belongs to: `?key__startswith=a`, or
    `?company__members__user__password__startswith=a`, which tells a reader letter by letter what nobody shows them.
    """
    names = [
        entry[0] if isinstance(entry, tuple) else getattr(entry, "parameter_name", entry)
        for entry in list_filter
    ]
    return lookup in more or any(
        lookup.removeprefix(name) in _ENDINGS for name in names if lookup.startswith(name)
    )


def parse_pk(text: str) -> int | None:
    """The row that an address names; None for what no row can have: int() reads more digits than a database has numbers."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def roles(request: HttpRequest) -> dict[int, str]:
    """The role of the request's user in each of their companies, by the company's row."""
    if request not in _known:
        places = Member.objects.filter(user=request.user.pk, company__retired_at=None)
        _known[request] = dict(places.values_list("company_id", "role"))
    return _known[request]


def is_member(request: HttpRequest) -> bool:
    """Whether there is anything to see for this user."""
    return is_superuser(request) or bool(roles(request))


def is_owner(request: HttpRequest) -> bool:
    """Whether the user has people to look after; what the menu asks."""
    return may_edit(request, allowed=OWNERS)


def is_editor(request: HttpRequest) -> bool:
    return may_edit(request)


def may_edit(
    request: HttpRequest, company: int | None = None, *, allowed: Container[str] = EDITORS
) -> bool:
    """Whether the user has one of the roles `allowed` in the company of this row; in any company, if none is given."""
    if is_superuser(request):
        return True
    held = roles(request).values() if company is None else [roles(request).get(company, "")]
    return any(role in allowed for role in held)


def companies(request: HttpRequest, *, allowed: Container[str] | None = None) -> QuerySet[Company]:
    """The user's companies, by name; those in which they have one of the roles `allowed`, if it is given."""
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
    """Those rows that belong to the user's companies; a superuser's are all.

    `company_field` is the column that holds the company. Each row gets `clear`: whether this user may see its keys and numbers.
    """
    if is_superuser(request):
        return rows.annotate(clear=Value(True, output_field=BooleanField()))
    editable = [company for company, role in roles(request).items() if role in EDITORS]
    clear = ExpressionWrapper(Q(**{f"{company_field}__in": editable}), output_field=BooleanField())
    return rows.filter(**{f"{company_field}__in": list(roles(request))}).annotate(clear=clear)
