"""The way from an empty company to its first call, step by step; it is shown until calls come."""

from collections.abc import Iterator
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
    """Something to do, `why`, and the page on which it is done."""

    what: str
    why: str
    url: str
    is_done: bool


def onboarding_steps(company: Company) -> list[OnboardingStep]:
    """All steps, done or not; nothing when all are done or calls come in already."""
    known = _known(company)
    if known.pop("called"):
        return []
    found = list(_steps(company, known))
    return [] if all(step.is_done for step in found) else found


def _known(company: Company) -> dict[str, Any]:
    """What there is, in one statement; of campaigns and keys the row of the newest."""
    made = {
        "called": Call.objects.all(),
        "pinged": Reservation.objects.all(),
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
    asked: dict[str, Any] = {name: Exists(_own(rows)) for name, rows in made.items()}
    asked |= {
        name: Subquery(_own(rows).order_by("-pk").values("pk")[:1]) for name, rows in newest.items()
    }
    found: Any = (
        Company.objects.filter(pk=company.pk)
        .values(**{f"has_{name}": one for name, one in asked.items()})
        .get()
    )
    return {name: found[f"has_{name}"] for name in asked}


def _own(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    return rows.filter(company_id=OuterRef("pk")).order_by()


def _steps(company: Company, known: dict[str, Any]) -> Iterator[OnboardingStep]:
    campaign, key = known["campaign"], known["key"]
    on_campaign = _page(Campaign, campaign) if campaign else _new(Campaign, company)
    yield OnboardingStep(
        "Add a buyer",
        "Who takes the calls: its number, its hours, how many at once.",
        _new(Buyer, company),
        known["buyer"],
    )
    yield OnboardingStep(
        "Add a publisher", "Who sends the callers.", _new(Publisher, company), known["publisher"]
    )
    yield OnboardingStep(
        "Add a campaign with a route to it",
        "What the calls are about, and who gets them.",
        on_campaign,
        known["route"],
    )
    yield OnboardingStep(
        "Give the campaign a number",
        "Where callers arrive; in its pool, pings hand it out.",
        on_campaign,
        known["number"],
    )
    yield OnboardingStep(
        "Say what a call pays",
        "A conversion: seconds to talk, what you pay and what you earn.",
        on_campaign,
        known["conversion"],
    )
    new_key = _new(Key, company, type="rtb", campaign=campaign) if campaign else on_campaign
    yield OnboardingStep(
        "Make a key",
        "It lets a publisher ping the campaign.",
        _page(Key, key) if key else new_key,
        bool(key),
    )
    yield OnboardingStep(
        "Hand out posting instructions",
        "A page for the publisher: what to send, and what the answers mean.",
        _page(Key, key) if key else new_key,
        known["link"],
    )
    query = f"?{urlencode({'company': company.pk})}"
    yield OnboardingStep(
        "Try it",
        "Ask the dry run who would get a caller; dial on the softphone.",
        reverse("dry-run") + query,
        known["pinged"],
    )


def _page(model: type[Model], row: int) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[row])


def _new(model: type[Model], company: Company, **more: Any) -> str:
    url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_add")
    return f"{url}?{urlencode({'company': company.pk, **more})}"
