"""Reads a module's syntax tree and says which rules of the house it breaks; see docs/architecture.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

FLOORS = (
    "campaigns",
    "publishers",
    "reservations",
    "callcontrol",
    "datawriting",
)  # imports go from right to left
GROUND = (
    "config.http",
    "config.db.sqlite",
    "config.db.insert",
    "config.db.advisory_locks",
    "config.http.client",
)
ENTRANCES = {"api", "admin", "apps", "carrier_events", "management", "tasks"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "services", "managers", "mixins", "misc"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef
REFERENCE = re.compile(rf"({'|'.join(FLOORS)})(\.\w+)+")


def module_name(path: PurePath) -> str:
    """The dotted name of a file: `callcontrol/api/__init__.py` is `callcontrol.api`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_ground(module: str) -> bool:
    return any(module == ground or module.startswith(ground + ".") for ground in GROUND)


def entrance(module: str) -> str | None:
    """The entrance that a module is, or lies in: `callcontrol.api` for `callcontrol.api.calls`."""
    parts = module.split(".")
    return (
        ".".join(parts[:2])
        if parts[0] in FLOORS and len(parts) > 1 and parts[1] in ENTRANCES
        else None
    )


def imported(tree: ast.Module, path: PurePath) -> Iterator[tuple[int, str]]:
    """Each module, or name in a module, that a file imports, with its line; relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = path.parts[: len(path.parts) - node.level] if node.level else ()
            base = ".".join([*here, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each text that names something in an app, such as "callcontrol.Call" or the "callcontrol" of a get_model call."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and REFERENCE.fullmatch(node.value)
        ):
            yield node.lineno, node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get_model"
        ):
            yield from (
                (node.lineno, a.value)
                for a in node.args[:1]
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )


def breaks_floors(source: str, target: str) -> bool:
    """Whether module `source` may not know `target`: it is above, or it is the roof."""
    below, above = source.split(".")[0], target.split(".")[0]
    if below == "config" and not is_ground(source):
        return False  # the roof may name everything
    if above == "config":
        return not is_ground(target)
    return above in FLOORS and (below not in FLOORS or FLOORS.index(above) > FLOORS.index(below))


def breaks_entrances(source: str, target: str) -> bool:
    """Whether `target` is an entrance that module `source` does not lie in; the roof alone may use those of others."""
    return source.split(".")[0] != "config" and entrance(target) not in {None, entrance(source)}


def import_faults(path: PurePath, text: str) -> list[str]:
    """What a file of the product may not import or name, each as `line: why`."""
    tree, source = ast.parse(text), module_name(path)
    edges = list(imported(tree, path))
    faults = [
        (line, f"{target} is above")
        for line, target in [*edges, *named(tree)]
        if breaks_floors(source, target)
    ]
    faults += [
        (line, f"{target} is an entrance")
        for line, target in edges
        if breaks_entrances(source, target)
    ]
    return [f"{path}:{line}: {why}" for line, why in sorted(set(faults))]


def functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def size(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def function_faults(function: Function) -> Iterator[tuple[int, str]]:
    """Each line of a function that breaks a rule, and why."""
    if size(function) > LONGEST_FUNCTION:
        yield function.lineno, f"{function.name} has {size(function)} lines"
    for node in ast.walk(function):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node.lineno, f"an import inside {function.name}"


def budget_faults(path: PurePath, text: str) -> list[str]:
    """Where any file, tests included, is too long, unexplained, unfittingly named or imports too late."""
    tree, lines = ast.parse(text), text.count("\n")
    faults = [f"{path}: {lines} lines"] if lines > LONGEST_FILE else []
    faults += (
        [f"{path}: no opening line that says its duty"]
        if tree.body and not ast.get_docstring(tree)
        else []
    )
    faults += (
        [f"{path}: a name that says nothing"]
        if FORBIDDEN_NAMES & set(path.with_suffix("").parts)
        else []
    )
    return faults + [
        f"{path}:{line}: {why}"
        for function in functions(tree)
        for line, why in function_faults(function)
    ]
