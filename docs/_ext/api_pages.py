"""The modules of a package as Markdown with autodoc directives: a table, then every public name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def package(name: str) -> str:
    """Return the documentation of every module of ``eeg2fmri.<name>``; nothing is imported here."""
    modules = list(_modules(f"eeg2fmri.{name}"))
    lines = ["| module | holds |", "|---|---|"]
    lines += [f"| {{py:mod}}`{module}` | {doc} |" for module, doc, _ in modules]
    for module, _, is_package in modules:
        # what a package offers by name is documented where it is written
        members = [] if is_package else ["   :members:"]
        lines += ["", f"## `{module}`", "", "```{eval-rst}", f".. automodule:: {module}", *members, "```"]
    return "\n".join(lines)


def _modules(name: str) -> Iterator[tuple[str, str, bool]]:
    """Give name, first sentence, and whether it is a package, of each public module and package."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        parts = parts[:-1] if is_package else parts
        if any(part.startswith("_") for part in parts):
            continue
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        yield ".".join((name, *parts)), doc.split("\n\n")[0].replace("\n", " ").replace("|", r"\|"), is_package


def packages() -> list[str]:
    """Names of the packages, in alphabetical order."""
    spec = find_spec("eeg2fmri")
    assert spec is not None
    assert spec.origin is not None
    return sorted(path.parent.name for path in Path(spec.origin).parent.glob("*/__init__.py"))
