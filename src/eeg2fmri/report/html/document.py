"""Pages as files: one place for the template engine, the size limit and complete-or-absent writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from eeg2fmri import __version__
from eeg2fmri.core.errors import InputError

#: A page must stay below this size, bytes.
LARGEST_PAGE = 15_000_000


def fill(template: str, **content: Any) -> str:
    """Return a template of this package as text; everything put in is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("eeg2fmri.report.html", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(version=__version__, **content)


def write_text(path: Path, text: str, what: str) -> Path:
    """Write a page under another name and rename it.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"the {what} cannot be written",
            where=str(path),
            got=error.strerror or str(error),
            hint="give a file name in a folder that exists and that you may write to",
        ) from None
    return path
