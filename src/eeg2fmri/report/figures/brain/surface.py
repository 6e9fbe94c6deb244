"""Draw maps on the surface of both hemispheres, and maps of parcels or structures where there is no mesh."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: Vertices of a hemisphere of the mesh that is at hand without a network: fsaverage5, which nilearn brings.
VERTICES = 10242
#: Views of each hemisphere.
VIEWS = ("lateral", "medial")


@styled
def surface_map(
    hemispheres: Mapping[str, np.ndarray],
    *,
    limit: float,
    threshold: float = 0.0,
    title: str = "",
    width: float = style.COLUMN,
) -> Figure:
    """Draw signed values on the inflated fsaverage5 surface: each hemisphere from outside and from the middle.

    Parameters
    ----------
    hemispheres : mapping of {"left", "right"} to array, shape (vertex,)
        Values at the 10,242 vertices; NaN where there are none, which stay grey.
    limit : float
        Value at the ends of the colour map.
    threshold : float
        Smallest magnitude that is coloured.
    title : str
        Recording, value and its unit.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If a hemisphere has another number of vertices.
    """
    from nilearn.datasets import load_fsaverage, load_fsaverage_data
    from nilearn.plotting import plot_surf_stat_map

    mesh, sulci = load_fsaverage("fsaverage5")["inflated"], load_fsaverage_data("fsaverage5", data_type="sulcal")
    figure = style.empty_figure(width, 0.62 * width * len(hemispheres) / 2 * 1.25 + 0.3)
    figure.set_layout_engine("none")
    rows = len(hemispheres)
    for row, (side, values) in enumerate(hemispheres.items()):
        if np.shape(values) != (VERTICES,):
            raise InputError("a hemisphere of another mesh", got=str(np.shape(values)), expected=f"({VERTICES},)")
        for column, view in enumerate(VIEWS):
            place = (0.43 * column - 0.02, 0.92 * (rows - 1 - row) / rows - 0.04, 0.47, 0.98 / rows)
            axes = figure.add_axes(place, projection="3d")
            plot_surf_stat_map(
                mesh.parts[side],
                np.where(np.isfinite(values), values, 0.0),
                bg_map=sulci.data.parts[side],
                hemi=side,
                view=view,
                engine="matplotlib",
                axes=axes,
                figure=figure,
                colorbar=False,
                cmap=style.DIVERGING,
                vmin=-limit,
                vmax=limit,
                threshold=max(threshold, 1e-6),
            )
            figure.text(place[0] + 0.05, place[1] + place[3] - 0.08, f"{side}, {view}", fontsize=7)
    _bar(figure, limit)
    figure.text(0.02, 0.97, title, fontsize=8.5, va="top")
    return figure


def _bar(figure: Figure, limit: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = figure.colorbar(
        ScalarMappable(Normalize(-limit, limit), style.DIVERGING), cax=figure.add_axes((0.88, 0.25, 0.022, 0.5))
    )
    bar.ax.tick_params(labelsize=6.5, length=2, pad=1.5)
    bar.outline.set_visible(False)


@styled
def structure_bars(values: Mapping[str, np.ndarray], *, unit: str, width: float = style.COLUMN) -> Figure:
    """Draw the distribution of a map in each structure or parcel: median, and the middle half, a row each.

    Parameters
    ----------
    values : mapping of name to array, shape (element,)
        Finite values, one at least.
    unit : str
        Label of the axis.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    names = [name for name in list(values)[::-1] if len(values[name])]
    if not names:
        raise InputError("there is no structure with a value to draw")
    figure = style.empty_figure(width, max(1.4, 0.6 + 0.17 * len(names)))
    axes = figure.add_subplot()
    axes.axvline(0, color=style.ink(), linewidth=0.7, zorder=0)
    for row, name in enumerate(names):
        low, middle, high = np.percentile(values[name], [25, 50, 75])
        axes.plot([low, high], [row, row], color=style.MODEL, linewidth=3, alpha=0.45, solid_capstyle="butt")
        axes.plot(middle, row, "o", color=style.MODEL, markersize=4)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylabel("structure (name)")
    axes.set_xlabel(unit)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure
