"""Data writing: `GET` and `POST` of `/data_writing` and `/data_writing/{key}`, from any origin."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.errors import Missing, NotFound
from datawriting import writing
from datawriting.key_types.call_data_writing import CallDataWriting
from datawriting.writing import CallMatch, Subject
from publishers.gateway.viewset import Classes, KeyedViewSet, logged

from . import schema
from .serializers import DataWritingSerializer

# Any origin: no cookie authenticates, so a page gets no more than its own key gives.
_EVERY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, Idempotency-Replayed",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": (
        "Accept, Authorization, Content-Type, Idempotency-Key, X-Api-Key"
    ),
    "Access-Control-Max-Age": "7200",
    "Allow": "GET, POST",
}
_RESULTS = {CallMatch.NO_CALL: "stored", CallMatch.LIVE: "in-progress", CallMatch.ENDED: "applied"}


class PublisherIsActive(BasePermission):
    """403 while the key's publisher is paused."""

    message = "the publisher of this key is paused"

    def has_permission(self, request: Request, view: Any) -> bool:
        publisher = view.key_request.snapshot.publishers.get(view.key_request.key.publisher_pk or 0)
        return publisher is None or not publisher.paused


class WritingViewSet(KeyedViewSet):
    """Base: writes tags about a caller, or on one call."""

    http_method_names = [*KeyedViewSet.http_method_names, "options"]
    key_types: ClassVar = (CallDataWriting.slug,)
    final_permission_classes: Classes[BasePermission] = (PublisherIsActive,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Apply the timeouts of the calls that are about to be written on; nothing for OPTIONS."""
        if request.method == "OPTIONS":
            return
        super().initial(request, *args, **kwargs)
        writing.apply_caller_timeouts(self._subject(), now=self.key_request.now)

    @property
    def allowed_methods(self) -> list[str]:
        return ["GET", "POST"]

    def write(self) -> Response:
        """Write the tags of the request, and answer whether a call was found for them."""
        key_request, subject = self.key_request, self._subject()
        if subject.call_uuid is None and subject.caller_number is None:
            raise Missing("caller_number")
        # What was sent beside the reserved names; an unknown publisher is a tag.
        tags, publisher = self.parameters.tags(), self.parameters.publisher()
        if publisher is not None and not key_request.named_publisher():
            tags = {**tags, "publisher_id": publisher}
        found, key_request.call_uuid = writing.write_tags(
            subject, key=self.key, tags=tags, now=key_request.now
        )
        key_request.result = _RESULTS[found]
        answer: dict[str, Any] = {"tag_values": tags, "status": found}
        if subject.call_uuid:
            answer["call_uuid"] = subject.call_uuid
        else:
            answer["caller_number"] = subject.caller_number
        return Response(DataWritingSerializer(answer).data)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a browser's preflight request, which has no key and is not logged."""
        self.headers = {}
        return HttpResponse(status=204, headers=_PREFLIGHT)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in _EVERY_ORIGIN.items():
            response[name] = value
        return response

    def _subject(self) -> Subject:
        """Return what the tags are about; NotFound for a call_uuid that is not a UUID."""
        text = self.parameters.value("call_uuid")
        try:
            call_uuid = UUID(text) if text else None
        except ValueError:
            raise NotFound("call not found") from None
        return Subject(self.snapshot.company_pk, self.key_request.caller_number, call_uuid)


class DataWritingViewSet(WritingViewSet):
    """The key is among the parameters."""

    @schema.write
    @logged
    def create(self, request: Request) -> Response:
        return self.write()

    @schema.write_by_link
    @logged
    def create_by_link(self, request: Request) -> Response:
        return self.write()


class DataWritingByPathViewSet(WritingViewSet):
    """The key is in the path."""

    @schema.write_by_path
    @logged
    def create(self, request: Request) -> Response:
        return self.write()

    @schema.write_by_path_and_link
    @logged
    def create_by_link(self, request: Request) -> Response:
        return self.write()
