"""Supply: publishers, their numbers, keys and conversions."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models import Model
from django.db.models.signals import post_save


class Publishers(AppConfig):
    name = "publishers"
    verbose_name = "Publishers"

    def ready(self) -> None:
        for owner in ("Campaign", "Company"):
            post_save.connect(
                _free_numbers, sender=f"campaigns.{owner}", dispatch_uid=f"{owner}-retired"
            )


def _free_numbers(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """Retire the numbers of a retired campaign or company, so that others can use them.

    They are saved row by row, so that each has a history.
    """
    if instance.retired_at is not None:
        numbers: Any = apps.get_model("publishers", "InboundNumber")._default_manager.filter(
            retired_at=None
        )
        for number in numbers.filter(**{str(sender._meta.model_name): instance}).select_related(
            "campaign", "publisher"
        ):
            number.retire(now=instance.retired_at)
