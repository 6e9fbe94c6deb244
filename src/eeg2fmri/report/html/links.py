"""Give addresses of pages beside a page."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def link(page: Path, beside: Path) -> str:
    """Return the address of a page, as a page in the folder `beside` finds it; empty if there is none."""
    if not page.is_file():
        return ""
    # a folder may be called what an address may not: spaces, #, ?
    return "./" + quote(Path(os.path.relpath(page.resolve(), beside.resolve())).as_posix())
