"""The catalogue as a file: `read` its text, `apply` it to a company, `export` a company as one."""

from .application import apply
from .diff import CatalogueChanges, RowChange
from .exporting import export
from .parse import parse_file
from .problems import UnusableFile

__all__ = ["CatalogueChanges", "RowChange", "UnusableFile", "apply", "export", "parse_file"]
