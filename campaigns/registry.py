"""Finds the classes that the modules of a package declare, so that one new file adds one."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

Declared = TypeVar("Declared")


def classes_declared_in(package: ModuleType, base: type[Declared]) -> list[type[Declared]]:
    """Return the concrete subclasses of `base` in the package's modules, by module name.

    A class is concrete when it defines a `slug`.
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
