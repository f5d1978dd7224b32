"""The ready URL of a key."""

import pytest

from publishers.instructions.page import ready_url
from tests.factories import make_buyer, make_company, make_key

BASE = "https://calls.example.com/"
pytestmark = pytest.mark.django_db


def test_a_ping_names_its_caller_its_publisher_and_the_required_tags():
    key = make_key("rtb", key="k1", required_tags=["caller_zip"])
    spelled = "caller_number=CALLER_NUMBER&publisher_id=PUBLISHER_ID&caller_zip=CALLER_ZIP"
    assert (
        ready_url(key=key, base_url=BASE) == f"https://calls.example.com/rtbs.json?key=k1&{spelled}"
    )


def test_a_base_without_a_slash_gives_the_same():
    key = make_key("conversion", key="k2")
    urls = {ready_url(key=key, base_url=base) for base in (BASE, BASE.rstrip("/"))}
    assert urls == {
        "https://calls.example.com/conversions.json?key=k2&call_uuid=CALL_UUID&revenue=REVENUE"
    }


def test_a_required_tag_with_a_space_stays_one_parameter():
    key = make_key("call_reservation", key="k3", required_tags=["home owner"])
    assert ready_url(key=key, base_url=BASE).endswith(
        "&affiliate_id=PUBLISHER_ID&home+owner=HOME+OWNER"
    )


def test_the_company_id_is_in_the_urls_that_need_it():
    key = make_key("account", key="k4", company=make_company(company_id="acme"))
    assert (
        ready_url(key=key, base_url=BASE)
        == "https://calls.example.com/calls.json?key=k4&company_id=acme"
    )


@pytest.mark.parametrize(
    ("actions", "path"),
    [
        (["reject", "active_calls"], "/call_control/v1/active_calls.json?key=k5"),
        (["reject"], "/call_control/v1/calls/CALL_UUID/reject.json?key=k5"),
    ],
    ids=["list", "action"],
)
def test_a_handler_key_documents_its_actions(actions, path):
    key = make_key("call_control", key="k5", buyer=make_buyer(), actions=actions)
    assert ready_url(key=key, base_url=BASE) == f"https://calls.example.com{path}"


def test_a_handler_key_without_an_action_leads_nowhere():
    assert ready_url(key=make_key("call_control", buyer=make_buyer()), base_url=BASE) == ""
