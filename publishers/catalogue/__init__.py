"""The catalogue as a YAML file: parse it, apply it to a company, export a company."""

from .apply import apply_file
from .diff import CatalogueChanges, RowChange
from .export import export_company
from .parse import parse_file
from .problems import UnusableFile

__all__ = [
    "CatalogueChanges",
    "RowChange",
    "UnusableFile",
    "apply_file",
    "export_company",
    "parse_file",
]
