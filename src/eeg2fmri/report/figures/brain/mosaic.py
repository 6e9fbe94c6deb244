"""Rows of axial slices with one colour bar a row: what every picture of volumes is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.brain import orientation
from eeg2fmri.report.html.numbers import decimals

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
    fades : bool
        Whether the anatomy shows through values below half of the upper limit, the more the smaller they are.
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
    fades: bool = False


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
    figure = style.empty_figure(width, row_height * len(rows) + ABOVE_PAGE * bool(title))
    page = _page(figure, title)
    for at, row in enumerate(rows):
        floor = row_height * (len(rows) - 1 - at)
        volume, _ = orientation.to_ras(_hidden(row), affine)
        below, outlined = (
            None if part is None else orientation.to_ras(part, affine)[0] for part in (row.below, row.outlined)
        )
        label = ", ".join(part for part in (row.label, row.unit) if part)
        top = (floor + row_height - 0.04) / figure.get_figheight()
        figure.text(LEFT / width, top, label, fontsize=7.5, va="top")
        grey = (0.0, 1.0) if below is None else limits_of(below, within=view.mask)
        for number, cut in enumerate(orientation.axial_slices(volume, view.affine, chosen)):
            bottom = floor + line * (lines - 1 - number // columns) + BELOW_LINE
            box = view.box(LEFT + panel * (number % columns), bottom, panel * 0.97)
            if below is not None:
                view.draw_anatomy(page, box, below, chosen[number], grey)
            image = view.draw(page, box, cut.pixels, row.colours, row.limits, fades=row.fades)
            if outlined is not None:
                view.outline(page, box, outlined, chosen[number])
            if number == 0:
                page.text(box[0], box[2] + 0.02, "L", fontsize=7, ha="left", va="bottom")
                page.text(box[1], box[2] + 0.02, "R", fontsize=7, ha="right", va="bottom")
            if at == len(rows) - 1:
                z = decimals(cut.z_mm, 0)
                height = f"z {z} mm" if number == 0 else z
                page.text((box[0] + box[1]) / 2, bottom - 0.02, height, fontsize=6.5, ha="center", va="top")
        _colour_bar(figure, image, floor, line * lines, row.marks)
    return figure


def _page(figure: Figure, title: str) -> Axes:
    """Return axes over all of a figure, in inches, for all that is drawn: one for each slice takes ten times as long.

    Its layout must not depend on the width of its labels: parts are placed by hand.
    """
    width, height = figure.get_size_inches()
    figure.set_layout_engine("none")
    page = figure.add_axes((0, 0, 1, 1))
    page.set_axis_off()
    page.set_autoscale_on(False)
    page.set_xlim(0, width)
    page.set_ylim(0, height)
    if title:
        figure.text(LEFT / width, 1 - 0.04 / height, title, fontsize=8.5, va="top")
    return page


def _colour_bar(figure: Figure, image: AxesImage, floor: float, room: float, marks: tuple[float, ...]) -> None:
    """Draw the colour bar of a row at its right, `room` inches high at most."""
    width, height = figure.get_size_inches()
    tall = min(room - BELOW_LINE, 1.2)
    middle = floor + BELOW_LINE + (room - BELOW_LINE - tall) / 2
    place = ((width - RIGHT + 0.06) / width, middle / height, 0.07 / width, tall / height)
    bar = figure.colorbar(image, cax=figure.add_axes(place))
    bar.ax.tick_params(labelsize=6.5, length=2, pad=1.5)
    bar.ax.locator_params(nbins=4)
    bar.outline.set_visible(False)
    for mark in marks:
        bar.ax.axhline(mark, color=style.ink(), linewidth=0.8)


#: Left, right, bottom and top of a slice, inches.
Box = tuple[float, float, float, float]


class _View:
    """The part of a volume that is drawn, and the shape of its pixels."""

    def __init__(self, mask: np.ndarray, affine: np.ndarray) -> None:
        self.mask = mask
        self.affine = affine
        box = orientation.bounding_box(mask)
        self.window = (box[1], box[0])
        pixels = _length(box[1], mask.shape[1]) / _length(box[0], mask.shape[0])
        self.height_over_width = orientation.pixel_aspect(affine) * pixels

    def box(self, left: float, bottom: float, width: float) -> Box:
        """Say where a slice of a width goes, with its true proportions."""
        return left, left + width, bottom, bottom + width * self.height_over_width

    def draw(
        self,
        page: Axes,
        box: Box,
        pixels: np.ndarray,
        colours: str,
        limits: tuple[float, float],
        *,
        fades: bool = False,
    ) -> AxesImage:
        """Draw one slice, shape (y, x)."""
        low, high = limits
        shown = pixels[self.window]
        opacity = np.clip(np.nan_to_num(np.abs(shown)) / (high / 2), 0, 1) if fades else None
        place: dict[str, Any] = {"origin": "lower", "aspect": "auto", "extent": box, "vmin": low, "vmax": high}
        return page.imshow(shown, cmap=colours, alpha=opacity, **place)

    def draw_anatomy(self, page: Axes, box: Box, anatomy: np.ndarray, k: int, limits: tuple[float, float]) -> None:
        """Draw slice `k` of the anatomy in grey, inside the brain alone."""
        low, high = limits
        pixels = np.where(self.mask[:, :, k], anatomy[:, :, k], np.nan).T
        self.draw(page, box, pixels, style.ANATOMY, (low - 0.2 * (high - low), high + 0.3 * (high - low)))

    def outline(self, page: Axes, box: Box, voxels: np.ndarray, k: int) -> None:
        """Draw a line around the voxels that are True in slice `k`."""
        inside = voxels[:, :, k].T[self.window].astype(float)
        if 0 < inside.mean() < 1 and min(inside.shape) > 1:  # around a row of voxels there is no contour
            page.contour(inside, levels=[0.5], colors=style.ink(), linewidths=0.6, extent=box, origin="lower")


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


def _length(part: slice, whole: int) -> int:
    start, stop, _ = part.indices(whole)
    return stop - start
