"""Put what the code says of itself in the place of ``{{ generated: NAME }}`` in a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import api_pages
import command_pages
import model_pages
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

#: Folder of the pages.
PAGES = Path(__file__).parents[1]

MARK = re.compile(r"\{\{ generated: ([a-z_]+)(?: ([a-z_]+))? \}\}")


def other_pages() -> str:
    """Names of the pages that the first page does not list by itself, so that none is out of reach."""
    listed = set((PAGES / "index.md").read_text(encoding="utf-8").split())
    return "\n".join(sorted(path.stem for path in PAGES.glob("*.md") if path.stem not in {*listed, "index"}))


MAKERS = {
    "other_pages": other_pages,
    "commands": command_pages.commands,
    "presets": model_pages.presets,
    "kinds": model_pages.kinds,
    "baselines": model_pages.baselines,
    "settings": model_pages.settings,
    "worlds": model_pages.worlds,
    "published": model_pages.published,
    "package": api_pages.package,
}


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    def made(match: re.Match[str]) -> str:
        name, argument = match.groups()
        if name not in MAKERS:
            raise ExtensionError(f"{page}: nothing generates {name!r}; known are {', '.join(MAKERS)}")
        return MAKERS[name](argument) if argument else MAKERS[name]()

    source[0] = MARK.sub(made, source[0])


def _check_packages(app: Sphinx) -> None:
    """Refuse a site that leaves out a package."""
    pages = {path.stem for path in (app.srcdir / "api").glob("*.md")} - {"index"}
    missing = set(api_pages.packages()) ^ pages
    if missing:
        raise ExtensionError(f"docs/api and the packages differ in: {', '.join(sorted(missing))}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill pages when they are read."""
    app.connect("builder-inited", _check_packages)
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
