"""Pages for people who may not go on say why, and what to do."""

import pytest
from django.test import Client

from campaigns.models import Member
from tests import factories as make
from tests.admin_client import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/admin/campaigns/campaign/add/", 403, "This page is not open to you"),
        ("/admin/nothing/here/", 404, "There is no such page"),
    ],
)
def test_a_member_is_told_in_words(path, status, told):
    answer = browser(make.make_company(), Member.Role.READ_ONLY).get(path)
    assert answer.status_code == status
    assert answer.context["title"] == told


@pytest.mark.parametrize("path", ["/admin/", "/admin/campaigns/campaign/"])
def test_who_works_for_nobody_is_told_so(path):
    client = browser(make.make_company())
    Member.objects.all().delete()
    answer = client.get(path)
    assert answer.status_code == 403
    assert answer.context["title"] == "You work for no company here"


def test_a_form_that_was_opened_before_logging_in_anew_is_not_lost_without_a_word():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/admin/login/?next=/admin/", {"username": "ann", "password": "x"})
    assert answer.status_code == 403
    assert answer.context["title"] == "This page was too old"
    assert 'href="/admin/login/?next=/admin/"' in answer.text


def test_programs_get_their_own_answer():
    assert Client().get("/nothing").json() == {"error": "not found"}
