"""Filters of the admin's templates."""

import pytest
from django.template import Context, Template

from tests.factories import make_buyer


def _render(source: str, **context: object) -> str:
    return Template("{% load admin_text %}" + source).render(Context(context))


@pytest.mark.parametrize(("clear", "text"), [(True, "+12025550142"), (False, "+*******0142")])
def test_long_numbers_are_masked_unless_the_user_may_see_them(clear: bool, text: str) -> None:
    assert _render("{{ number|masked:clear }}", number="+12025550142", clear=clear) == text


def test_a_masked_text_is_escaped() -> None:
    assert _render("{{ text|masked:False }}", text="<b>") == "&lt;b&gt;"


@pytest.mark.django_db
def test_a_link_leads_to_the_rows_page() -> None:
    buyer = make_buyer(name="Tom & Co")
    html = _render("{{ buyer|admin_link }}", buyer=buyer)
    assert f'href="/admin/campaigns/buyer/{buyer.pk}/change/"' in html
    assert html.endswith(">Tom &amp; Co</a>")
