"""Owners manage the members of their company; a link sets a password, once."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns import members
from campaigns.errors import Refusal
from campaigns.models import Company, Member
from tests import factories as make
from tests.admin_client import browser, during_save, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db
ADD, LIST = reverse("admin:campaigns_member_add"), reverse("admin:campaigns_member_changelist")
ANN = {
    "email": "Ann@example.com",
    "first_name": "Ann",
    "last_name": "Archer",
    "role": "account_manager",
}
PASSWORD = {"new_password1": "a-long-phrase-27", "new_password2": "a-long-phrase-27"}


def _page(member: Member, action: str = "change") -> str:
    return reverse("admin:campaigns_member_change", args=[member.pk]).replace(
        "change/", f"{action}/"
    )


def _link(page: Any) -> str:
    """The path with the query that stands on a page that hands a link over."""
    parts = urlsplit(str(page.context["link"]))
    return f"{parts.path}?{parts.query}"


def _member(company: Company, role: str = "account_manager", **fields: Any) -> Member:
    user = User.objects.create_user(f"worker{User.objects.count()}", is_staff=True, **fields)
    return Member.objects.create(company=company, user=user, role=role)


def test_an_owner_adds_a_member_that_then_chooses_a_password():
    company = make.make_company()
    page = browser(company).post(ADD, ANN)
    ann = Client()
    ann.post(_link(page), PASSWORD)
    member = Member.objects.get(user__email="Ann@example.com")
    assert member.company == company
    assert member.role == "account_manager"
    assert member.user.username == "ann@example.com"
    assert members.member_name(member.user) == "Ann Archer"
    assert ann.get(reverse("admin:campaigns_campaign_changelist")).context["user"] == member.user


def test_the_page_requires_the_email():
    page = browser(make.make_company()).get(ADD).text
    assert [f'name="{name}"' in page for name in ("email", "first_name", "last_name", "role")] == [
        True
    ] * 4


def test_the_link_is_stored_nowhere():
    page = browser(make.make_company()).post(ADD, ANN)
    assert "no-store" in page["Cache-Control"]
    assert page.text.count(page.context["link"].replace("&", "&amp;")) == 2


@pytest.mark.parametrize(
    "typed",
    [{"new_password1": "1234", "new_password2": "1234"}, {"new_password2": "another-phrase"}],
)
def test_a_password_that_is_no_good_is_refused_with_a_sentence(typed):
    page = browser(make.make_company()).post(ADD, ANN)
    answer = Client().post(_link(page), PASSWORD | typed)
    assert bool(answer.context["form"].errors) is True
    assert User.objects.get(email=ANN["email"]).has_usable_password() is False


def _used(link: str, **_: Any) -> None:
    Client().post(link, PASSWORD)


def _too_old(clock: Callable[[float], object], **_: Any) -> None:
    clock(3 * 24 * 3600 + 1)


def _removed(**_: Any) -> None:
    members.remove_member(member=Member.objects.get(user__email=ANN["email"]))


def _works_for_another(**_: Any) -> None:
    Member.objects.create(company=make.make_company(), user=User.objects.get(email=ANN["email"]))


def _made_administrator(**_: Any) -> None:
    User.objects.filter(email=ANN["email"]).update(is_superuser=True)


def _made_inactive(**_: Any) -> None:
    User.objects.filter(email=ANN["email"]).update(is_active=False)


@pytest.mark.parametrize(
    "happens", [_used, _too_old, _removed, _works_for_another, _made_administrator, _made_inactive]
)
def test_a_link_is_dead_when(happens, clock):
    link = _link(browser(make.make_company()).post(ADD, ANN))
    happens(link=link, clock=clock)
    answer = Client().get(link)
    assert answer.status_code == 410
    assert answer.context["title"] == "This link no longer works"


@pytest.mark.parametrize(
    "happens", [_used, _removed, _works_for_another, _made_administrator, _made_inactive]
)
def test_a_link_that_died_since_it_was_looked_at_sets_no_password(happens):
    link = _link(browser(make.make_company()).post(ADD, ANN))
    looked_at, before = (
        User.objects.get(email=ANN["email"]),
        User.objects.filter(email=ANN["email"]).values("password"),
    )
    happens(link=link)
    kept = before.get()
    with pytest.raises(Refusal, match="no longer works"):
        members.choose_password(
            user=looked_at, token=link.partition("token=")[2], password="another-phrase-28"
        )
    assert before.get() == kept


@pytest.mark.parametrize("query", ["", "?who=x&token=y", "?who=%FF&token=%00", "?who=MQ&token=1-1"])
def test_a_forged_link_is_expired(query):
    assert Client().get(reverse("set-password") + query).status_code == 410


@pytest.mark.parametrize("role", ["account_manager", "read_only"])
def test_only_owners_look_after_people(role):
    company = make.make_company()
    member, client = _member(company), browser(company, role)
    paths = [
        LIST,
        ADD,
        _page(member),
        _page(member, "link"),
        _page(member, "remove"),
        _page(member, "history"),
    ]
    assert [client.post(path, ANN).status_code for path in paths] == [403] * 5 + [404]
    assert Member.objects.filter(role="account_manager", company=company).count() == 1 + (
        role == "account_manager"
    )


def test_an_owner_sees_the_members_of_their_own_company_only():
    own, other = make.make_company(), make.make_company()
    client = browser(own)
    me = Member.objects.get()
    Member.objects.create(company=other, user=me.user, role="read_only")
    _member(other)
    assert list_rows(client, LIST) == [me]


def test_a_role_is_changed():
    company = make.make_company()
    member, client = _member(company), browser(company)
    assert (
        post_errors(client, _page(member), form_data(client, _page(member), role="read_only")) == []
    )
    assert Member.objects.get(pk=member.pk).role == "read_only"


def test_a_person_is_removed_and_keeps_the_account():
    company = make.make_company()
    member = _member(company)
    browser(company).post(_page(member, "remove"))
    assert Member.objects.filter(pk=member.pk).count() == 0
    assert User.objects.filter(pk=member.user_id).count() == 1


@pytest.mark.parametrize(("action", "data"), [("change", {"role": "read_only"}), ("remove", {})])
def test_a_member_that_another_user_removed_is_reported(action, data):
    company = make.make_company()
    member, client = _member(company), browser(company)
    with during_save(lambda: Member.objects.filter(pk=member.pk).delete()):
        answer = client.post(_page(member, action), data, follow=True)
    assert [str(each) for each in answer.context["messages"]] == [
        "Another user has removed this member."
    ]


@pytest.mark.parametrize("action", ["remove", "change"])
def test_the_last_owner_keeps_the_role(action):
    client = browser(make.make_company())
    me = Member.objects.get()
    answer = client.post(_page(me, action), {"role": "read_only"}, follow=True)
    assert "This is the last owner. Make another member an owner first." in answer.text
    assert Member.objects.get().role == "owner"


def test_an_owner_beside_another_may_go():
    company = make.make_company()
    client = browser(company)
    me = Member.objects.get()
    _member(company, "owner")
    client.post(_page(me, "remove"))
    assert client.get(LIST).status_code == 403


def test_an_inactive_owner_does_not_count_as_another_owner():
    company = make.make_company()
    owner = _member(company, "owner")
    _member(company, "owner", is_active=False)
    with pytest.raises(Refusal, match="the last owner"):
        members.remove_member(member=owner)


def test_of_two_owners_that_demote_each_other_one_stays():
    company = make.make_company()
    first, second = _member(company, "owner"), _member(company, "owner")
    members.change_role(member=first, role="read_only")
    with pytest.raises(Refusal, match="the last owner"):
        members.change_role(member=second, role="read_only")


# --- members of other companies ----------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [{"is_superuser": True}, {"is_active": False}, {}],
    ids=["superuser", "inactive", "another's"],
)
def test_an_owner_cannot_add_accounts_of_other_companies(fields):
    _member(make.make_company(), email="ann@EXAMPLE.com", **fields)
    company = make.make_company()
    wrong = "You cannot add this address. Ask the administrator to add it."
    assert post_errors(browser(company), ADD, ANN) == [wrong]
    assert company.members.count() == 1


@pytest.mark.parametrize(
    "accounts",
    [[{"is_superuser": True}], [{"is_active": False}], [{}, {}]],
    ids=["superuser", "inactive", "two"],
)
def test_an_owner_cannot_add_special_accounts_without_a_company(accounts):
    for fields in accounts:
        User.objects.create_user(
            f"somebody{User.objects.count()}", email="ann@example.com", **fields
        )
    with pytest.raises(Refusal, match="Ask the administrator"):
        members.find_account(email=ANN["email"], company=make.make_company())


def test_a_member_is_not_added_again():
    company = make.make_company()
    _member(company, email="ann@example.com")
    assert post_errors(browser(company), ADD, ANN) == [
        "This address already belongs to a member of the company."
    ]


def test_a_removed_member_can_be_added_again():
    company = make.make_company()
    client = browser(company)
    member = _member(company, email="ann@example.com", password="a-long-phrase-27")
    members.remove_member(member=member)
    said = client.post(ADD, ANN, follow=True).context["messages"]
    assert [str(each) for each in said] == [
        f"{member.user.username} is added, and logs in with the existing password."
    ]


def test_an_administrator_adds_another_companys_person():
    member, company = _member(make.make_company(), email="ann@example.com"), make.make_company()
    browser().post(f"{ADD}?company={company.pk}", ANN)
    assert company.members.get().user == member.user


@pytest.mark.parametrize(
    "fields", [{"is_superuser": True}, {"is_active": False}], ids=["superuser", "inactive"]
)
def test_no_owner_gets_a_link_for(fields):
    company = make.make_company()
    member = _member(company, **fields)
    assert browser(company).post(_page(member, "link")).status_code == 403


@pytest.mark.parametrize(("is_superuser", "status"), [(True, 403), (False, 200)])
def test_an_administrator_gets_no_link_for_another(is_superuser, status):
    member = _member(make.make_company(), is_superuser=is_superuser)
    assert browser().post(_page(member, "link")).status_code == status


def test_an_owner_gets_no_link_for_members_of_another_company():
    company = make.make_company()
    member = _member(company)
    Member.objects.create(company=make.make_company(), user=member.user)
    assert browser(company).post(_page(member, "link")).status_code == 403


def test_an_owner_changes_the_membership_in_their_own_company_alone():
    company, other = make.make_company(), make.make_company()
    member, client = _member(company), browser(company)
    theirs = Member.objects.create(company=other, user=member.user, role="owner")
    client.post(_page(member), form_data(client, _page(member), role="read_only"))
    assert client.post(_page(theirs), {"role": "read_only"}).status_code == 302
    assert Member.objects.get(pk=theirs.pk).role == "owner"


# --- own account and menu ----------------------------------------------------------------------
def test_everybody_changes_their_own_password():
    company = make.make_company()
    member = _member(company, "read_only", password="a-long-phrase-27")
    client = Client()
    client.force_login(member.user)
    typed = {
        "old_password": "a-long-phrase-27",
        "new_password1": "another-phrase-28",
        "new_password2": "another-phrase-28",
    }
    client.post(reverse("admin:password_change"), typed)
    assert User.objects.get(pk=member.user_id).check_password("another-phrase-28")


@pytest.mark.parametrize(
    ("role", "shown"),
    [("owner", ["People"]), ("account_manager", []), (None, ["People", "Accounts"])],
)
def test_the_menu_entries_of_each_role(role, shown):
    company = make.make_company()
    client = browser(company, role) if role else browser()
    told = client.get(reverse("admin:campaigns_campaign_changelist")).context["sidebar_navigation"]
    titles = [item["title"] for group in told for item in group["items"] if item["has_permission"]]
    assert [title for title in titles if title in {"People", "Accounts"}] == shown


def test_the_companys_page_leads_owners_to_its_people():
    company = make.make_company()
    pages = [
        browser(company, role)
        .get(reverse("admin:campaigns_company_change", args=[company.pk]))
        .text
        for role in ("owner", "read_only")
    ]
    owner = Member.objects.get(role="owner")
    assert [_page(owner) in page for page in pages] == [True, False]


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_of_the_list_do_not_grow_with_the_members(count, django_assert_num_queries):
    company = make.make_company()
    client = browser(company)
    for _ in range(count):
        _member(company)
    with django_assert_num_queries(9):
        client.get(LIST)
