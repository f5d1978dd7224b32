"""The catalogue as a file: `read` its text, `apply` it to a company, `export` a company as one."""

from .applying import apply
from .differences import Change, Changes
from .exporting import export
from .problems import UnusableFile
from .reading import read

__all__ = ["Change", "Changes", "UnusableFile", "apply", "export", "read"]
