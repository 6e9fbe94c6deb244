"""Pages as files: one place for the template engine, the list of contents and the size limit."""

from __future__ import annotations

import re
from typing import Any

import jinja2

from eeg2fmri import __version__

#: A page must stay below this size, bytes.
LARGEST_PAGE = 15_000_000

#: List of contents, and the heading of a section of the page.
CONTENTS = re.compile(r'(<nav aria-label="Contents">).*?(</nav>)', re.DOTALL)
HEADING = re.compile(r'<h2 id="([\w-]+)-head">([^<]*)</h2>')


def fill(template: str, **content: Any) -> str:
    """Return a page as text: everything put into its template is escaped, and its sections are listed."""
    return with_contents(render(template, version=__version__, **content))


def render(template: str, **content: Any) -> str:
    """Return a template of this package, or a part of a page, as text; everything put in is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("eeg2fmri.report.html", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(content)


def with_contents(page: str) -> str:
    """List the sections that a page has now in its contents."""
    items = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in HEADING.findall(page))
    return CONTENTS.sub(lambda found: f"{found[1]}<ul>{items}</ul>{found[2]}", page, count=1)
