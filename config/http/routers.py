"""Routers of the public APIs: each path with and without an extension, no slash at the end."""

from collections.abc import Sequence

from django.urls import URLPattern, URLResolver, register_converter
from rest_framework.routers import SimpleRouter
from rest_framework.urlpatterns import format_suffix_patterns


class FormatSuffixConverter:
    """Any extension, so that an unknown format is answered with 406 and in the log of its key.

    DRF's own converter takes lower case only, and a slash after it.
    """

    regex = r"\.[^/]+"

    def to_python(self, value: str) -> str:
        return value[1:]

    def to_url(self, value: str) -> str:
        return f".{value}"


# `format_suffix_patterns` registers its own converter only where this name is free.
register_converter(FormatSuffixConverter, "drf_format_suffix")


def with_formats(urls: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """Return the patterns with an extension, then those without: an ID in a path may hold a dot."""
    return [*format_suffix_patterns(urls, suffix_required=True), *urls]


class ApiRouter(SimpleRouter):
    """DRF's router with plain paths and without slashes at their ends."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return with_formats(super().get_urls())
