"""The first steps: what is done is ticked, and the list goes when calls come."""

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
    "Add a buyer",
    "Add a publisher",
    "Add a campaign with a route to it",
    "Give the campaign a number",
    "Say what a call pays",
    "Make a key",
    "Hand out posting instructions",
    "Try it",
]


def done(company: Company) -> list[str]:
    return [step.what for step in onboarding_steps(company) if step.is_done]


def page(company: Company) -> str:
    return browser(company).get(reverse("dashboard")).content.decode()


def test_an_empty_company_has_all_steps_before_it():
    company = make.make_company()
    assert [step.what for step in onboarding_steps(company)] == NAMES
    assert done(company) == []


def test_each_step_is_ticked_when_it_is_done():
    company = make.make_company()
    campaign, seen = make.make_campaign(company), []
    for do in (
        lambda: make.make_buyer(company),
        lambda: make.make_route(campaign),
        lambda: make.make_number(campaign, in_pool=True),
        lambda: make.make_conversion(campaign),
        lambda: make.make_publisher(company),
        lambda: make.make_key(campaign=campaign),
    ):
        do()
        seen.append(len(done(company)))
    assert seen == [1, 2, 3, 4, 5, 6]
    assert done(company) == NAMES[:6]


def test_with_everything_done_the_list_is_gone():
    key = make.make_ready_key()
    make.make_conversion(key.campaign)
    make.make_publisher(key.company)
    InstructionsLink.objects.create(company=key.company, key=key, created_at=timezone.now())
    before = [step.what for step in onboarding_steps(key.company) if not step.is_done]
    ping(key)
    assert before == ["Try it"]
    assert onboarding_steps(key.company) == []


def test_the_list_goes_with_the_first_call_whatever_is_left():
    number = make.make_number()
    before = len(onboarding_steps(number.company))
    dial(number.number)
    assert before == 8
    assert onboarding_steps(number.company) == []


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_each_step_leads_to_a_page(place):
    company = make.make_company()
    assert browser(company).get(onboarding_steps(company)[place].url).status_code == 200


def test_what_is_there_already_is_led_to():
    key = make.make_key()
    urls = [step.url for step in onboarding_steps(key.company)]
    on_campaign = reverse("admin:campaigns_campaign_change", args=[key.campaign_id])
    assert urls[2] == on_campaign
    assert urls[6] == reverse("admin:publishers_key_change", args=[key.pk])


def test_who_may_only_read_is_given_no_way_to_change():
    company = make.make_company()
    answer = browser(company, "read_only").get(reverse("dashboard")).content.decode()
    assert "Add a buyer" in answer
    assert (reverse("admin:campaigns_buyer_add") in answer) is False


def test_the_way_is_found_in_one_statement(django_assert_num_queries):
    world = World(seed=1)
    world.call(NOW)
    with django_assert_num_queries(1):
        onboarding_steps(world.company)


def test_a_superuser_without_a_company_begins_with_one():
    answer = browser().get(reverse("dashboard")).content.decode()
    assert reverse("admin:campaigns_company_add") in answer
    assert "Add the first company" in answer
