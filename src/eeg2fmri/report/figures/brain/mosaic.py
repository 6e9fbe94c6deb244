"""Rows of axial slices with one colour bar a row: what every picture of volumes is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.brain import orientation

#: Space around the parts of a mosaic, inches: at its sides, under each line, over each row, over the page.
LEFT, RIGHT = 0.06, 0.52
BELOW_LINE = 0.15
ABOVE_ROW = 0.2
ABOVE_PAGE = 0.22


@dataclass(frozen=True)
class Row:
    """One row of a mosaic.

    Attributes
    ----------
    label : str
        Name of the row, written over it.
    volume : array, shape (x, y, z)
        What is coloured; NaN and everything outside `shown` stays empty.
    shown : bool array, shape (x, y, z), or None
        Voxels that are coloured; None colours all.
    unit : str
        Written along the colour bar.
    limits : (float, float)
        Values at the ends of the colour map.
    colours : str
        Name of the colour map.
    below : array, shape (x, y, z), or None
        Anatomy in grey underneath.
    marks : tuple of float
        Values marked on the colour bar.
    outlined : bool array, shape (x, y, z), or None
        Voxels around which a line is drawn.
    """

    label: str
    volume: np.ndarray
    unit: str
    limits: tuple[float, float]
    shown: np.ndarray | None = None
    colours: str = style.SEQUENTIAL
    below: np.ndarray | None = None
    marks: tuple[float, ...] = ()
    outlined: np.ndarray | None = None


def draw_mosaic(
    rows: list[Row],
    affine: np.ndarray,
    brain_mask: np.ndarray | None,
    *,
    slices: int,
    width: float,
    title: str,
    lines: int = 1,
) -> Figure:
    """Draw rows of axial slices; left is the subject's left.

    Parameters
    ----------
    rows : list of Row
        Volumes on one grid.
    affine : array, shape (4, 4)
        Their voxel to mm affine.
    brain_mask : bool array, shape (x, y, z), or None
        What decides which slices and which part of them are drawn; None: wherever the first row is not 0 or NaN.
    slices : int
        Slices in a row.
    width : float
        Width of the figure, inches.
    title : str
        Written over everything; may be empty.
    lines : int
        Lines that the slices of each row are broken into.

    Raises
    ------
    InputError
        If the volumes are not on one grid.
    """
    check_one_grid({row.label: row.volume for row in rows}, brain_mask)
    first = rows[0].volume
    mask = np.isfinite(first) & (first != 0) if brain_mask is None else np.asarray(brain_mask, dtype=bool)
    view = _View(*orientation.to_ras(mask, affine))
    chosen = orientation.chosen_slices(view.mask, slices)
    columns = -(-len(chosen) // lines)
    panel = (width - LEFT - RIGHT) / columns
    line = panel * view.height_over_width + BELOW_LINE
    row_height = ABOVE_ROW + line * lines
    figure = _page(width, row_height * len(rows) + ABOVE_PAGE * bool(title), title)
    height = figure.get_figheight()

    def place(left: float, bottom: float, wide: float, tall: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, wide / width, tall / height))

    for at, row in enumerate(rows):
        floor = row_height * (len(rows) - 1 - at)
        volume, _ = orientation.to_ras(_hidden(row), affine)
        below, outlined = (
            None if part is None else orientation.to_ras(part, affine)[0] for part in (row.below, row.outlined)
        )
        label = ", ".join(part for part in (row.label, row.unit) if part)
        figure.text(LEFT / width, (floor + row_height - 0.04) / height, label, fontsize=7.5, va="top")
        for number, cut in enumerate(orientation.axial_slices(volume, view.affine, chosen)):
            bottom = floor + line * (lines - 1 - number // columns) + BELOW_LINE
            axes = place(LEFT + panel * (number % columns), bottom, panel * 0.97, line - BELOW_LINE)
            style.no_frame(axes)
            if below is not None:
                view.draw_anatomy(axes, below, chosen[number])
            image = view.draw(axes, cut.pixels, row.colours, row.limits)
            if outlined is not None:
                view.outline(axes, outlined, chosen[number])
            if number == 0:
                _mark_sides(axes)
            if at == len(rows) - 1:
                axes.set_xlabel(f"z {cut.z_mm:.0f} mm" if number == 0 else f"{cut.z_mm:.0f}", fontsize=6.5, labelpad=0)
        tall = min(line * lines - BELOW_LINE, 1.2)
        middle = floor + BELOW_LINE + (line * lines - BELOW_LINE - tall) / 2
        bar = figure.colorbar(image, cax=place(width - RIGHT + 0.06, middle, 0.07, tall))
        bar.ax.tick_params(labelsize=6.5, length=2, pad=1.5)
        bar.ax.locator_params(nbins=4)
        bar.outline.set_visible(False)
        for mark in row.marks:
            bar.ax.axhline(mark, color=style.ink(), linewidth=0.8)
    return figure


def _page(width: float, height: float, title: str) -> Figure:
    """Return a figure whose parts are placed by hand: its layout must not depend on the width of its labels."""
    figure = style.empty_figure(width, height)
    figure.set_layout_engine("none")
    if title:
        figure.text(LEFT / width, 1 - 0.04 / height, title, fontsize=8.5, va="top")
    return figure


class _View:
    """The part of a volume that is drawn, and the shape of its pixels."""

    def __init__(self, mask: np.ndarray, affine: np.ndarray) -> None:
        self.mask = mask
        self.affine = affine
        box = orientation.bounding_box(mask)
        self.window = (box[1], box[0])
        self.aspect = orientation.pixel_aspect(affine)
        self.height_over_width = self.aspect * _length(box[1], mask.shape[1]) / _length(box[0], mask.shape[0])

    def draw(self, axes: Axes, pixels: np.ndarray, colours: str, limits: tuple[float, float]) -> AxesImage:
        """Draw one slice, shape (y, x)."""
        return axes.imshow(
            pixels[self.window], origin="lower", aspect=self.aspect, cmap=colours, vmin=limits[0], vmax=limits[1]
        )

    def draw_anatomy(self, axes: Axes, anatomy: np.ndarray, k: int) -> None:
        """Draw slice `k` of the anatomy in grey, inside the brain alone."""
        low, high = limits_of(anatomy, within=self.mask)
        pixels = np.where(self.mask[:, :, k], anatomy[:, :, k], np.nan).T
        self.draw(axes, pixels, style.ANATOMY, (low - 0.2 * (high - low), high + 0.3 * (high - low)))

    def outline(self, axes: Axes, voxels: np.ndarray, k: int) -> None:
        """Draw a line around the voxels that are True in slice `k`."""
        inside = voxels[:, :, k].T[self.window].astype(float)
        if 0 < inside.mean() < 1:
            axes.contour(inside, levels=[0.5], colors=style.ink(), linewidths=0.6)


def check_one_grid(volumes: dict[str, np.ndarray], mask: np.ndarray | None = None) -> None:
    """Refuse volumes of different shapes, naming all of them."""
    shapes = {name: np.shape(volume) for name, volume in volumes.items()}
    if mask is not None:
        shapes["brain mask"] = np.shape(mask)
    wanted = next(iter(shapes.values()))
    wrong = [
        Problem("a volume is not on the grid of the others", name, f"shape {shape}", f"(x, y, z) = {wanted}")
        for name, shape in shapes.items()
        if shape != wanted or len(shape) != 3
    ]
    if wrong:
        raise InputError.of(wrong)


def limits_of(*volumes: np.ndarray, within: np.ndarray | None = None, percentile: float = 1.0) -> tuple[float, float]:
    """Return limits that leave `percentile` percent of the finite values out at each end."""
    values = np.concatenate([np.ravel(volume if within is None else volume[within]) for volume in volumes])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, [percentile, 100 - percentile]))
    return (low, high) if high > low else (low, low + 1.0)


def symmetric_limit(*volumes: np.ndarray, within: np.ndarray | None = None, percentile: float = 1.0) -> float:
    """Return the magnitude that leaves `percentile` percent of the finite values out."""
    return limits_of(*(np.abs(volume) for volume in volumes), within=within, percentile=percentile)[1]


def _hidden(row: Row) -> np.ndarray:
    volume = np.array(row.volume, dtype=float)
    if row.shown is not None:
        volume[~np.asarray(row.shown, dtype=bool)] = np.nan
    return volume


def _mark_sides(axes: Axes) -> None:
    axes.text(0.0, 0.02, "L", transform=axes.transAxes, fontsize=7, ha="left", va="bottom")
    axes.text(1.0, 0.02, "R", transform=axes.transAxes, fontsize=7, ha="right", va="bottom")


def _length(part: slice, whole: int) -> int:
    start, stop, _ = part.indices(whole)
    return stop - start
