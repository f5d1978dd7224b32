"""Floor 1, supply: who sends calls, through which numbers and keys, for what pay."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class Publishers(AppConfig):
    name = "publishers"
    verbose_name = "Publishers"

    def ready(self) -> None:
        campaign = self.apps.get_model("campaigns", "Campaign") if self.apps else None
        post_save.connect(_free_numbers, sender=campaign, dispatch_uid="campaign-retired")


def _free_numbers(sender: type, instance: Any, **kwargs: Any) -> None:
    """The numbers of a retired campaign may be another's from then on."""
    if instance.retired_at is not None:
        instance.numbers.filter(retired_at=None).update(retired_at=instance.retired_at)
