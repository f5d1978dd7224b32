"""The steps from an empty company to its first call, shown until calls come in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef, QuerySet, Subquery
from django.urls import reverse

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign, Company, Route
from publishers.models import Conversion, InboundNumber, InstructionsLink, Key, Publisher
from reservations.models import Reservation


@dataclass(frozen=True, slots=True)
class OnboardingStep:
    """A step; its text is in `templates/callcontrol/dashboard/onboarding.html` by `name`."""

    name: str
    url: str
    is_done: bool


def onboarding_steps(company: Company) -> list[OnboardingStep]:
    """Return all steps; none once all are done or calls come in."""
    state = _state(company)
    if state["call"]:
        return []
    campaign, key = state["campaign"], state["key"]
    campaign_url = _change_url(Campaign, campaign) if campaign else _add_url(Campaign, company)
    key_url = campaign_url
    if key:
        key_url = _change_url(Key, key)
    elif campaign:
        key_url = _add_url(Key, company, type="rtb", campaign=campaign)
    steps = [
        OnboardingStep("buyer", _add_url(Buyer, company), state["buyer"]),
        OnboardingStep("publisher", _add_url(Publisher, company), state["publisher"]),
        OnboardingStep("route", campaign_url, state["route"]),
        OnboardingStep("number", campaign_url, state["number"]),
        OnboardingStep("conversion", campaign_url, state["conversion"]),
        OnboardingStep("key", key_url, bool(key)),
        OnboardingStep("instructions", key_url, state["link"]),
        OnboardingStep("test", f"{reverse('dry-run')}?company={company.pk}", state["reservation"]),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _state(company: Company) -> dict[str, Any]:
    """Return in one query what exists, and the primary keys of the newest campaign and key."""
    existing = {
        "call": Call.objects.all(),
        "reservation": Reservation.objects.all(),
        "buyer": Buyer.objects.unretired(),
        "route": Route.objects.filter(campaign__retired_at=None),
        "number": InboundNumber.objects.unretired(),
        "conversion": Conversion.objects.filter(campaign__retired_at=None),
        "publisher": Publisher.objects.unretired(),
        "link": InstructionsLink.objects.live(),
    }
    newest = {
        "campaign": Campaign.objects.unretired(),
        "key": Key.objects.unretired().filter(campaign__isnull=False),
    }

    def of_company(rows: "QuerySet[Any]") -> "QuerySet[Any]":
        return rows.filter(company_id=OuterRef("pk")).order_by()

    columns: dict[str, Any] = {name: Exists(of_company(rows)) for name, rows in existing.items()}
    for name, rows in newest.items():
        columns[name] = Subquery(of_company(rows).order_by("-pk").values("pk")[:1])
    # An annotation must not have the name of a field or relation of the company.
    prefixed: dict[str, Any] = {f"has_{name}": column for name, column in columns.items()}
    found: Any = Company.objects.filter(pk=company.pk).values(**prefixed).get()
    return {name: found[f"has_{name}"] for name in columns}


def _change_url(model: type[Model], pk: int) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[pk])


def _add_url(model: type[Model], company: Company, **query: Any) -> str:
    url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_add")
    return f"{url}?{urlencode({'company': company.pk, **query})}"
