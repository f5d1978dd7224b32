"""Who works for a company, in which role, and the link with which a person chooses a password."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.db.models import Q

from .errors import Refusal
from .models import Company, Member
from .models.version import lock_version


class _LinkTokens(PasswordResetTokenGenerator):
    """Texts that prove a link: they die with time, with the password, and when the person comes to or leaves a company."""

    key_salt = "campaigns.members"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        places = sorted(Member.objects.filter(user=user).values_list("company_id", flat=True))
        return f"{super()._make_hash_value(user, timestamp)}{user.is_superuser}{places}"


tokens = _LinkTokens()


def member_name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def find_account(*, email: str, company: Company, everywhere: bool = False) -> User | None:
    """The account that whoever has this address works with already; None when there is none yet.

    Raises Refusal when it may not be added to the company: `everywhere` is the administrator, who may add everybody's
    people. Nobody else takes in another company's: the link to choose a password would open that company as well.
    """
    found = list(User.objects.filter(Q(username__iexact=email) | Q(email__iexact=email))[:2])
    if any(user.memberships.filter(company=company).exists() for user in found):
        raise Refusal("whoever has this address works here already")
    if not found:
        return None
    user = found[0]
    if (
        len(found) > 1
        or not user.is_active
        or user.is_superuser
        or (user.memberships.exists() and not everywhere)
    ):
        raise Refusal(
            "this address can’t be added here: ask the administrator of the installation to do it"
        )
    return user


def add_member(
    *,
    company: Company,
    email: str,
    first_name: str = "",
    last_name: str = "",
    role: str,
    everywhere: bool = False,
) -> Member:
    """Somebody begins to work for the company; who has no account yet gets one without a password. Raises Refusal."""
    with transaction.atomic():
        user = find_account(email=email, company=company, everywhere=everywhere)
        if user is None:
            name = {"email": email, "first_name": first_name, "last_name": last_name}
            user = User.objects.create_user(email.lower(), is_staff=True, **name)
        return Member.objects.create(company=company, user=user, role=role)


def _take_turn(member: Member) -> None:
    """Waits for whoever changes the people of the company. Refusal when that removed this one."""
    lock_version(member.company_id)
    if not Member.objects.filter(pk=member.pk).exists():
        raise Refusal("somebody else has removed this person meanwhile")


def check_still_owned(*, member: Member) -> None:
    """Raises Refusal when nobody else could add people and give roles, were this one no owner anymore."""
    rows = Member.objects.filter(company=member.company_id)
    others = rows.exclude(pk=member.pk).filter(role=Member.Role.OWNER, user__is_active=True)
    if rows.filter(pk=member.pk, role=Member.Role.OWNER).exists() and not others.exists():
        raise Refusal("this is the last owner: make somebody else an owner first")


def change_role(*, member: Member, role: str) -> None:
    """Raises Refusal for the last owner, and for who is gone. Of two owners who demote each other at once, one stays."""
    with transaction.atomic():
        _take_turn(member)
        if role != Member.Role.OWNER:
            check_still_owned(member=member)
        member.role = role
        member.save(update_fields=["role"])


def remove_member(*, member: Member) -> None:
    """The person no longer works for the company; their account and what they did stay. Raises Refusal for the last owner."""
    with transaction.atomic():
        _take_turn(member)
        check_still_owned(member=member)
        member.delete()


def may_receive_link(*, user: User, owned: Collection[int]) -> bool:
    """Whether an owner of these companies may make a link for the person: who holds it can be that person, everywhere."""
    places = set(user.memberships.values_list("company_id", flat=True))
    return user.is_active and not user.is_superuser and bool(places) and places <= set(owned)


def choose_password(*, user: User, token: str, password: str) -> None:
    """The bearer of a link chooses a password; Refusal when the link has died since it was looked at, by its use for one."""
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        if not held.is_active or not tokens.check_token(held, token):
            raise Refusal("this link no longer works")
        held.set_password(password)
        held.save(update_fields=["password"])
