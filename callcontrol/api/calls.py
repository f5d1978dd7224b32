"""The calls of a company, by its API key: `GET /calls` and `GET /calls/{call_uuid}`."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from callcontrol.lifecycle import timeouts
from callcontrol.models import Call, Leg
from campaigns.errors import NotFound
from publishers.gateway.viewset import Classes, KeyedViewSet, logged

from . import call_schema
from .call_filters import CallFilterBackend, CallFilterSet
from .call_serializers import ListedCallSerializer, ListedCallsSerializer, OneCallSerializer


class NamesItsCompany(BasePermission):
    """403 unless the request names the company of its key."""

    message = "company_id is missing, or is not the company of this key"

    def has_permission(self, request: Request, view: Any) -> bool:
        named = (view.key_request.parameters.value("company_id") or "").strip()
        return bool(named == view.key_request.snapshot.company_id)


class CallViewSet(KeyedViewSet):
    """The company's calls, brought up to date as they are read: no answer waits for a worker."""

    queryset = Call.objects.select_related(
        "company", "campaign", "publisher", "buyer"
    ).prefetch_related("tags")
    filter_backends: Classes[BaseFilterBackend] = (CallFilterBackend,)
    filterset_class = CallFilterSet
    lookup_url_kwarg = "call_uuid"
    key_types: ClassVar = ("account",)
    final_permission_classes: Classes[BasePermission] = (NamesItsCompany,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Apply the timeouts of the calls that are about to be read."""
        super().initial(request, *args, **kwargs)
        now = self.key_request.now
        if self.action == "list":
            timeouts.apply_company_timeouts(company_pk=self.snapshot.company_pk, now=now)
            return
        call = self.get_object()
        if call.is_live or call.settled_at is None:
            timeouts.apply_timeouts(call.pk, now=now)

    @call_schema.list_calls
    @logged
    def list(self, request: Request) -> Response:
        """The calls that the filters leave, newest first, in pages."""
        calls = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        if self.key_request.format == "xml":
            return self.get_paginated_response(ListedCallsSerializer({"calls": calls}).data)
        return self.get_paginated_response(ListedCallSerializer(calls, many=True).data)

    @call_schema.show_call
    @logged
    def retrieve(self, request: Request, call_uuid: str) -> Response:
        """One call, with its legs and its timeline."""
        call = self.get_object()
        self.key_request.call_uuid = call.pk
        legs = Leg.objects.select_related("buyer").order_by("started_at", "place")
        prefetch_related_objects([call], Prefetch("legs", legs))
        return Response(OneCallSerializer(call).data)

    def get_queryset(self) -> QuerySet[Call]:
        calls: QuerySet[Call] = super().get_queryset()
        return calls.filter(company_id=self.snapshot.company_pk)

    def get_object(self) -> Call:
        """Return the call of the path; NotFound for another company's, or an unknown text."""
        try:
            call = self.get_queryset().filter(pk=UUID(self.kwargs["call_uuid"])).first()
        except ValueError:
            call = None
        if call is None:
            raise NotFound("call not found")
        return call
