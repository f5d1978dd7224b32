"""Numbers of a campaign's pool."""

from collections.abc import Iterable

from django.db import transaction

from campaigns.models import Campaign

from .models import InboundNumber


def add_to_pool(*, campaign: Campaign, numbers: Iterable[str]) -> tuple[int, list[str]]:
    """Add E.164 numbers to the pool; return how many were added, and the numbers in use."""
    wanted = list(dict.fromkeys(numbers))
    with transaction.atomic():
        taken = set(
            InboundNumber.objects.unretired()
            .filter(number__in=wanted)
            .values_list("number", flat=True)
        )
        for number in wanted:
            if number not in taken:
                InboundNumber.objects.create(campaign=campaign, number=number, in_pool=True)
    return len(wanted) - len(taken), sorted(taken)
