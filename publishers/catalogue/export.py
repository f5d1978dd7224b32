"""A company's catalogue as the text of a file that `apply` reads: minimal, in a stable order."""

from typing import Any

import yaml

from campaigns.models import Company

from .declare import CAMPAIGN_NUMBERS, key_sections
from .schema import COMPANY, SECTIONS, Shape
from .stored import StoredCatalogue, plain_key, plain_list, plain_number, plain_value, read_stored

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def export_company(company: Company) -> str:
    """The YAML of all that is not retired, keys and passwords included."""
    standing = read_stored(company)
    file: dict[str, Any] = {COMPANY.name: _item(COMPANY, company, standing)}
    for shape in SECTIONS:
        if rows := standing.rows[shape.noun]:
            file[shape.name] = [_item(shape, row, standing) for row in rows.values()]
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


def _item(shape: Shape, row: Any, standing: StoredCatalogue) -> dict[str, Any]:
    """A row with everything that it holds; empty lists are left out."""
    lists = {inner.name: list(plain_list(inner, row, standing)) for inner in shape.lists}
    if shape.noun == "campaign":
        lists |= {
            name: _numbers(row, in_pool, standing) for name, in_pool in CAMPAIGN_NUMBERS.items()
        }
    for name, key_types in key_sections(shape.noun).items():
        slugs = {key_type.slug for key_type in key_types}
        lists[name] = [
            plain_key(key)
            for key in standing.keys.get((shape.noun, row.pk), [])
            if key.type in slugs
        ]
    return plain_value(shape, row) | {name: items for name, items in lists.items() if items}


def _numbers(campaign: Any, in_pool: bool, standing: StoredCatalogue) -> list[Any]:
    rows = [
        row
        for row in standing.numbers.values()
        if (row.campaign_id, row.in_pool) == (campaign.pk, in_pool)
    ]
    return [plain_number(row) for row in rows]
