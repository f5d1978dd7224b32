"""The admin shows times in the time zone of the user's company."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .access import companies


class CompanyTimeZone:
    """Middleware that sets the time zone of the user's company, the first by name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        zone = None
        if request.user.is_authenticated:
            zone = companies(request).values_list("time_zone", flat=True).first()
        with timezone.override(ZoneInfo(zone) if zone else None):
            return self.get_response(request)
