"""The onboarding steps: done steps are ticked; the list disappears when calls come in."""

import pytest
from django.urls import reverse
from django.utils import timezone

from callcontrol.reporting.onboarding import onboarding_steps
from campaigns.models import Company
from publishers.models import InstructionsLink
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting.histories import NOW, World
from tests.pinging import dial, ping

pytestmark = pytest.mark.django_db
NAMES = [
    "buyer",
    "publisher",
    "route",
    "number",
    "conversion",
    "key",
    "instructions",
    "test",
]


def done(company: Company) -> list[str]:
    return [step.name for step in onboarding_steps(company) if step.is_done]


def test_an_empty_company_has_all_steps_to_do():
    company = make.make_company()
    assert [step.name for step in onboarding_steps(company)] == NAMES
    assert done(company) == []


def test_a_step_is_ticked_when_it_is_done():
    company = make.make_company()
    campaign, counts = make.make_campaign(company), []
    for action in (
        lambda: make.make_buyer(company),
        lambda: make.make_route(campaign),
        lambda: make.make_number(campaign, in_pool=True),
        lambda: make.make_conversion(campaign),
        lambda: make.make_publisher(company),
        lambda: make.make_key(campaign=campaign),
    ):
        action()
        counts.append(len(done(company)))
    assert counts == [1, 2, 3, 4, 5, 6]
    assert done(company) == NAMES[:6]


def test_the_list_is_empty_once_all_steps_are_done():
    key = make.make_ready_key()
    make.make_conversion(key.campaign)
    make.make_publisher(key.company)
    InstructionsLink.objects.create(company=key.company, key=key, created_at=timezone.now())
    before = [step.name for step in onboarding_steps(key.company) if not step.is_done]
    ping(key)
    assert before == ["test"]
    assert onboarding_steps(key.company) == []


def test_the_list_is_empty_after_the_first_call():
    number = make.make_number()
    before = len(onboarding_steps(number.company))
    dial(number.number)
    assert before == 8
    assert onboarding_steps(number.company) == []


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_each_step_links_to_a_page(place):
    company = make.make_company()
    assert browser(company).get(onboarding_steps(company)[place].url).status_code == 200


def test_steps_link_to_existing_rows():
    key = make.make_key()
    urls = [step.url for step in onboarding_steps(key.company)]
    on_campaign = reverse("admin:campaigns_campaign_change", args=[key.campaign_id])
    assert urls[2] == on_campaign
    assert urls[6] == reverse("admin:publishers_key_change", args=[key.pk])


def test_a_reader_has_no_links_to_forms():
    company = make.make_company()
    answer = browser(company, "read_only").get(reverse("dashboard")).content.decode()
    assert "Add a buyer" in answer
    assert reverse("admin:campaigns_buyer_add") not in answer


def test_the_steps_are_read_in_one_query(django_assert_num_queries):
    world = World(seed=1)
    world.call(NOW)
    with django_assert_num_queries(1):
        onboarding_steps(world.company)


def test_a_superuser_without_a_company_adds_one():
    answer = browser().get(reverse("dashboard")).content.decode()
    assert reverse("admin:campaigns_company_add") in answer
    assert "Add the first company" in answer
