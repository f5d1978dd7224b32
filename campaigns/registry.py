"""Growing by one file: finds the classes that the modules of a package declare."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

Declared = TypeVar("Declared")


def classes_declared_in(package: ModuleType, base: type[Declared]) -> list[type[Declared]]:
    """The concrete subclasses of `base` that the package's own modules declare, in the order of module names.

    A class is concrete when it has a `slug` of its own. Dropping a file into the package is all it takes.
    """
    found: list[type[Declared]] = []
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for _, member in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(member, base)
                and member.__module__ == module.__name__
                and "slug" in vars(member)
            ):
                found.append(member)
    return found
