"""The product's WSGI application with one more view: `POST /empty.json` answers an empty object."""

from typing import Any

from django.conf import settings
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

settings.ROOT_URLCONF = __name__

from config.wsgi import application  # noqa: E402 - Django reads ROOT_URLCONF when it is set up

__all__ = ["application"]


class EmptyView(APIView):
    """A view with DRF's defaults, as a measure of what the server and the framework cost."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        answer: dict[str, Any] = {}
        return Response(answer)


urlpatterns = [path("empty.json", EmptyView.as_view()), path("", include("config.urls"))]
