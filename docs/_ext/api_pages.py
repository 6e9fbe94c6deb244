"""The modules of a package as Markdown with autodoc directives: a table, then every public name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def package(name: str) -> str:
    """Return the documentation of every module of ``eeg2fmri.<name>``; no module is run here."""
    modules = list(_modules(f"eeg2fmri.{name}"))
    lines = ["| module | holds |", "|---|---|"]
    lines += [f"| {{py:mod}}`{module}` | {doc} |" for module, doc in modules]
    for module, _ in modules:
        # what a package offers by name is documented where it is written
        members = [] if _is_package(module) else ["   :members:"]
        lines += ["", f"## `{module}`", "", "```{eval-rst}", f".. automodule:: {module}", *members, "```"]
    return "\n".join(lines)


def _modules(name: str) -> Iterator[tuple[str, str]]:
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if any(part.startswith("_") for part in parts):
            continue
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        yield ".".join((name, *parts)), doc.split("\n\n")[0].replace("\n", " ").replace("|", r"\|")


def _is_package(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def packages() -> list[str]:
    """Names of the packages, in alphabetical order."""
    spec = find_spec("eeg2fmri")
    assert spec is not None
    assert spec.origin is not None
    return sorted(path.parent.name for path in Path(spec.origin).parent.glob("*/__init__.py"))
