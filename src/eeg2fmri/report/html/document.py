"""Pages as files: one place for the template engine and the size limit."""

from __future__ import annotations

from typing import Any

import jinja2

from eeg2fmri import __version__

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
