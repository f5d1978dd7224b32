"""The admin tells times as the clocks of the user's company do."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .access import companies


class CompanyTimeZone:
    """Pages of the admin show and read times in the zone of the user's company; of several, of the first by name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        zone = _zone(request) if request.user.is_authenticated else None
        with timezone.override(ZoneInfo(zone) if zone else None):
            return self.get_response(request)


def _zone(request: HttpRequest) -> str | None:
    return companies(request).values_list("time_zone", flat=True).first()
