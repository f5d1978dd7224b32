"""Find what breaks the layout's rules in a module's syntax tree; see docs/architecture.md."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

APPS = ("campaigns", "publishers", "reservations", "callcontrol", "datawriting")  # low to high
FOUNDATION = ("config.http", "config.db")  # below every app; the rest of config is above them
# Entry points translate between the outside and the domain: nothing in the domain imports them.
ENTRY_POINTS = {"api", "admin", "apps", "management", "tasks"}
MOST_ENTRIES = 12
# Django names these; they do not count as entries of an app.
DJANGO_ENTRIES = {"admin", "apps", "management", "migrations", "models", "static", "tasks"}
EMPTY_NAMES = {"utils", "helpers", "common", "services", "managers", "mixins", "misc"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef
REFERENCE = re.compile(rf"({'|'.join(APPS)})(\.\w+)+")
Edge = tuple[str, str]


def module_name(path: PurePath) -> str:
    """The dotted name of a file: `callcontrol/api/__init__.py` is `callcontrol.api`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_foundation(module: str) -> bool:
    return any(module == base or module.startswith(base + ".") for base in FOUNDATION)


def entry_point(module: str) -> str | None:
    """The entry point that holds a module: `callcontrol.api` for `callcontrol.api.calls`."""
    parts = module.split(".")
    is_entry = parts[0] in APPS and len(parts) > 1 and parts[1] in ENTRY_POINTS
    return ".".join(parts[:2]) if is_entry else None


def imports(tree: ast.Module, path: PurePath) -> Iterator[tuple[int, str]]:
    """Line and absolute name of each module, or name in a module, that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.parts[: len(path.parts) - node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def references(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of each string that names something in an app, such as "callcontrol.Call"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if REFERENCE.fullmatch(node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_model":
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def imports_upward(source: str, target: str) -> bool:
    """Whether `target` lies in a layer above module `source`."""
    source_top, target_top = source.split(".")[0], target.split(".")[0]
    if source_top == "config" and not is_foundation(source):
        return False  # the top layer may import everything
    if target_top == "config":
        return not is_foundation(target)
    if target_top not in APPS:
        return False
    return source_top not in APPS or APPS.index(target_top) > APPS.index(source_top)


def imports_entry_point(source: str, target: str) -> bool:
    """Whether `target` is an entry point that `source` may not import.

    An entry point may import itself and the same kind in a lower app: `callcontrol.admin` may
    import `publishers.admin`. The top layer may import all of them.
    """
    if source.split(".")[0] == "config" or entry_point(target) is None:
        return False
    source_entry = entry_point(source)
    if source_entry is None:
        return True
    return source_entry.split(".")[1] != entry_point(target).split(".")[1]  # type: ignore[union-attr]


def import_faults(path: PurePath, text: str) -> list[str]:
    """Forbidden imports and references of a source file, each as `path:line: reason`."""
    tree, source = ast.parse(text), module_name(path)
    edges = list(imports(tree, path))
    faults = [
        (line, f"{target} is in a higher layer")
        for line, target in [*edges, *references(tree)]
        if imports_upward(source, target)
    ]
    faults += [
        (line, f"{target} is an entry point")
        for line, target in edges
        if imports_entry_point(source, target)
    ]
    return [f"{path}:{line}: {reason}" for line, reason in sorted(set(faults))]


def package_edges(files: Mapping[PurePath, str]) -> dict[Edge, str]:
    """Imports between two packages of one app, each with the file that holds the first of them."""
    edges: dict[Edge, str] = {}
    for path, text in files.items():
        source = module_name(path).split(".")
        for _, target in imports(ast.parse(text), path):
            parts = target.split(".")
            is_inside = source[0] in APPS and parts[0] == source[0]
            if is_inside and len(parts) > 1 and len(source) > 1 and parts[1] != source[1]:
                edges.setdefault((".".join(source[:2]), ".".join(parts[:2])), str(path))
    return edges


def package_circles(files: Mapping[PurePath, str]) -> list[str]:
    """Imports that close a circle between packages of an app, each as `path: from -> to`."""
    edges = package_edges(files)
    targets: dict[str, set[str]] = defaultdict(set)
    for source, target in edges:
        targets[source].add(target)

    def reachable(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            fresh = targets[waiting.pop()] - found
            found |= fresh
            waiting += fresh
        return found

    return sorted(
        f"{path}: {source} -> {target}"
        for (source, target), path in edges.items()
        if source in reachable(target)
    )


def app_entries(files: Iterable[PurePath], app: str) -> set[str]:
    """The modules and packages at an app's top level, without those that Django names."""
    names = {
        path.parts[1].removesuffix(".py")
        for path in files
        if path.parts[0] == app and len(path.parts) > 1
    }
    return names - DJANGO_ENTRIES - {"__init__"}


def public_names(
    files: Mapping[PurePath, str], kind: type[ast.ClassDef | ast.FunctionDef]
) -> Counter[str]:
    """How often each public name of a module-level class or function occurs in the files."""
    return Counter(
        node.name
        for text in files.values()
        for node in ast.parse(text).body
        if isinstance(node, kind) and not node.name.startswith("_")
    )


def functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def size(function: Function) -> int:
    """The lines of a function, its signature and docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def single_use_helpers(text: str) -> list[str]:
    """The private functions of a module that the module names once."""
    tree = ast.parse(text)
    uses = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    uses += Counter(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return [
        function.name
        for function in functions(tree)
        if function.name.startswith("_")
        and not function.name.startswith("__")
        and uses[function.name] <= 1
    ]


def budget_faults(path: PurePath, text: str) -> list[str]:
    """Where a file is too long, has no docstring or an empty name, or imports in a function."""
    tree, lines = ast.parse(text), text.count("\n")
    faults = [f"{path}: {lines} lines"] if lines > LONGEST_FILE else []
    if tree.body and not ast.get_docstring(tree):
        faults.append(f"{path}: no module docstring")
    if EMPTY_NAMES & set(path.with_suffix("").parts):
        faults.append(f"{path}: a name that says nothing")
    for function in functions(tree):
        if size(function) > LONGEST_FUNCTION:
            faults.append(f"{path}:{function.lineno}: {function.name} has {size(function)} lines")
        faults += [
            f"{path}:{node.lineno}: an import inside {function.name}"
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
    return faults
