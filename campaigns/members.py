"""Members of companies, and the password links of their accounts."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from .errors import Refusal
from .models import Company, Member
from .models.version import lock_version


class LinkTokens(PasswordResetTokenGenerator):
    """Tokens of password links; time, a new password and a new membership invalidate them."""

    key_salt = "campaigns.members"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        companies = sorted(Member.objects.filter(user=user).values_list("company_id", flat=True))
        return f"{super()._make_hash_value(user, timestamp)}{user.is_superuser}{companies}"


tokens = LinkTokens()


def member_name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def find_account(*, email: str, company: Company, everywhere: bool = False) -> User | None:
    """Return the account with this address; None when there is none.

    Raises Refusal when the account may not be added to the company. `everywhere` allows the
    members of other companies, for superusers.
    """
    found = list(User.objects.filter(Q(username__iexact=email) | Q(email__iexact=email))[:2])
    if any(user.memberships.filter(company=company).exists() for user in found):
        raise Refusal(_("This address already belongs to a member of the company."))
    if not found:
        return None
    user = found[0]
    # An owner could make a password link for an account of another company that they added, and
    # the link would open the other company as well.
    is_foreign = user.memberships.exists() and not everywhere
    if len(found) > 1 or not user.is_active or user.is_superuser or is_foreign:
        raise Refusal(_("You cannot add this address. Ask the administrator to add it."))
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
    """Add a member, with a new account without a password if needed. Raises Refusal."""
    with transaction.atomic():
        user = find_account(email=email, company=company, everywhere=everywhere)
        if user is None:
            name = {"email": email, "first_name": first_name, "last_name": last_name}
            user = User.objects.create_user(email.lower(), is_staff=True, **name)
        return Member.objects.create(company=company, user=user, role=role)


def lock_members(member: Member) -> None:
    """Wait for other changes of the company's members; raise Refusal if one removed this member."""
    lock_version(member.company_id)
    if not Member.objects.filter(pk=member.pk).exists():
        raise Refusal(_("Another user has removed this member."))


def check_still_owned(*, member: Member) -> None:
    """Raise Refusal if the company has no active owner beside this member."""
    rows = Member.objects.filter(company=member.company_id)
    others = rows.exclude(pk=member.pk).filter(role=Member.Role.OWNER, user__is_active=True)
    if rows.filter(pk=member.pk, role=Member.Role.OWNER).exists() and not others.exists():
        raise Refusal(_("This is the last owner. Make another member an owner first."))


def change_role(*, member: Member, role: str) -> None:
    """Give the member a role. Raises Refusal for the last owner and for a removed member."""
    with transaction.atomic():
        lock_members(member)  # of two owners that demote each other at once, one stays
        if role != Member.Role.OWNER:
            check_still_owned(member=member)
        member.role = role
        member.save(update_fields=["role"])


def remove_member(*, member: Member) -> None:
    """Remove a member from the company; the account and its history stay. Raises Refusal."""
    with transaction.atomic():
        lock_members(member)
        check_still_owned(member=member)
        member.delete()


def may_receive_link(*, user: User, owned: Collection[int]) -> bool:
    """Return whether an owner of the `owned` companies may make a password link for the user."""
    # The bearer of the link can log in as the user, in each company of the user.
    companies = set(user.memberships.values_list("company_id", flat=True))
    return user.is_active and not user.is_superuser and bool(companies) and companies <= set(owned)


def choose_password(*, user: User, token: str, password: str) -> None:
    """Set the password of a link's user. Raises Refusal when the link has become invalid."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active or not tokens.check_token(locked, token):
            raise Refusal(_("This link no longer works."))
        locked.set_password(password)
        locked.save(update_fields=["password"])
