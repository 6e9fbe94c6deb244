"""Put figures and text of one's own into a page that was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError
from eeg2fmri.report.html.document import CONTENTS, LARGEST_PAGE, render, with_contents
from eeg2fmri.report.html.pictures import Picture, data_address

#: Kinds of pictures by the end of the file's name; as a picture, an SVG runs no script.
PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
TEXTS = (".txt", ".md")
#: Largest file, bytes: a page is read by people who get it by mail.
LARGEST = 5_000_000


@dataclass(frozen=True)
class Added:
    """What was added to a page: paragraphs of plain text, and pictures."""

    texts: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


def add_to_page(page: str | Path, items: Sequence[str | Path | Figure], captions: Sequence[str] = ()) -> Path:
    """Add figures and text of one's own to the end of a page; writing the page anew leaves them out.

    Parameters
    ----------
    page : path
        Page that `write_page` wrote.
    items : sequence of path or matplotlib Figure
        Pictures (PNG, JPEG, GIF, WebP, SVG), text files (.txt, .md; shown as they are), figures.
    captions : sequence of str
        Of the pictures and figures in their order; a file without one is called by its name.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If the page is none of eeg2fmri, a file is absent, too large or of another kind, or there are more captions
        than pictures.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from eeg2fmri.report import write_page
    >>> add_to_page(write_page("run", "page.html"), [Figure()], ["Where the electrodes lay."]).name
    'page.html'
    """
    added, page = read_added(items, captions), Path(page)
    text = _content(page, LARGEST_PAGE).decode("utf-8", errors="replace")
    before, end, after = text.rpartition("</main>")
    if not end or not CONTENTS.search(before):
        raise InputError("a page that was not written by eeg2fmri report", where=str(page), hint="write it first")
    number = before.count('id="added-') // 2 + 1
    part = render("added.html.j2", added=added, name=f"added-{number}")
    if len(text) + len(part) > LARGEST_PAGE:
        raise InputError(
            "the page would become too large",
            where=str(page),
            got=f"{(len(text) + len(part)) / 1e6:.1f} MB",
            expected=f"at most {LARGEST_PAGE / 1e6:.0f} MB",
            hint="add smaller pictures",
        )
    write_text(page, with_contents(before + part + end + after))
    return page


def read_added(items: Sequence[str | Path | Figure], captions: Sequence[str] = ()) -> Added:
    """Read what shall be added; see `add_to_page`."""
    texts, pictures, left = [], [], list(captions)
    for item in items:
        if not isinstance(item, Figure) and Path(item).suffix.lower() in TEXTS:
            texts.append(_content(Path(item)).decode("utf-8", errors="replace"))
            continue
        caption = left.pop(0) if left else ""
        pictures.append(_drawn(item, caption) if isinstance(item, Figure) else _read(Path(item), caption))
    if left:
        raise InputError(
            "there are more captions than pictures", got=f"{len(captions)}", expected=f"at most {len(pictures)}"
        )
    return Added(tuple(texts), tuple(pictures))


def _drawn(figure: Figure, caption: str) -> Picture:
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=150)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    address = data_address("image/png", stream.getvalue())
    return Picture(address, address, width, height, caption or "A figure that was added.", caption)


def _read(path: Path, caption: str) -> Picture:
    media_type = PICTURES.get(path.suffix.lower())
    if media_type is None:
        raise InputError(
            "a file of a kind that a page cannot show", where=str(path), expected=", ".join([*PICTURES, *TEXTS])
        )
    content = _content(path)
    width, height = _size(path, content)
    address = data_address(media_type, content)
    return Picture(address, address, width, height, caption or path.stem, caption or path.name)


def _content(path: Path, most: int = LARGEST) -> bytes:
    try:
        refuse_pipe(path)
        if path.stat().st_size > most:
            raise InputError(
                "a file is too large to be added to a page",
                where=str(path),
                got=f"{path.stat().st_size / 1e6:.1f} MB",
                expected=f"at most {most / 1e6:.0f} MB",
                hint="save it smaller, for example as PNG with 150 dots per inch",
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "a file to be added cannot be read", where=str(path), got=error.strerror or str(error)
        ) from error


def _size(path: Path, content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a picture; an SVG takes the width that it is given."""
    from PIL import Image, UnidentifiedImageError

    if path.suffix.lower() == ".svg":
        if b"<svg" not in content[:5000]:
            raise InputError("a file that is no SVG picture", where=str(path))
        return 480, 320
    try:
        with Image.open(BytesIO(content)) as image:
            return image.size
    except UnidentifiedImageError as error:
        raise InputError("a picture that cannot be read", where=str(path), got="no picture of a known kind") from error
