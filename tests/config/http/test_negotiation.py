"""The requested format, and the renderer of a view."""

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.http.errors import ApiError
from config.http.negotiation import ContentNegotiation, requested_format
from config.http.renderers import JSONRenderer

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "content_type", "expected"),
    [
        ("/rtbs.json", "text/xml", "text/xml", "json"),
        ("/rtbs.xml", "application/json", "application/json", "xml"),
        ("/rtbs.json", "image/png", None, "json"),
        ("/rtbs.XML", None, None, "xml"),
        ("/rtbs", None, None, "json"),
        ("/rtbs", "", None, "json"),
        ("/rtbs", " , ", None, "json"),
        ("/rtbs", None, "text/xml; charset=utf-8", "xml"),
        ("/rtbs", None, "application/soap+xml", "xml"),
        ("/rtbs", None, "application/json", "json"),
        ("/rtbs", "*/*", "application/xml", "xml"),
        ("/rtbs", "*/*", None, "json"),
        ("/rtbs", BROWSER, None, "json"),
        ("/rtbs", BROWSER, "text/xml", "xml"),
        ("/rtbs", "application/json", "text/xml", "json"),
        ("/rtbs", "text/xml", "application/json", "xml"),
        ("/rtbs", "application/xml", None, "xml"),
        ("/rtbs", "Application/XML; charset=utf-8", None, "xml"),
        ("/rtbs", "text/xml;q=0.5, application/json;q=0.9", None, "json"),
        ("/rtbs", "application/json;q=0.5, text/xml", None, "xml"),
        ("/rtbs", "application/json, text/xml", None, "json"),
        ("/rtbs", "application/json;q=0, text/xml;q=0.1", None, "xml"),
        ("/rtbs", "image/png, application/json;q=wrong", None, "json"),
        ("/rtbs", "application/*", "text/xml", "json"),
        ("/rtbs", "text/*", None, "xml"),
        ("/v1.2/rtbs", None, None, "json"),
        ("/rtbs.", None, None, "json"),
    ],
)
def test_the_requested_format(
    path: str, accept: str | None, content_type: str | None, expected: str
) -> None:
    assert requested_format(path, accept, content_type) == expected


@pytest.mark.parametrize(
    ("path", "accept", "text"),
    [
        ("/rtbs.html", None, "unknown format: .html"),
        ("/rtbs.csv", "application/json", "unknown format: .csv"),
        ("/rtbs", "text/csv", "unknown format: Accept asks for neither JSON nor XML"),
        ("/rtbs", "application/json;q=0", "unknown format: Accept asks for neither JSON nor XML"),
        ("/rtbs", "*/*;q=0", "unknown format: Accept asks for neither JSON nor XML"),
        (
            "/rtbs",
            "application/vnd.api+json",
            "unknown format: Accept asks for neither JSON nor XML",
        ),
    ],
)
def test_a_format_that_is_refused(path: str, accept: str | None, text: str) -> None:
    with pytest.raises(ApiError) as refusal:
        requested_format(path, accept, None)
    assert refusal.value.status == 406
    assert refusal.value.text == text


class Ping(APIView):
    """A view of ours in small."""

    def post(self, request: Request) -> Response:
        return Response({"retreaver_payout": 90.0})


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/rtbs.json", "application/json", b'{"retreaver_payout":90.0}'),
        (
            "/rtbs.xml",
            "text/xml; charset=utf-8",
            b'<?xml version="1.0" encoding="utf-8"?>\n'
            b'<hash><retreaver-payout type="float">90.0</retreaver-payout></hash>',
        ),
    ],
)
def test_a_view_answers_in_the_requested_format(path: str, content_type: str, body: bytes) -> None:
    response = Ping.as_view()(RequestFactory().post(path, content_type="application/json")).render()
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response.content == body


def test_a_view_answers_an_unknown_format_in_json() -> None:
    response = Ping.as_view()(RequestFactory().post("/rtbs.csv")).render()
    assert response.status_code == 406
    assert response["Content-Type"] == "application/json"
    assert response.content == b'{"error":"unknown format: .csv"}'


def test_a_view_that_has_only_json_refuses_xml() -> None:
    with pytest.raises(ApiError, match="not available as XML"):
        ContentNegotiation().select_renderer(
            Request(RequestFactory().get("/a.xml")), [JSONRenderer()]
        )


def test_an_extension_of_two_parts_is_refused() -> None:
    request = Request(RequestFactory().get("/rtbs.csv.json"))
    with pytest.raises(ApiError, match=r"unknown format: \.csv\.json"):
        ContentNegotiation().select_renderer(request, [JSONRenderer()], "csv.json")
