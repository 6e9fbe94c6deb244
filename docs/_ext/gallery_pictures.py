"""The gallery takes the figure that an example made, and starts every build without the files of the last."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

#: Folder that the examples write to, beside them.
FILES = Path(__file__).parents[1] / "examples" / "files"

#: Dots per inch: sharp on screens with two pixels a point.
DPI = 200


def take_figure(block: Any, variables: dict[str, Any], settings: dict[str, Any]) -> str:
    """Save what the block left in the name ``figure``: figures of this project are in no global registry.

    Parameters
    ----------
    block
        Block of the example, as the gallery parsed it.
    variables : dict
        What the gallery knows of the running example.
    settings : dict
        Settings of the gallery.
    """
    figure = variables["example_globals"].pop("figure", None)
    if not isinstance(figure, Figure):
        return ""
    path = next(variables["image_path_iterator"])
    figure.savefig(path, dpi=DPI, facecolor=figure.get_facecolor())
    return figure_rst([path], settings["src_dir"])


def start_anew(settings: dict[str, Any], name: str) -> None:
    """Remove the files of an earlier build before the first example."""
    if Path(name).name.startswith("1_"):
        shutil.rmtree(FILES, ignore_errors=True)


def _get_sg_image_scraper() -> Any:
    """Let the gallery find `take_figure` by the name of this module."""
    return take_figure
