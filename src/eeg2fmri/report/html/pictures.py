"""Figures as pictures inside a page: light and dark version, words for those who cannot see them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from eeg2fmri.report.figures.style import DARK, LIGHT, Styled

#: Dots per inch of pictures of volumes: sharp on screens with two pixels a point.
DPI = 190


@dataclass(frozen=True)
class Picture:
    """One figure of a page.

    Attributes
    ----------
    light, dark : str
        Data addresses of the picture in both themes.
    width, height : int
        Natural size, CSS pixels.
    alt : str
        What the picture shows, in words.
    caption : str
        What it means and how it was made.
    wide : Picture or None
        The same, drawn for a wide screen.
    """

    light: str
    dark: str
    width: int
    height: int
    alt: str
    caption: str
    wide: Picture | None = None


def picture(
    figure: Styled[Any],
    *args: Any,
    alt: str,
    caption: str,
    kind: str = "svg",
    wide: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Picture:
    """Draw a figure in both themes.

    Parameters
    ----------
    figure : Styled
        One of the figure functions.
    *args, **settings
        Its arguments.
    alt, caption : str
        See `Picture`.
    kind : {"svg", "png"}
        SVG for lines and text, PNG for volumes.
    wide : mapping or None
        More of its arguments, to draw it for wide screens too where it is taller than wide.
    """
    drawn: list[Callable[..., Figure]] = [figure.in_theme(LIGHT), figure.in_theme(DARK)]
    light, dark = (draw(*args, **settings) for draw in drawn)
    width, height = (round(96 * inches) for inches in light.get_size_inches())
    other = None
    if wide is not None and height > width:
        other = picture(figure, *args, alt=alt, caption=caption, kind=kind, **{**settings, **wide})
    return Picture(_address(light, kind), _address(dark, kind), width, height, alt, caption, other)


def _address(figure: Figure, kind: str) -> str:
    stream = BytesIO()
    metadata = {"Date": None} if kind == "svg" else {}
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "eeg2fmri"}):
        figure.savefig(stream, format=kind, dpi=DPI, metadata=metadata, facecolor=figure.get_facecolor())
    return data_address("image/svg+xml" if kind == "svg" else "image/png", stream.getvalue())


def data_address(media_type: str, content: bytes) -> str:
    """Return a data: address with `content` in base 64."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
