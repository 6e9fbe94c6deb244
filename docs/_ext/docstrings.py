"""Docstrings of this project are plain text: a bar is a bar and a star is a star, outside of code."""

from __future__ import annotations

import inspect
import re
from types import GenericAlias
from typing import Annotated, Any, get_origin

from sphinx.application import Sphinx

#: What scikit-learn adds to every estimator, with references into its own documentation.
INHERITED = re.compile(r"set_\w+_request|get_metadata_routing")


def escape(line: str) -> str:
    """Escape bars and stars of a line, but for code in double backquotes and names of parameters such as ``*args``."""
    if re.match(r"\s*\*{1,2}\w+|\s*\* ", line):
        return line
    parts = re.split(r"(``.*?``)", line)
    return "".join(part if part.startswith("``") else re.sub(r"(?<!\\)([|*])", r"\\\1", part) for part in parts)


def _plain_text(app: Sphinx, what: str, name: str, owner: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [escape(line) for line in lines]


def _skip(app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any) -> bool | None:
    # names of types have no signature that could be shown
    typed = isinstance(member, GenericAlias) or get_origin(member) is Annotated
    # what a module imported is documented where it is written; left to itself, it is read in every module
    written = inspect.isclass(member) or inspect.isroutine(member)
    imported = what == "module" and written and member.__module__ != app.env.temp_data["autodoc:module"]
    return True if typed or imported or INHERITED.fullmatch(name) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Escape before numpydoc reads the sections."""
    app.connect("autodoc-process-docstring", _plain_text, priority=100)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
