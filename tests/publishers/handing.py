"""Posting instructions in tests: handed out, and read as whoever holds the link reads them."""

import html
import re
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from publishers.instructions import links
from publishers.models import Handout, Key, Publisher
from tests.factories import make_publisher


def hand_out(key: Key, publisher: Publisher | None = None) -> Handout:
    """The page of a key; for the publisher Alpha Media where a key needs one and none is given."""
    if key.campaign_id and publisher is None:
        publisher = make_publisher(key.company, publisher_id="alpha", name="Alpha Media")
    return links.create_link(key=key, publisher=publisher, now=timezone.now())


def link(handout: Handout) -> str:
    return reverse("instructions", args=[handout.token])


def opened(handout: Handout) -> Any:
    return Client().get(link(handout))


def read(handout: Handout) -> str:
    """The text of the page as a person reads it: without markup, spaces as they fall."""
    body = re.sub(
        r"<(style|script).*?</\1>", " ", opened(handout).content.decode(), flags=re.DOTALL
    )
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def notices(handout: Handout) -> list[str]:
    return list(opened(handout).context["page"].notices)
