"""Reads the imports and calls of a source tree and names every breach of the design's walls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

TENSORFLOW = ("tensorflow", "keras", "tf_keras")
TENSORFLOW_ROOMS = (
    "models.runtime",
    "models.runtime.*",
    "trials.*",
    "faults.*",
    "callbacks.watch",
    "callbacks.outputs",
)
# Whoever imports these is training, and has Keras already: a callback has to be a class of Keras'.
TRAINING_ROOMS = ("faults.*", "callbacks.watch")
# What a report, the gate's ruling, a comparison and a blueprint are made of.
FOR_RENDERERS = (
    "__version__",
    "results",
    "answer_results",
    "settings",
    "registry",
    "errors",
    "gate",
    "changes",
    "models.blueprint",
    "render",
)
COMPUTING = ("numpy", "scipy", "sklearn", "pandas", "PIL", "h5py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One module. name: dotted, without the package's own ("models.runtime", "" for the package)."""

    package: str
    name: str
    is_package: bool
    tree: ast.Module

    def lies_in(self, *rooms: str) -> bool:
        """Whether the name fits one of these patterns."""
        return any(fnmatch(self.name, room) for room in rooms)

    def imports(self) -> Iterator[Import]:
        """Every import at any depth, also of names given to `import_module` and `__import__`."""
        deep = {id(n) for f in ast.walk(self.tree) if isinstance(f, FUNCTIONS) for n in ast.walk(f)}
        typing = {id(n) for i in ast.walk(self.tree) if _is_for_typing(i) for b in i.body for n in ast.walk(b)}
        for node in ast.walk(self.tree):
            for target in self._targets(node):
                yield Import(
                    target=target, line=node.lineno, when_loaded=id(node) not in deep, runs=id(node) not in typing
                )

    def _targets(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            home = self._home(node)
            return [f"{home}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"} and node.args:
            first = node.args[0]
            return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []
        return []

    def _home(self, node: ast.ImportFrom) -> str:
        """The module that `from ... import` names, dots resolved."""
        if not node.level:
            return node.module or ""
        parts = f"{self.package}.{self.name}".rstrip(".").split(".")
        parts = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*parts, *([node.module] if node.module else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """target: dotted name. when_loaded: at the module's top. runs: not for type checkers alone."""

    target: str
    line: int
    when_loaded: bool
    runs: bool

    def of(self, *packages: str) -> bool:
        """Whether this is one of the packages or lies in one."""
        return any(self.target == p or self.target.startswith(p + ".") for p in packages)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _is_for_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _called(node: ast.Call) -> str:
    """The last part of the name that is called: `print`, `import_module`, `Console`."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def sources(root: Path) -> Iterator[Source]:
    """Every module below a package's folder."""
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
        yield Source(package=root.name, name=name, is_package=is_package, tree=tree)


def tensorflow_stays_in_its_rooms(source: Source) -> Iterator[str]:
    """Only the runtime, trials, faults and the callback import TensorFlow, and only the last two when loaded."""
    for found in source.imports():
        if not found.of(*TENSORFLOW):
            continue
        if not source.lies_in(*TENSORFLOW_ROOMS):
            yield f"line {found.line}: {found.target} outside its rooms"
        elif found.when_loaded and found.runs and not source.lies_in(*TRAINING_ROOMS):
            yield f"line {found.line}: {found.target} when the module is loaded"


def checks_know_no_ranking_and_no_rendering(source: Source) -> Iterator[str]:
    """A check sees a case and returns evidence."""
    if source.lies_in("checks", "checks.*"):
        beyond = [f"{source.package}.{room}" for room in ("ranking", "render", "cli", "api", "gate", "verdict")]
        yield from (f"line {i.line}: a check imports {i.target}" for i in source.imports() if i.of(*beyond))


def renderers_only_read_results(source: Source) -> Iterator[str]:
    """Renderers take a report apart; whatever computes is out of their reach."""
    if source.lies_in("render", "render.*"):
        known = [f"{source.package}.{room}" for room in FOR_RENDERERS]
        for found in source.imports():
            if found.of(source.package) and not found.of(*known):
                yield f"line {found.line}: a renderer imports {found.target}"
            if found.of(*COMPUTING):
                yield f"line {found.line}: a renderer computes with {found.target}"


def only_the_command_line_prints(source: Source) -> Iterator[str]:
    """No print, no standard stream, no console but one that writes to a string."""
    if source.lies_in("cli", "cli.*"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _called(node) in {"print", "pprint", "secho", "echo"}:
            on_console = isinstance(node.func, ast.Attribute) and source.lies_in("render.terminal*")
            if not on_console:
                yield f"line {node.lineno}: {ast.unparse(node.func)}()"
        elif isinstance(node, ast.Call) and _called(node) == "Console":
            if not any(k.arg == "file" for k in node.keywords):
                yield f"line {node.lineno}: a console on standard output"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr"}:
            yield f"line {node.lineno}: {ast.unparse(node)}"


def nobody_imports_click(source: Source) -> Iterator[str]:
    """Typer carries its own."""
    yield from (f"line {i.line}: {i.target}" for i in source.imports() if i.of("click"))


def statistics_know_arrays_only(source: Source) -> Iterator[str]:
    """Statistics take arrays; of the package they know results and each other."""
    if source.lies_in("stats", "stats.*"):
        known = (f"{source.package}.results", f"{source.package}.stats")
        outside = (i for i in source.imports() if i.of(source.package) and not i.of(*known))
        yield from (f"line {i.line}: statistics import {i.target}" for i in outside)


Wall = Callable[[Source], Iterator[str]]
WALLS: tuple[Wall, ...] = (
    tensorflow_stays_in_its_rooms,
    checks_know_no_ranking_and_no_rendering,
    renderers_only_read_results,
    only_the_command_line_prints,
    nobody_imports_click,
    statistics_know_arrays_only,
)


def breaches(wall: Wall, root: Path) -> list[str]:
    """Every breach of one wall in the package at `root`, as "module: line: what"."""
    return [f"{source.name}: {what}" for source in sources(root) for what in wall(source)]
