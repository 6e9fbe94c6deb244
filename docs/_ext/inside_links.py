"""Follow every link inside the site when it is built: pages, places in pages, pictures, downloads."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.addresses.add(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def broken_links(site: Path) -> list[str]:
    """Name every link that leads nowhere inside a built site.

    Parameters
    ----------
    site : Path
        Folder of the built pages.

    Returns
    -------
    list of str
        ``page: address``, sorted.
    """
    pages = {}
    for path in site.resolve().rglob("*.html"):
        pages[path] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    return sorted(f"{path.relative_to(site.resolve())}: {address}" for path, address in _broken(pages))


def _broken(pages: dict[Path, _Page]) -> Iterator[tuple[Path, str]]:
    for path, page in pages.items():
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place, known = unquote(parts.fragment), pages.get(target)
            if not target.is_file() or (place and known and place not in known.places):
                yield path, address


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        broken = broken_links(Path(app.outdir))
        if broken:
            raise ExtensionError("links inside the site lead nowhere:\n  " + "\n  ".join(broken))


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when the pages are written."""
    app.connect("build-finished", _check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
