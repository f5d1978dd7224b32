"""The company argument of commands."""

from django.core.management.base import CommandError
from django.db.models import Q

from campaigns.models import Company


def company_named(named: str | None) -> Company:
    """Return the company with this ID or name, or the only company.

    Raises CommandError with a list of the companies if the argument is ambiguous.
    """
    companies = Company.objects.unretired().order_by("name")
    found = list(companies.filter(Q(company_id=named) | Q(name=named)) if named else companies)
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{company.name} ({company.company_id})" for company in companies) or "none"
    raise CommandError(
        f"{f'no company {named};' if named else 'which company?'} there are: {known}"
    )
