"""Error pages of the admin."""

import pytest
from django.test import Client

from campaigns.models import Member
from tests import factories as make
from tests.admin_client import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/admin/campaigns/campaign/add/", 403, "This page is not open to you"),
        ("/admin/nothing/here/", 404, "Page not found"),
    ],
)
def test_a_member_gets_a_page(path, status, title):
    response = browser(make.make_company(), Member.Role.READ_ONLY).get(path)
    assert response.status_code == status
    assert response.context["title"] == title


@pytest.mark.parametrize("path", ["/admin/", "/admin/campaigns/campaign/"])
def test_a_user_without_a_company_gets_a_page(path):
    client = browser(make.make_company())
    Member.objects.all().delete()
    response = client.get(path)
    assert response.status_code == 403
    assert response.context["title"] == "You are not a member of a company"


def test_a_form_without_a_csrf_token_gets_a_page():
    client = Client(enforce_csrf_checks=True)
    response = client.post("/admin/login/?next=/admin/", {"username": "ann", "password": "x"})
    assert response.status_code == 403
    assert response.context["title"] == "This page has expired"
    assert 'href="/admin/login/?next=/admin/"' in response.text


def test_api_clients_get_json():
    assert Client().get("/nothing").json() == {"error": "not found"}
