"""Keys in the admin: made for an owner by key_type, listed with their address, rolled over,
revoked."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from publishers.admin import key_cards
from publishers.keys.types import all_key_types, key_type_of
from publishers.models import Key, LogEntry
from tests import factories as make
from tests.admin_client import browser, during_save, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db
LIST = reverse("admin:publishers_key_changelist")
OWNERS = {
    "campaign": make.make_campaign,
    "publisher": make.make_publisher,
    "buyer": make.make_buyer,
    "group": make.make_group,
    "company": make.make_company,
}
KEY_TYPES = [
    "account",
    "call_control",
    "call_data_writing",
    "call_reservation",
    "conversion",
    "rtb",
]


def _add(key_type: str, owner_name: str, owner) -> str:
    return f"{reverse('admin:publishers_key_add')}?type={key_type}&{owner_name}={owner.pk}"


def _page(key: Key) -> str:
    return reverse("admin:publishers_key_change", args=[key.pk])


def _company(owner):
    return getattr(owner, "company", owner)


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_a_key_of_each_type_is_made_with_its_types_defaults(key_type):
    name = key_type_of(key_type).owners[0]
    owner = OWNERS[name]()
    client, url = browser(_company(owner)), _add(key_type, name, owner)
    client.post(url, form_data(client, url, name="New"))
    key = Key.objects.get()
    assert key.type == key_type
    assert key.owner == owner
    assert key.name == "New"
    assert key.settings == key_type_of(key_type).defaults()


def test_every_kind_is_tried():
    assert {key_type.slug for key_type in all_key_types()} == set(KEY_TYPES)


def test_a_types_settings_are_kept():
    campaign = make.make_campaign()
    client, url = browser(campaign.company), _add("rtb", "campaign", campaign)
    typed = {
        "setting_ttl_seconds": "45",
        "setting_required_tags": "caller_zip, age",
        "setting_inbound_number": "(833) 555-0100",
    }
    client.post(url, form_data(client, url, **typed))
    kept = Key.objects.get().settings
    assert [kept[name] for name in ("ttl_seconds", "required_tags", "inbound_number")] == [
        45,
        ["caller_zip", "age"],
        "+18335550100",
    ]


def test_a_handler_keys_actions_are_ticked():
    buyer = make.make_buyer()
    client, url = browser(buyer.company), _add("call_control", "buyer", buyer)
    client.post(url, form_data(client, url, setting_actions=["transfer", "return"]))
    assert Key.objects.get().settings["actions"] == ["transfer", "return"]


@pytest.mark.parametrize(
    ("field", "typed", "wrong"),
    [
        ("setting_ttl_seconds", "0", "Ensure this value is greater than or equal to 1."),
        (
            "setting_inbound_number",
            "soon",
            "“soon” is not a phone number. Use 7 to 15 digits, for example +12025550101.",
        ),
        (
            *("setting_required_tags", "caller_zip, publisher_id"),
            "“publisher_id” is a reserved parameter, not a tag. Remove it here.",
        ),
        (
            "setting_required_tags",
            "x" * 101,
            "Not a tag name. Use at most 100 characters, no control characters.",
        ),
        ("allowed_networks", "here", "“here” is not a network. Use the form 203.0.113.0/24."),
    ],
)
def test_an_invalid_setting_is_an_error_of_its_field(field, typed, wrong):
    key = make.make_key("rtb")
    client = browser(key.company)
    assert post_errors(client, _page(key), form_data(client, _page(key), **{field: typed})) == [
        wrong
    ]


def test_networks_are_typed_one_a_line():
    key = make.make_key()
    client = browser(key.company)
    client.post(
        _page(key), form_data(client, _page(key), allowed_networks="203.0.113.7\n2001:db8::/32\n")
    )
    assert Key.objects.get().allowed_networks == ["203.0.113.7/32", "2001:db8::/32"]


def test_type_owner_and_text_stay_as_they_were_made():
    key = make.make_key("rtb")
    client = browser(key.company)
    other = make.make_campaign(key.company)
    client.post(
        _page(key),
        form_data(client, _page(key), type="account", campaign=other.pk, key="mine", name="New"),
    )
    changed = Key.objects.get()
    assert changed.type == "rtb"
    assert changed.campaign == key.campaign
    assert changed.key == key.key
    assert changed.name == "New"


def test_a_kind_is_offered_to_its_owners_only():
    publisher = make.make_publisher()
    assert browser(publisher.company).get(_add("rtb", "publisher", publisher)).status_code == 404


def test_without_an_owner_the_page_says_where_keys_are_made():
    company = make.make_company(name="Acme")
    choices = browser(company).get(reverse("admin:publishers_key_add")).context["choices"]
    assert [name for _, name, _ in choices] == [
        "Call reservation, for a campaign",
        "Real-time bidding, for a campaign",
        "API key of Acme",
        "Call control, for a buyer",
        "Call control, for a buyer group",
        "Conversion, for a buyer",
        "Call data writing, for a publisher",
        "Call data writing, for a campaign",
    ]


@pytest.mark.parametrize("name", OWNERS)
def test_an_owners_page_lists_its_keys_with_the_ready_address(name):
    key_type = next(key_type for key_type in all_key_types() if name in key_type.owners)
    owner = OWNERS[name]()
    key = make.make_key(
        key_type.slug,
        **{name: owner},
        **({"actions": ["active_calls"]} if "actions" in key_type.fields else {}),
    )
    page = browser(_company(owner)).get(
        reverse(f"admin:{owner._meta.app_label}_{owner._meta.model_name}_change", args=[owner.pk])
    )
    assert f'data-copy="http://testserver{key_type.path}?key={key.key}' in page.content.decode()


def test_the_add_page_names_the_type_and_owner():
    campaign = make.make_campaign(name="Roofing")
    page = browser(campaign.company).get(_add("rtb", "campaign", campaign)).content.decode()
    expected = [
        "Real-time bidding for Roofing",
        key_type_of("rtb").about(),
        "copy its ready URL at the bottom of the page of Roofing",
    ]
    assert [words for words in expected if words not in page] == []


def test_the_add_page_says_if_an_action_must_be_chosen():
    buyer = make.make_buyer()
    pages = [
        browser(buyer.company).get(_add(key_type, "buyer", buyer)).content.decode()
        for key_type in ("call_control", "conversion")
    ]
    assert ["Choose at least one action" in page for page in pages] == [True, False]


@pytest.mark.parametrize("key_type", all_key_types(), ids=lambda key_type: key_type.slug)
def test_every_setting_has_a_line_of_help(key_type):
    assert [
        name for name, field in key_type.fields.items() if not field.help_text or not field.label
    ] == []


def test_after_saving_one_is_where_the_new_key_is_listed():
    campaign = make.make_campaign()
    client, url = browser(campaign.company), _add("rtb", "campaign", campaign)
    answer = client.post(url, form_data(client, url))
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert answer["Location"] == f"{page}#key-{Key.objects.get().pk}"


def test_the_parameters_of_the_ready_address_are_explained_beside_it():
    key = make.make_key("rtb", required_tags=["caller_zip"])
    page = (
        browser(key.company)
        .get(reverse("admin:campaigns_campaign_change", args=[key.campaign.pk]))
        .content.decode()
    )
    expected = [
        f"In place of <code>{one}</code>:"
        for one in ("CALLER_NUMBER", "PUBLISHER_ID", "CALLER_ZIP")
    ]
    assert [words for words in expected if words not in page] == []


def test_an_owners_page_links_to_a_new_key_of_each_type_that_fits():
    publisher = make.make_publisher()
    page = (
        browser(publisher.company)
        .get(reverse("admin:publishers_publisher_change", args=[publisher.pk]))
        .content.decode()
    )
    links = [
        key_type.slug
        for key_type in all_key_types()
        if f"?type={key_type.slug}&amp;publisher={publisher.pk}" in page
    ]
    assert links == ["call_data_writing"]


def test_the_ready_address_begins_with_the_public_one(settings):
    settings.PUBLIC_BASE_URL = "https://calls.example.com"
    key = make.make_key("account")
    assert (
        f"https://calls.example.com/calls.json?key={key.key}"
        in browser(key.company).get(_page(key)).content.decode()
    )


@pytest.mark.parametrize("page", ["key", "owner", "list"])
def test_a_read_only_member_sees_the_end_of_a_key_alone(page):
    key = make.make_key("rtb")
    url = {
        "key": _page(key),
        "owner": reverse("admin:campaigns_campaign_change", args=[key.campaign.pk]),
        "list": LIST,
    }[page]
    text = browser(key.company, "read_only").get(url).content.decode()
    assert (key.key in text) is False
    assert f"…{key.key[-4:]}" in text


def test_a_reader_cannot_guess_a_key_letter_by_letter():
    key = make.make_key("rtb")
    assert (
        browser(key.company, "read_only").get(f"{LIST}?key__startswith={key.key[0]}")["Location"]
        == LIST
    )


def test_rolling_makes_a_new_key_and_leaves_the_old_for_the_chosen_time():
    key = make.make_key()
    browser(key.company).post(f"/admin/publishers/key/{key.pk}/roll/", {"overlap": "3600"})
    old, new = Key.objects.order_by("pk")
    assert round((old.retired_at - timezone.now()) / timedelta(hours=1)) == 1
    assert new.retired_at is None


@pytest.mark.parametrize("paused", [False, True], ids=["pause", "resume"])
def test_a_key_is_paused_and_resumed_where_it_is_listed(paused):
    key = make.make_key(paused=paused)
    client, what = browser(key.company), "resume" if paused else "pause"
    answer = client.post(f"/admin/publishers/key/{key.pk}/{what}/?from=owner")
    back = reverse("admin:campaigns_campaign_change", args=[key.campaign.pk])
    assert Key.objects.get().paused == (not paused)
    assert answer["Location"] == f"{back}#key-{key.pk}"
    assert key.history.count() == 2


def test_pausing_is_confirmed_without_javascript():
    key = make.make_key()
    page = browser(key.company).get(f"/admin/publishers/key/{key.pk}/pause/")
    line = "Requests with it are answered 403 until it is resumed."
    assert page.context["lines"] == (line,)
    assert Key.objects.get().paused is False


@pytest.mark.parametrize(("paused", "offered"), [(False, "pause"), (True, "resume")])
def test_the_page_offers_to_pause_an_active_key_and_to_resume_a_paused_one(paused, offered):
    key = make.make_key(paused=paused)
    page = browser(key.company).get(_page(key)).content.decode()
    assert [what for what in ("pause", "resume") if f"/key/{key.pk}/{what}/" in page] == [offered]


def test_revoking_takes_a_key_off_the_list():
    key = make.make_key()
    client = browser(key.company)
    client.post(f"/admin/publishers/key/{key.pk}/revoke/")
    assert Key.objects.get().is_dead(now=timezone.now()) is True
    assert list_rows(client, LIST) == []


def test_a_key_that_is_running_out_is_listed():
    key = make.make_key(retired_at=timezone.now() + timedelta(hours=1))
    assert list_rows(browser(key.company), LIST) == [key]


@pytest.mark.parametrize("action", ["roll", "revoke", "pause", "resume"])
def test_a_read_only_member_does_nothing_to_a_key(action):
    key = make.make_key()
    answer = browser(key.company, "read_only").post(
        f"/admin/publishers/key/{key.pk}/{action}/", {"overlap": "0"}
    )
    assert answer.status_code == 403
    assert list(Key.objects.values_list("retired_at", "paused")) == [(None, False)]


def test_a_key_is_not_rolled_twice():
    key = make.make_key()
    client = browser(key.company)
    pages = [
        client.post(f"/admin/publishers/key/{key.pk}/roll/", {"overlap": "3600"}, follow=True)
        for _ in range(2)
    ]
    assert [str(message) for message in pages[1].context["messages"]] == [
        "This key has been rolled over or revoked already."
    ]


@pytest.mark.parametrize(("requests", "expected"), [(3, "3"), (4, "4 or more"), (6, "4 or more")])
def test_requests_today_are_counted_up_to_a_limit(monkeypatch, requests, expected):
    monkeypatch.setattr(key_cards, "_MAX_COUNTED", 4)
    key = make.make_key()
    for _ in range(requests):
        make.make_entry(key.company, key_pk=key.pk)
    make.make_entry(key.company, key_pk=key.pk + 1)
    assert f"{expected} · <a" in browser(key.company).get(_page(key)).content.decode()


def test_a_key_shows_its_use():
    key = make.make_key()
    for hours in (0, 72):
        at = timezone.now() - timedelta(hours=hours)
        row = {
            "method": "POST",
            "path": "/rtbs",
            "parameters": {},
            "status": 200,
            "response": "",
            "result": "reserved",
            "duration_ms": 1,
        }
        LogEntry.objects.create(at=at, key_pk=key.pk, company_pk=key.company_id, **row)
    page = browser(key.company).get(_page(key)).content.decode()
    assert f'1 · <a href="/admin/publishers/logentry/?key_pk={key.pk}"' in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_for_more_keys(count, django_assert_num_queries):
    campaign = make.make_campaign()
    for _ in range(count):
        make.make_key(campaign=campaign)
    client = browser(campaign.company)
    with django_assert_num_queries(9):
        client.get(LIST)


def test_a_revoking_stays_when_a_page_that_was_read_before_is_saved():
    key, now = make.make_key(), timezone.now()
    client = browser(key.company)
    data = form_data(client, _page(key), name="renamed", setting_ttl_seconds="7")
    with during_save(lambda: Key.objects.get(pk=key.pk).retire(now=now)):
        client.post(_page(key), data)
    kept = Key.objects.get()
    recorded = key.history.first()
    assert [
        (row.name, row.settings["ttl_seconds"], row.retired_at) for row in (kept, recorded)
    ] == [("renamed", 7, now)] * 2


def test_a_page_on_which_nothing_changed_leaves_no_history():
    key = make.make_key()
    client = browser(key.company)
    client.post(_page(key), form_data(client, _page(key)))
    assert key.history.count() == 1


def test_a_handler_key_without_actions_says_so():
    key = make.make_key("call_control", buyer=make.make_buyer())
    page = browser(key.company).get(reverse("admin:campaigns_buyer_change", args=[key.buyer_id]))
    assert "This key allows nothing yet. Choose its actions." in page.content.decode()
