"""Posting instructions in tests: create a link, and read its page."""

import html
import re
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from publishers.instructions import links
from publishers.models import InstructionsLink, Key, Publisher
from tests.factories import make_publisher


def make_link(key: Key, publisher: Publisher | None = None) -> InstructionsLink:
    """The page of a key; for the publisher Alpha Media where a key needs one and none is given."""
    if key.campaign_id and publisher is None:
        publisher = make_publisher(key.company, publisher_id="alpha", name="Alpha Media")
    return links.create_link(key=key, publisher=publisher, now=timezone.now())


def page_url(link: InstructionsLink) -> str:
    return reverse("instructions", args=[link.token])


def get_page(link: InstructionsLink) -> Any:
    return Client().get(page_url(link))


def page_text(link: InstructionsLink) -> str:
    """The text of the page as a person reads it: without markup, spaces as they fall."""
    body = re.sub(r"<(style|script).*?</\1>", " ", get_page(link).content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def notices(link: InstructionsLink) -> list[str]:
    return list(get_page(link).context["page"].notices)
