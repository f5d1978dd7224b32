"""Export a company's catalogue as YAML that `apply` reads: minimal, and in a stable order."""

from typing import Any

import yaml

from campaigns.models import Company

from .declare import CAMPAIGN_NUMBERS, key_sections
from .schema import COMPANY, SECTIONS, Shape
from .stored import StoredCatalogue, plain_key, plain_list, plain_number, plain_value, read_stored

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def export_company(company: Company) -> str:
    """Return the YAML of all rows that are not retired, with their keys and passwords."""
    stored = read_stored(company)
    file: dict[str, Any] = {COMPANY.name: _item(COMPANY, company, stored)}
    for shape in SECTIONS:
        if rows := stored.rows[shape.noun]:
            file[shape.name] = [_item(shape, row, stored) for row in rows.values()]
    return str(
        yaml.dump(
            file,
            Dumper=_DUMPER,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=None,
            width=120,
        )
    )


def _item(shape: Shape, row: Any, stored: StoredCatalogue) -> dict[str, Any]:
    """Return a row with its lists; empty lists are left out."""
    lists = {inner.name: list(plain_list(inner, row, stored)) for inner in shape.lists}
    if shape.noun == "campaign":
        for name, in_pool in CAMPAIGN_NUMBERS.items():
            lists[name] = [
                plain_number(number)
                for number in stored.numbers.values()
                if number.campaign_id == row.pk and number.in_pool == in_pool
            ]
    for name, key_types in key_sections(shape.noun).items():
        slugs = {key_type.slug for key_type in key_types}
        lists[name] = [
            plain_key(key) for key in stored.keys.get((shape.noun, row.pk), []) if key.type in slugs
        ]
    return plain_value(shape, row) | {name: items for name, items in lists.items() if items}
