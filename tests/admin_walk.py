"""Every URL of the admin, found by the resolver, with a company's rows as arguments."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign, Company
from publishers.keys.types import all_key_types
from publishers.models import InboundNumber, Key, LogEntry, Publisher
from reservations.models import Reservation
from tests.admin_client import data_of, page_context
from tests.admin_scene import CALLER, MARK, Scene

# The meaning of each URL argument. The walk fails for an argument that is not here.
ARGUMENTS: dict[str, Callable[[Scene, type[models.Model] | None], Any]] = {
    "object_id": lambda scene, model: scene.row(model).pk if model else scene.company.pk,
    "id": lambda scene, model: scene.row(model).pk,
    "campaign": lambda scene, _: scene.row(Campaign).pk,
    "call_uuid": lambda scene, _: scene.row(Call).pk,
    "content_type_id": lambda _scene, _model: ContentType.objects.get_for_model(Company).pk,
    "app_label": lambda _scene, _model: "campaigns",
    "url": lambda _scene, _model: "nothing-here",
}
_NOT_POSTED = {"admin:logout", "admin:login"}
_BEGINNING = MARK[
    :3
]  # what is searched for is shown again, so no more than the beginning of a mark
_KEPT_ELSEWHERE = {
    "session",
    "accessattempt",
    "accesslog",
    "accessfailurelog",
    "accessattemptexpiration",
}


class Address(NamedTuple):
    name: str
    path: str
    model: type[models.Model] | None


def addresses(scene: Scene) -> list[Address]:
    """All of them; what ends a row comes after what changes it."""
    found = []
    for route, pattern in _patterns(get_resolver()):
        if route.startswith("admin"):
            model = _model_of(route)
            found.append(Address(_name(route, pattern), _path(route, pattern, scene, model), model))
    return sorted(
        found, key=lambda address: address.path.endswith(("/retire/", "/revoke/", "/remove/"))
    )


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, route)
        else:
            yield route, pattern


def _name(route: str, pattern: URLPattern) -> str:
    """Return the name with the admin's namespace, for the admin's own URLs."""
    for name in (f"admin:{pattern.name}", str(pattern.name)):
        try:
            reverse(name)
        except NoReverseMatch as refused:
            if "is not a valid view" in str(refused):
                continue
        return name
    return route


def _model_of(route: str) -> type[models.Model] | None:
    parts = route.split("/")
    return next(
        (
            model
            for model in admin.site._registry
            if parts[1:3] == model._meta.label_lower.split(".")
        ),
        None,
    )


def _path(route: str, pattern: URLPattern, scene: Scene, model: type[models.Model] | None) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["name"]
        assert name in ARGUMENTS, (
            f"unknown URL {route}: teach tests/admin_walk.py what `{name}` stands for"
        )
        return str(ARGUMENTS[name](scene, model))

    text = re.sub(r"\(\?P<(?P<name>\w+)>[^()]*\)", value, route.replace("^", "").replace("$", ""))
    text = re.sub(r"<(?:\w+:)?(?P<name>\w+)>", value, text)
    assert "(" not in text, (
        f"unknown URL {route}: its arguments have no names, so the matrix can't fill them in"
    )
    return f"/{text}"


# --- requests ----------------------------------------------------------------------------------
def everything(scene: Scene) -> dict[str, Any]:
    """Return every parameter that pages read, each with a row of the company."""
    named = {
        "campaign": Campaign,
        "buyer": Buyer,
        "publisher": Publisher,
        "key_pk": Key,
        "key": Key,
        "entry": LogEntry,
    }
    rows = {name: scene.row(model).pk for name, model in named.items()}
    calls = {
        "call": scene.row(Call).pk,
        "reservation": scene.row(Reservation).pk,
        "uuid": scene.row(Call).pk,
    }
    own = {"company": scene.company.pk, "to": scene.row(InboundNumber).number}
    return {**own, **rows, **calls, "post": "yes", "numbers": "+18335550199", "overlap": "0"}


def questions(scene: Scene, address: Address, *, thorough: bool = True) -> Iterator[str]:
    """The queries with which an address is asked for; one where it need not be thorough."""
    yield urlencode(everything(scene))
    if not thorough:
        return
    page = admin.site._registry.get(address.model) if address.model else None
    if page is None or address.name.endswith("_changelist"):
        yield ""
        yield urlencode(
            {
                **everything(scene),
                **dict.fromkeys(("number", "caller", "caller_number", "from"), CALLER),
            }
        )
        yield urlencode(
            {"company": scene.company.pk, "q": _BEGINNING, "s": _BEGINNING, "live": "1"}
        )
    if page and address.name.endswith("_changelist"):
        yield from _filters(scene, page)
    elif address.name == "admin:publishers_key_add":
        owner = {
            "campaign": scene.row(Campaign).pk,
            "buyer": scene.row(Buyer).pk,
            "publisher": scene.row(Publisher).pk,
        }
        for kind in all_key_types():
            yield urlencode(
                {
                    "type": kind.slug,
                    "company": scene.company.pk,
                    **{name: owner.get(name, "") for name in kind.owners},
                }
            )
    elif address.name == "admin:autocomplete":
        yield from _autocompletes(scene)
    elif address.name == "admin:search":
        yield urlencode({"s": _BEGINNING, "extended": "1"})


def _filters(scene: Scene, page: Any) -> Iterator[str]:
    """What the list may be filtered by, each naming the company's row; and what it may not."""
    own = {Campaign: "campaign", Buyer: "buyer", Publisher: "publisher", Key: "key_pk"}
    rows = {name: scene.row(model).pk for model, name in own.items()}
    for entry in page.list_filter:
        name = entry[0] if isinstance(entry, tuple) else getattr(entry, "parameter_name", entry)
        yield urlencode({str(name): rows.get(str(name), 1)})
    yield urlencode({"company__name__startswith": _BEGINNING})
    yield urlencode({"company_id": scene.company.pk})


def _autocompletes(scene: Scene) -> Iterator[str]:
    """Each choice of each form, of a row or of one on its page."""
    shown = [
        *admin.site._registry,
        *(inline.model for page in admin.site._registry.values() for inline in page.inlines),
    ]
    for model in dict.fromkeys(shown):
        for field in model._meta.fields:
            if isinstance(field, models.ForeignKey) and field.related_model in admin.site._registry:
                asked = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": field.name,
                }
                yield urlencode({**asked, "term": "", "company": scene.company.pk})


def forms(scene: Scene, address: Address, owner: Client) -> Iterator[dict[str, Any]]:
    """Return the posts to a URL: parameters, buttons, bulk actions, and a changed form."""
    if address.name in _NOT_POSTED:
        return
    words = everything(scene)
    yield words
    page = admin.site._registry.get(address.model) if address.model else None
    for what in (
        ("hang-up", f"return {scene.leg}", f"phone-hang-up {scene.leg}")
        if address.model in {None, Call}
        else ()
    ):
        yield {**words, "do": what}
    if page and address.name.endswith("_changelist"):
        for action in [*(page.actions or ()), "delete_selected"]:
            yield {
                "action": action,
                "_selected_action": [scene.row(address.model).pk],
                "post": "yes",
            }
    if (
        page
        and address.name.endswith("_change")
        and page.__class__.__module__.split(".")[0] != "django"
    ):
        data = filled_by(owner, address.path)
        if data:
            yield {
                **words,
                **data,
                **{name: "Taken" for name in ("name", "tags") if name in data},
                "paused": "on",
                "role": "read_only",
            }


def filled_by(owner: Client, path: str) -> dict[str, Any]:
    """Return the form data of a page; nothing where the owner gets no form."""
    context = page_context(owner, path)
    return data_of(context) if "adminform" in (context or {}) else {}


# --- results -----------------------------------------------------------------------------------
def tables() -> dict[str, list[Any]]:
    """All rows of all tables but those that logging in writes."""
    kept = [model for model in apps.get_models() if model._meta.model_name not in _KEPT_ELSEWHERE]
    return {
        model._meta.label: sorted(map(repr, model._default_manager.values_list())) for model in kept
    }


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """What is other than before, row by row."""
    differing = [
        (name, set(before[name]) ^ set(after[name]))
        for name in before
        if before[name] != after[name]
    ]
    return [f"{name}: {row}" for name, rows in differing for row in sorted(rows)]
