"""Tells the counters when caps were edited, so that a lowered cap is seen as full at once."""

import threading
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_save
from django.utils import timezone

from campaigns.models import Buyer, BuyerGroup, Company
from campaigns.models.catalogue import rows_updated
from campaigns.routing.snapshot import capped_of

from .counters import sync_caps

_PREFIXES: dict[str, type[Buyer] | type[BuyerGroup]] = {"buyer": Buyer, "group": BuyerGroup}


class _Edited(threading.local):
    """What this thread's transaction has edited: (company's row, owner), the owner None for all of the company."""

    def __init__(self) -> None:
        self.owners: set[tuple[int, str | None]] = set()


_edited = _Edited()


def settings_changed(
    *, company_id: int, now: datetime, owners: Collection[str] | None = None
) -> None:
    """Puts the caps in force on the live counters of a company, or of some owners ("buyer:12", "group:3") alone."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return  # made and edited by a transaction that was rolled back
    capped = {one.owner: one for one in (capped_of(row, company) for row in _rows(company, owners))}
    sync_caps(company_id=company_id, capped=capped, now=now)


def _rows(company: Company, owners: Collection[str] | None) -> Iterable[Buyer | BuyerGroup]:
    for prefix, model in _PREFIXES.items():
        rows = model.objects.of(company).unretired()
        if owners is None:
            yield from rows
        else:
            yield from rows.filter(
                pk__in=[owner.partition(":")[2] for owner in owners if owner.startswith(prefix)]
            )


def _remember(company_id: int, owner: str | None) -> None:
    """Once the edit is committed: then the counters are written in their one order, whatever order the edits came in."""
    _edited.owners.add((company_id, owner))
    transaction.on_commit(_tell_counters, robust=True)


def _tell_counters() -> None:
    """For all edits of the transaction at its first call. What a rollback left behind is looked at again, which is harmless."""
    edited, _edited.owners = _edited.owners, set()
    for company_id in {company_id for company_id, _ in edited}:
        owners = {owner for company, owner in edited if company == company_id}
        names = None if None in owners else {owner for owner in owners if owner}
        settings_changed(company_id=company_id, now=timezone.now(), owners=names)


def _saved(sender: type[models.Model], instance: Any, created: bool, **kwargs: Any) -> None:
    if created:
        return  # nothing has been counted yet
    if sender is Company:
        _remember(
            instance.pk, None
        )  # its time zone is that of its groups, and of buyers without one
    for prefix, model in _PREFIXES.items():
        if sender is model:
            _remember(instance.company_id, f"{prefix}:{instance.pk}")


def _updated(sender: type[models.Model], company_ids: Iterable[int], **kwargs: Any) -> None:
    if sender in _PREFIXES.values():
        for company_id in company_ids:
            _remember(company_id, None)


post_save.connect(_saved, dispatch_uid="caps-saved")
rows_updated.connect(_updated, dispatch_uid="caps-updated")
