"""Data writing: `GET` and `POST` of `/data_writing` and `/data_writing/{key}`, from any page of the web too."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from campaigns.errors import Forbidden, Missing, NotFound
from datawriting import writing
from datawriting.key_types.call_data_writing import CallDataWriting
from datawriting.writing import CallMatch, Subject
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import KeyedViewSet

from . import descriptions

# No page is told more than any other, and no cookie lets anybody in: every origin may ask.
_EVERY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, Idempotency-Replayed",
}
_MAY = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Idempotency-Key, X-Api-Key",
    "Access-Control-Max-Age": "7200",
    "Allow": "GET, POST",
}
_RESULTS = {CallMatch.NO_CALL: "stored", CallMatch.LIVE: "in-progress", CallMatch.ENDED: "applied"}


class FromAnyPage(KeyedViewSet):
    """Answers pages of other sites: the question before the request (`OPTIONS`, without a key), and every answer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asks_first = request.method == "OPTIONS"
        answer = (
            HttpResponse(status=204, headers=_MAY)
            if asks_first
            else super().dispatch(request, *args, **kwargs)
        )
        for name, value in _EVERY_ORIGIN.items():
            answer[name] = value
        return answer


class Writing(FromAnyPage):
    """Tags about a caller, or on one call."""

    kinds: ClassVar = (CallDataWriting.slug,)

    def prepare(self, visit: KeyRequest) -> None:
        key, snapshot = visit.let_in()
        publisher = snapshot.publishers.get(key.publisher_pk or 0)
        if publisher is not None and publisher.paused:
            raise Forbidden("the publisher of this key is paused")
        writing.apply_caller_timeouts(_about(visit), now=visit.now)

    def post(self, visit: KeyRequest) -> tuple[int, dict[str, Any]]:
        key, _ = visit.let_in()
        about = _about(visit)
        if about.call_uuid is None and about.caller_number is None:
            raise Missing("caller_number")
        tags = _tags(visit)
        found, visit.call_uuid = writing.write_tags(about, key=key, tags=tags, now=visit.now)
        visit.result = _RESULTS[found]
        named = (
            {"call_uuid": about.call_uuid}
            if about.call_uuid
            else {"caller_number": about.caller_number}
        )
        return 200, {"tag_values": tags, **named, "status": found}

    get = post


@descriptions.write
class WriteData(Writing):
    """The key among the parameters."""


@descriptions.write_by_path
class WriteDataByPath(Writing):
    """The key in the path."""


def _about(visit: KeyRequest) -> Subject:
    """NotFound for a call_uuid that is none: it is as unknown as any other."""
    _, snapshot = visit.let_in()
    named = visit.parameters.value("call_uuid")
    try:
        return Subject(snapshot.company_pk, visit.caller_number, UUID(named) if named else None)
    except ValueError:
        raise NotFound("call not found") from None


def _tags(visit: KeyRequest) -> dict[str, str]:
    """What was sent beside the reserved names; a publisher whom nobody knows is a tag, as everywhere."""
    tags = visit.parameters.tags()
    unknown = None if visit.named_publisher() else visit.parameters.publisher()
    return tags if unknown is None else {**tags, "publisher_id": unknown}
