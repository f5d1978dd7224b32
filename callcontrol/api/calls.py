"""The calls of a company, for its API key: `GET /calls` and `GET /calls/{call_uuid}`."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet

from callcontrol.lifecycle import timeouts
from callcontrol.models import Call
from campaigns.errors import Forbidden, NotFound
from config.http.pagination import link_header, paginate
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import KeyedViewSet

from . import call_output, call_schema
from .call_filters import filtered


class OfCompany(KeyedViewSet):
    """A key of the company's own, which the request must name as well."""

    kinds: ClassVar = ("account",)

    def prepare(self, visit: KeyRequest) -> None:
        _, snapshot = visit.let_in()
        if (visit.parameters.value("company_id") or "").strip() != snapshot.company_id:
            raise Forbidden("company_id is missing, or is not the company of this key")
        self.catch_up(visit)

    def catch_up(self, visit: KeyRequest) -> None:
        """Brings what is about to be read to where it is at this moment: no answer waits for a worker."""
        raise NotImplementedError

    def calls(self, visit: KeyRequest) -> QuerySet[Call]:
        """The company's, with what an answer tells of each."""
        _, snapshot = visit.let_in()
        mine = Call.objects.filter(company_id=snapshot.company_pk)
        return mine.select_related("company", "campaign", "publisher", "buyer").prefetch_related(
            "tags"
        )


@call_schema.list_calls
class Calls(OfCompany):
    """The company's calls, the newest first."""

    def catch_up(self, visit: KeyRequest) -> None:
        _, snapshot = visit.let_in()
        timeouts.apply_company_timeouts(company_pk=snapshot.company_pk, now=visit.now)

    def get(self, visit: KeyRequest) -> tuple[int, Any]:
        _, snapshot = visit.let_in()
        page = paginate(
            filtered(self.calls(visit), visit.parameters, region=snapshot.region), visit.parameters
        )
        visit.headers["Link"] = link_header(page, self.request)
        return 200, call_output.listed_call(page.rows, format=visit.format)


@call_schema.show_call
class OneCall(OfCompany):
    """One call, with its legs and its timeline."""

    def catch_up(self, visit: KeyRequest) -> None:
        call = self.named(visit, self.kwargs["call_uuid"])
        if call.is_live or call.settled_at is None:
            timeouts.apply_timeouts(call.pk, now=visit.now)

    def get(self, visit: KeyRequest, call_uuid: str) -> tuple[int, dict[str, Any]]:
        call = self.named(visit, call_uuid)
        visit.call_uuid = call.pk
        return 200, call_output.whole_call(call)

    def named(self, visit: KeyRequest, call_uuid: str) -> Call:
        """NotFound for no UUID, an unknown one, and another company's."""
        try:
            call = self.calls(visit).filter(pk=UUID(call_uuid)).first()
        except ValueError:
            call = None
        if call is None:
            raise NotFound("call not found")
        return call
