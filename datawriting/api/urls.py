"""Paths of data writing. A link may write too: GET is not bound to `list`, as a router would."""

from typing import Any

from django.urls import path

from config.http.routers import with_formats

from .data_writing import DataWritingByPathViewSet, DataWritingViewSet

_ACTIONS: dict[str, Any] = {"get": "create_by_link", "post": "create"}

urlpatterns = with_formats([
    path("data_writing", DataWritingViewSet.as_view(_ACTIONS), name="data-writing"),
    path(
        "data_writing/<str:key>",
        DataWritingByPathViewSet.as_view(_ACTIONS),
        name="data-writing-by-path",
    ),
])  # fmt: skip
