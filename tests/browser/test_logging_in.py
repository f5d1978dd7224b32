"""Logging in and out, as a person does."""

import pytest

from tests import factories as make
from tests.browser.seat import Seat, person

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_page_is_the_dashboard(seat: Seat) -> None:
    person("Ann", make.make_company(name="Aspen"))
    seat.logs_in("Ann")
    assert seat.page.url == f"{seat.base_url}/admin/"
    assert seat.page.get_by_role("heading", level=1).inner_text() == "Dashboard"


def test_a_wrong_password_is_said_beside_the_form(seat: Seat) -> None:
    person("Ann", make.make_company(name="Aspen"))
    seat.logs_in("Ann", password="wrong")
    assert seat.page.get_by_text("Wrong name or password.").count() == 1
