"""Pages of a list: their rows, and the `Link` header to the other pages."""

from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from campaigns.models import Company
from config.http.api_error import ApiError
from config.http.pagination import Page, link_header, paginate
from config.http.parameters import Parameters
from tests.factories import make_company

ROWS = list(range(1, 61))
BASE = "http://testserver/calls.json"


def page(**asked: str) -> Page[int]:
    return paginate(ROWS, Parameters(asked))


def links(number: int, last: int, query: str = "", **meta: Any) -> dict[str, str]:
    """The addresses of a `Link` header by their names."""
    request = RequestFactory().get("/calls.json", QUERY_STRING=query, **meta)
    header = link_header(Page([], number, last), request)
    pairs = [link.split(">; rel=") for link in header.split(", ")]
    return {name.strip('"'): address.lstrip("<") for address, name in pairs}


# --- which rows -----------------------------------------------------------------------------------
def test_a_page_has_25_rows() -> None:
    assert page() == Page(ROWS[:25], 1, 3)


def test_the_last_page_has_the_rest() -> None:
    assert page(page="3") == Page(ROWS[50:], 3, 3)


def test_per_page() -> None:
    assert page(page="2", per_page="7") == Page(ROWS[7:14], 2, 9)


def test_never_more_than_a_hundred() -> None:
    assert paginate(range(250), Parameters(per_page="101")) == Page(list(range(100)), 1, 3)


@pytest.mark.parametrize("number", ["4", "9" * 30, "9" * 4000], ids=["next", "no offset", "long"])
def test_past_the_end_is_empty(number: str) -> None:
    assert page(page=number) == Page([], int(number), 3)


def test_an_empty_list_has_one_empty_page() -> None:
    assert paginate([], Parameters()) == Page([], 1, 1)


@pytest.mark.parametrize("blank", ["", " "], ids=["blank", "space"])
def test_a_blank_parameter_is_the_default(blank: str) -> None:
    assert page(page=blank, per_page=blank) == page()


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize(
    "text",
    ["two", "0", "-1", "1.5", "1e1", "+1", "1_0", "٣", "²", "undefined", "9" * 5000],
    ids=[
        "word",
        "zero",
        "negative",
        "decimal",
        "exponent",
        "sign",
        "underscore",
        "arabic",
        "power",
        "undefined",
        "endless",
    ],
)
def test_what_is_no_number_is_refused(name: str, text: str) -> None:
    with pytest.raises(ApiError) as refused:
        page(**{name: text})
    assert refused.value.status == 422
    assert refused.value.text == f"{name} must be a whole number from 1"


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_of_a_queryset_it_is_counted_and_read(rows: int) -> None:
    made = [make_company() for _ in range(rows)]
    with CaptureQueriesContext(connection) as sent:
        found = paginate(Company.objects.order_by("pk"), Parameters())
    assert found == Page(made, 1, 1)
    assert len(sent) == 2


# --- the links ------------------------------------------------------------------------------------
def test_one_page_links_to_itself_as_the_last() -> None:
    assert links(1, 1) == {"last": f"{BASE}?page=1"}


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (1, {"last": 3, "next": 2}),
        (2, {"first": 1, "prev": 1, "last": 3, "next": 3}),
        (3, {"first": 1, "prev": 2, "last": 3}),
        (9, {"first": 1, "prev": 3, "last": 3}),
    ],
    ids=["first", "middle", "last", "past the end"],
)
def test_each_page_links_to_those_around_it(number: int, names: dict[str, int]) -> None:
    assert links(number, 3) == {name: f"{BASE}?page={other}" for name, other in names.items()}


def test_the_seeds_header() -> None:
    asked = "api_key=woofwoofwoof&company_id=1&sort_by=created_at&order=asc"
    url = f"{BASE}?{asked}&page="
    header = link_header(Page([], 1, 6996), RequestFactory().get("/calls.json", QUERY_STRING=asked))
    assert header == f'<{url}6996>; rel="last", <{url}2>; rel="next"'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("page=2&zip=1", "page=3&zip=1"),
        ("p%61ge=2&zip=1", "page=3&zip=1"),
        ("page=1&page=2", "page=3&page=3"),
        (
            "created_at_start=2016-01-01T00:00:00+00:00",
            "created_at_start=2016-01-01T00:00:00+00:00&page=3",
        ),
        ("a=%2B1%20%zz&b", "a=%2B1%20%zz&b&page=3"),
        ("my_page=2&&per_page=5", "my_page=2&per_page=5&page=3"),
        ('a=>;"\r\n#<', "a=%3E;%22%0D%0A%23%3C&page=3"),
        ("a=\xc3\xa9", "a=%C3%A9&page=3"),
        ("a=€", "a=?&page=3"),
    ],
    ids=[
        "changed",
        "encoded",
        "twice",
        "added",
        "as asked",
        "others",
        "unfit",
        "bytes",
        "no bytes",
    ],
)
def test_a_link_keeps_the_query_as_sent(query: str, expected: str) -> None:
    assert links(3, 3, query)["last"] == f"{BASE}?{expected}"


def test_a_key_in_a_header_is_not_repeated() -> None:
    assert links(1, 1, HTTP_X_API_KEY="secret", HTTP_AUTHORIZATION="Bearer secret") == {
        "last": f"{BASE}?page=1"
    }


def test_links_are_on_the_public_base_url(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://calls.example.com"
    assert links(1, 1) == {"last": "https://calls.example.com/calls.json?page=1"}
