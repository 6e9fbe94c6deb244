"""One look for every figure: sizes, fonts, colours that colour-blind readers can tell apart, light and dark.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/) with at least 2.9 : 1 contrast on the paper of
both themes, so that a colour means the same thing wherever it stands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

P = ParamSpec("P")

#: Width of one journal column and of a page with two, inches.
COLUMN = 3.5
PAGE = 7.2

#: What is predicted from EEG, baselines, a second model or good marks, and a fourth kind.
MODEL = "#0072B2"
BASELINE = "#D55E00"
SECOND = "#009E73"
THIRD = "#CC79A7"
CYCLE = (MODEL, BASELINE, SECOND, THIRD)

#: Colour maps: amounts (dark is little), signed values about 0, anatomy.
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"
ANATOMY = "gray"


@dataclass(frozen=True)
class Theme:
    """Paper, ink and the shades between.

    Attributes
    ----------
    name : str
        "light" or "dark".
    paper, ink : str
        Background; text, axes and everything measured.
    faint : str
        Grid and null distributions: seen, not read.
    """

    name: str
    paper: str
    ink: str
    faint: str

    def settings(self) -> Any:
        """Return matplotlib's settings for this theme."""
        return {
            "font.family": "DejaVu Sans",
            "font.size": 8,
            "axes.titlesize": 8.5,
            "axes.titlelocation": "left",
            "axes.labelsize": 8,
            "xtick.labelsize": 7.5,
            "ytick.labelsize": 7.5,
            "legend.fontsize": 7.5,
            "legend.frameon": False,
            "legend.handlelength": 1.4,
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "figure.facecolor": self.paper,
            "savefig.facecolor": self.paper,
            "axes.facecolor": "none",
            "axes.edgecolor": self.ink,
            "axes.labelcolor": self.ink,
            "text.color": self.ink,
            "xtick.color": self.ink,
            "ytick.color": self.ink,
            "grid.color": self.faint,
            "grid.linewidth": 0.5,
            "axes.linewidth": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "lines.linewidth": 1.3,
            "image.interpolation": "nearest",
            "axes.prop_cycle": cycler(color=list(CYCLE)),
            "axes.unicode_minus": True,
            "svg.fonttype": "path",
            "svg.hashsalt": "eeg2fmri",
            "pdf.fonttype": 42,
        }


LIGHT = Theme("light", paper="#ffffff", ink="#1b1f24", faint="#b9c0c8")
DARK = Theme("dark", paper="#171b21", ink="#e4e8ec", faint="#59626d")


class Styled(Generic[P]):
    """A figure function that draws in the light theme, or in another through `in_theme`."""

    def __init__(self, function: Callable[P, Figure]) -> None:
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Figure:
        """Draw the figure in the light theme."""
        return self.in_theme(LIGHT)(*args, **kwargs)

    def in_theme(self, theme: Theme) -> Callable[P, Figure]:
        """Return the function that draws the figure in `theme`."""

        def draw(*args: P.args, **kwargs: P.kwargs) -> Figure:
            with matplotlib.rc_context(theme.settings()):
                figure = self._function(*args, **kwargs)
                # Ticks read the settings when they are first drawn: draw them while the settings hold.
                figure.draw_without_rendering()
            return figure

        return draw


def styled(function: Callable[P, Figure]) -> Styled[P]:
    """Decorate a function that returns a figure: this module's settings hold while it draws, and only then."""
    return Styled(function)


def ink() -> str:
    """Return the colour of text and measured data in the theme that is being drawn."""
    return str(matplotlib.rcParams["text.color"])


def faint() -> str:
    """Return the colour of what is only background in the theme that is being drawn."""
    return str(matplotlib.rcParams["grid.color"])


def line_colours() -> ListedColormap:
    """Return `SEQUENTIAL` for lines on bare paper: more is further from the paper, and the faintest end is left out."""
    dark = matplotlib.rcParams["figure.facecolor"] == DARK.paper
    places = np.linspace(0.3, 1.0, 256) if dark else np.linspace(0.82, 0.0, 256)
    return ListedColormap(matplotlib.colormaps[SEQUENTIAL](places))


def empty_figure(width: float = COLUMN, height: float = 2.3) -> Figure:
    """Return a figure of `width` x `height` inches that no global registry knows of."""
    return Figure(figsize=(width, height))


def save_figure(
    figure: Figure, path: str | Path, formats: Iterable[str] = ("png", "svg", "pdf"), dpi: int = 300
) -> list[Path]:
    """Write a figure in several formats; the same figure always gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What one of the figure functions returned.
    path : path
        Where to write; the ending of each format is appended to its name.
    formats : iterable of {"png", "svg", "pdf"}
        Endings.
    dpi : int
        Dots per inch of PNG and of pictures within SVG and PDF.

    Returns
    -------
    list of Path
        The files written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    files = []
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "eeg2fmri", "pdf.fonttype": 42}):
        for ending in formats:
            file = path.with_name(f"{path.name}.{ending}")
            figure.savefig(file, dpi=dpi, metadata=_undated(ending), facecolor=figure.get_facecolor())
            files.append(file)
    return files


def _undated(ending: str) -> dict[str, None]:
    """Metadata without the time of writing, for the formats that carry it."""
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending, {})
