"""The company that somebody named on the command line."""

from django.core.management.base import CommandError
from django.db.models import Q

from campaigns.models import Company


def company_named(named: str | None) -> Company:
    """By its ID or name, or the only one there is; CommandError that lists them all when that is not one."""
    companies = Company.objects.unretired().order_by("name")
    found = list(companies.filter(Q(company_id=named) | Q(name=named)) if named else companies)
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{company.name} ({company.company_id})" for company in companies) or "none"
    raise CommandError(
        f"{f'no company {named};' if named else 'which company?'} there are: {known}"
    )
