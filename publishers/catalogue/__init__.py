"""The catalogue as a file: `read` its text, `apply` it to a company, `export` a company as one."""

from .application import apply
from .diff import Change, Changes
from .exporting import export
from .parse import read
from .problems import UnusableFile

__all__ = ["Change", "Changes", "UnusableFile", "apply", "export", "read"]
