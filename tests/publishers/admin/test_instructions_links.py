"""Instructions links in the admin: created, listed, renewed and switched off by editors."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Member
from publishers.instructions import links
from publishers.keys import rotation
from publishers.models import InstructionsLink, Key, Publisher
from tests.admin_client import browser, form_data, list_rows, post_errors
from tests.factories import make_buyer, make_campaign, make_company, make_key, make_publisher
from tests.publishers.instructions_pages import make_link, page_url

pytestmark = pytest.mark.django_db
ADD, LIST = (
    reverse("admin:publishers_instructionslink_add"),
    reverse("admin:publishers_instructionslink_changelist"),
)


def _page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _act(link: InstructionsLink, what: str) -> str:
    return reverse(f"admin:publishers_instructionslink_{what}", args=[link.pk])


# --- creating -------------------------------------------------------------------------------------
def test_a_campaigns_key_is_linked_with_the_chosen_publisher():
    key = make_key("rtb")
    publisher = make_publisher(key.company, name="Alpha")
    answer = browser(key.company).post(f"{ADD}?key={key.pk}", {"publisher": publisher.pk})
    made = InstructionsLink.objects.get()
    assert made.key == key
    assert made.publisher == publisher
    assert answer["Location"] == _page(made)


def test_a_publisher_is_sent_a_chosen_key():
    key = make_key("call_reservation")
    publisher = make_publisher(key.company)
    browser(key.company).post(f"{ADD}?publisher={publisher.pk}", {"key": key.pk})
    assert InstructionsLink.objects.get().key == key
    assert InstructionsLink.objects.get().publisher == publisher


@pytest.mark.parametrize("key_type", ["call_data_writing", "conversion", "account"])
def test_an_owners_key_needs_no_choice(key_type):
    key = make_key(key_type)
    browser(key.company).post(f"{ADD}?key={key.pk}")
    assert InstructionsLink.objects.get().key == key
    assert InstructionsLink.objects.get().publisher == key.publisher


def test_the_form_offers_publishers_without_a_link():
    key = make_key("rtb")
    for name in ("Beta", "Gamma"):
        make_publisher(key.company, name=name)
    make_publisher(key.company, name="Gone", retired_at=timezone.now())
    make_publisher(name="Another's")
    make_link(key)
    form = browser(key.company).get(f"{ADD}?key={key.pk}").context["form"]
    assert [publisher.name for publisher in form.fields["publisher"].queryset] == ["Beta", "Gamma"]


def test_a_publisher_is_offered_the_campaigns_keys_that_it_was_not_sent():
    had = make_link(make_key("rtb", name="Had"))
    campaign = make_campaign(had.company, name="Plumbing")
    make_key("rtb", campaign=campaign, name="Pings")
    make_key("rtb", campaign=campaign, name="Revoked", retired_at=timezone.now())
    make_key("account", company=had.company)
    make_key("rtb")
    form = browser(had.company).get(f"{ADD}?publisher={had.publisher.pk}").context["form"]
    assert [label for _, label in form.fields["key"].choices] == [
        "Plumbing: Real-time bidding, Pings"
    ]


@pytest.mark.parametrize(
    ("owner", "line"),
    [
        ("key", "Every publisher has a link to this key. Add a publisher first."),
        (
            "publisher",
            "This publisher has links to all keys of campaigns. "
            "Add a key at the bottom of a campaign's page first.",
        ),
    ],
)
def test_without_choices_the_page_says_what_to_do(owner, line):
    link = make_link(make_key("rtb"))
    row = getattr(link, owner)
    assert browser(link.company).get(f"{ADD}?{owner}={row.pk}").context["lines"] == [line]


def test_a_second_time_leads_to_the_first():
    link = make_link(make_key("conversion"))
    answer = browser(link.company).get(f"{ADD}?key={link.key.pk}")
    assert answer["Location"] == _page(link)
    assert InstructionsLink.objects.count() == 1


def test_a_second_link_redirects_to_the_first():
    key = make_key("rtb")
    publisher = make_publisher(key.company)
    first = links.create_link(key=key, publisher=publisher, now=timezone.now())
    answer = browser(key.company).post(f"{ADD}?key={key.pk}&publisher={publisher.pk}")
    assert answer["Location"] == _page(first)
    assert InstructionsLink.objects.count() == 1


def test_without_a_key_it_begins_with_a_publisher():
    publisher = make_publisher(name="Alpha", publisher_id="alpha")
    choices = browser(publisher.company).get(ADD).context["choices"]
    assert choices == [(f"?publisher={publisher.pk}", "Alpha", "Publisher ID alpha")]


# --- lists ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("owner", ["key", "publisher", "itself"])
def test_its_link_is_copied_and_opened_where_it_is_looked_for(owner):
    link = make_link(make_key("rtb"))
    row = link if owner == "itself" else getattr(link, owner)
    page = browser(link.company).get(_page(row)).content.decode()
    url = f"http://testserver{page_url(link)}"
    assert page.count(f'data-copy="{url}"') == 1
    assert page.count(f'href="{url}"') == 1


def test_the_campaigns_page_lists_the_links_of_its_keys():
    key = make_key("rtb")
    for number in range(5):
        make_link(key, make_publisher(key.company, name=f"Publisher {number}"))
    (inline,) = (
        one
        for one in browser(key.company).get(_page(key.campaign)).context["inline_admin_formsets"]
        if one.opts.model is Key
    )
    (card,) = inline.formset.cards
    assert [str(one.publisher) for one in card.links] == [
        "Publisher 0",
        "Publisher 1",
        "Publisher 2",
    ]
    assert card.more_links == 2


@pytest.mark.parametrize(
    ("rolled", "offers"), [(False, 1), (True, 0)], ids=["as ever", "rolled over"]
)
@pytest.mark.parametrize("key_type", ["rtb", "conversion"])
def test_a_key_offers_a_link_until_it_is_rolled_over(key_type, rolled, offers):
    key = make_key(key_type)
    if rolled:
        rotation.roll_key(key=key, overlap=timedelta(days=1), now=timezone.now())
    page = browser(key.company).get(_page(key.owner)).content.decode()
    assert page.count(f'href="{ADD}?key={key.pk}"') == offers


def test_the_card_names_its_creator_and_renewer(clock):
    key = make_key("conversion")
    anna, ben = browser(key.company), browser(key.company, "account_manager")
    anna.post(f"{ADD}?key={key.pk}")
    clock(86_400)
    ben.post(_act(InstructionsLink.objects.get(), "renew"))
    clock(60)
    (card,) = anna.get(_page(key)).context["inline_admin_formsets"][0].formset.cards
    created, renewed = (
        "May 5, 2026, 12:00:00 UTC by person0",
        "May 6, 2026, 12:00:00 UTC by person1",
    )
    assert card.created == f"{created}; renewed {renewed}"


def test_the_pages_that_list_it_can_be_saved():
    link = make_link(make_key("rtb"))
    client = browser(link.company)
    for row, name in ((link.publisher, "New"), (link.key, "Newer")):
        assert post_errors(client, _page(row), form_data(client, _page(row), name=name)) == []
    assert Publisher.objects.get().name == "New"
    assert Key.objects.get().name == "Newer"
    assert InstructionsLink.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    key = make_key("rtb")
    for _ in range(count):
        make_link(key, make_publisher(key.company))
    client = browser(key.company)
    with django_assert_num_queries(10):
        client.get(LIST)


@pytest.mark.parametrize("count", [1, 3])
def test_an_owners_page_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    publisher = make_publisher()
    for _ in range(count):
        make_link(make_key("call_data_writing", publisher=publisher))
    client = browser(publisher.company)
    with django_assert_num_queries(12):
        client.get(_page(publisher))


def test_the_new_keys_page_lists_it():
    link = make_link(make_key("conversion"))
    new = rotation.roll_key(key=link.key, overlap=timedelta(days=1), now=timezone.now())
    assert page_url(link) in browser(link.company).get(_page(new)).content.decode()


# --- renewed and switched off ---------------------------------------------------------------------
def test_renewing_is_confirmed_and_changes_the_link():
    link = make_link(make_key("conversion"))
    client = browser(link.company)
    line = client.get(_act(link, "renew")).context["lines"][0]
    client.post(_act(link, "renew"))
    changed = InstructionsLink.objects.get().token != link.token
    assert line == "Creates a new link. The old link stops working at once."
    assert changed is True


def test_switching_off_takes_it_off_the_keys_page_and_keeps_it_on_the_list():
    link = make_link(make_key("conversion"))
    client = browser(link.company)
    client.post(_act(link, "switch_off"))
    assert (page_url(link) in client.get(_page(link.key)).content.decode()) is False
    assert list_rows(client, LIST) == [link]


def test_a_disabled_link_stays_disabled():
    link = make_link(make_key("conversion"))
    links.disable_link(link=link, now=timezone.now())
    client = browser(link.company)
    answers = [client.post(_act(link, what)).status_code for what in ("renew", "switch_off")]
    assert answers == [403, 403]
    assert (page_url(link) in client.get(_page(link)).content.decode()) is False


# --- companies ------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["read_only", "another's owner"])
def test_links_are_hidden_from_other_users(who):
    link = make_link(make_key("rtb"))
    client = browser(link.company, who) if who == "read_only" else browser(make_company())
    pages = [
        LIST,
        _page(link),
        _page(link.key),
        _page(link.publisher),
        _page(link.key.campaign),
    ]
    contents = [client.get(url, follow=True).content.decode() for url in pages]
    assert [
        str(link.token) in page or f"{ADD}?" in page or _page(link) in page for page in contents
    ] == [False] * 5


def test_who_edits_in_one_company_and_reads_in_another_sees_the_first_ones():
    mine, read = make_link(make_key("conversion")), make_link(make_key("conversion"))
    client = browser(mine.company, "account_manager")
    Member.objects.create(company=read.company, user=User.objects.get(), role="read_only")
    assert list_rows(client, LIST) == [mine]
    assert client.get(_page(read)).status_code == 302


@pytest.mark.parametrize("who", ["read_only", "another's owner"])
@pytest.mark.parametrize("what", ["renew", "switch_off"])
def test_links_cannot_be_changed_by_other_users(who, what):
    link = make_link(make_key("rtb"))
    client = browser(link.company, who) if who == "read_only" else browser(make_company())
    statuses = [
        client.get(_act(link, what)).status_code,
        client.post(_act(link, what)).status_code,
    ]
    kept = InstructionsLink.objects.get()
    assert statuses == [403, 403]
    assert kept.token == link.token
    assert kept.switched_off_at is None


@pytest.mark.parametrize("who", ["read_only", "another's owner"])
@pytest.mark.parametrize("named", ["key", "publisher"])
def test_others_create_no_links(who, named):
    key = make_key("rtb")
    publisher = make_publisher(key.company)
    client = browser(key.company, who) if who == "read_only" else browser(make_company())
    row = {"key": key, "publisher": publisher}[named]
    answer = client.post(f"{ADD}?{named}={row.pk}", {"key": key.pk, "publisher": publisher.pk})
    assert answer.status_code == 404
    assert InstructionsLink.objects.count() == 0


def test_another_companys_publisher_is_no_choice():
    key = make_key("rtb")
    make_publisher(key.company)
    answer = browser(key.company).post(f"{ADD}?key={key.pk}", {"publisher": make_publisher().pk})
    assert answer.context["form"].errors["publisher"] == [
        "Select a valid choice. That choice is not one of the available choices."
    ]


@pytest.mark.parametrize(
    "query", ["key=x", "key=999999", "publisher=%00", "key=" + "9" * 10_000, "key=&publisher="]
)
def test_an_invalid_row_in_the_url_is_not_found(query):
    key = make_key("conversion", buyer=make_buyer())
    assert browser(key.company).get(f"{ADD}?{query}").status_code == 404
