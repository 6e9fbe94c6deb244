"""Pictures of volumes: truth beside prediction, residue, uncertainty, temporal correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.brain.mosaic import (
    Row,
    check_one_grid,
    draw_mosaic,
    limits_of,
    symmetric_limit,
)
from eeg2fmri.report.figures.style import styled


@styled
def volume_comparison(
    truth: np.ndarray,
    prediction: np.ndarray,
    affine: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    unit: str = "scanner units",
    title: str = "",
    slices: int = 6,
    width: float = style.COLUMN,
) -> Figure:
    """Draw one measured volume, its prediction and their difference.

    Parameters
    ----------
    truth, prediction : array, shape (x, y, z)
        Measured and synthesised BOLD, `unit`.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    mask : bool array, shape (x, y, z), or None
        Brain; what lies outside is left empty.
    unit : str
        Unit of both volumes.
    title : str
        Subject and time, for example.
    slices : int
        Axial slices in a row.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the volumes are not on one grid.
    """
    check_one_grid({"measured": truth, "predicted": prediction}, mask)
    difference = prediction - truth
    limit = symmetric_limit(difference, within=mask)
    if limits_of(truth, within=mask)[0] < 0:
        top = symmetric_limit(truth, prediction, within=mask)
        shared, colours = (-top, top), style.DIVERGING
    else:
        shared, colours = limits_of(truth, prediction, within=mask), style.ANATOMY
    rows = [
        Row("Measured", truth, unit, shared, mask, colours),
        Row("Predicted from EEG", prediction, unit, shared, mask, colours),
        Row("Predicted minus measured", difference, unit, (-limit, limit), mask, style.DIVERGING),
    ]
    return draw_mosaic(rows, affine, mask, slices=slices, width=width, title=title)


@styled
def mean_residue(
    truth: np.ndarray,
    prediction: np.ndarray,
    affine: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    unit: str = "scanner units",
    title: str = "",
    slices: int = 6,
    width: float = style.COLUMN,
) -> Figure:
    """Draw where the prediction is off over a whole recording: mean error and mean absolute error of each voxel.

    Parameters
    ----------
    truth, prediction : array, shape (volume, x, y, z)
        Measured and synthesised BOLD, `unit`.
    affine, mask, unit, title, slices, width
        As in `volume_comparison`.

    Raises
    ------
    InputError
        If the two do not have the same volumes and grid.
    """
    if truth.shape != prediction.shape or truth.ndim != 4:
        raise InputError(
            "measured and predicted volumes differ in shape",
            got=f"{truth.shape} and {prediction.shape}",
            expected="(volume, x, y, z) twice",
        )
    check_one_grid({"measured": truth[0]}, mask)
    error = prediction - truth
    signed, absolute = error.mean(axis=0), np.abs(error).mean(axis=0)
    limit = symmetric_limit(signed, within=mask)
    rows = [
        Row("Mean error (predicted minus measured)", signed, unit, (-limit, limit), mask, style.DIVERGING),
        Row("Mean absolute error", absolute, unit, (0.0, limits_of(absolute, within=mask)[1]), mask),
    ]
    return draw_mosaic(rows, affine, mask, slices=slices, width=width, title=title)


@styled
def uncertainty_maps(
    prediction: np.ndarray,
    affine: np.ndarray,
    *,
    epistemic: np.ndarray | None = None,
    aleatoric: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    unit: str = "scanner units",
    title: str = "",
    slices: int = 6,
    width: float = style.COLUMN,
) -> Figure:
    """Draw a prediction and how sure the model is of it, voxel by voxel.

    Parameters
    ----------
    prediction : array, shape (x, y, z)
        Synthesised BOLD, `unit`.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    epistemic : array, shape (x, y, z), or None
        Standard deviation over Monte Carlo passes (what more data could reduce), `unit`.
    aleatoric : array, shape (x, y, z), or None
        Scale of the noise that the model expects in the data, `unit`.
    mask, unit, title, slices, width
        As in `volume_comparison`.

    Raises
    ------
    InputError
        If neither uncertainty is given, or the volumes are not on one grid.
    """
    parts = [("Epistemic: SD over passes", epistemic), ("Aleatoric: expected noise scale", aleatoric)]
    given = [(name, volume) for name, volume in parts if volume is not None]
    if not given:
        raise InputError("there is no uncertainty to draw", expected="epistemic, aleatoric or both")
    check_one_grid({"predicted": prediction} | dict(given), mask)
    rows = [Row("Predicted from EEG", prediction, unit, limits_of(prediction, within=mask), mask, style.ANATOMY)]
    rows += [Row(name, v, unit, (0.0, limits_of(v, within=mask)[1]), mask) for name, v in given]
    return draw_mosaic(rows, affine, mask, slices=slices, width=width, title=title)


@styled
def correlation_map(
    correlation: np.ndarray,
    affine: np.ndarray,
    *,
    anatomy: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    threshold: float = 0.0,
    fades: bool = False,
    significant: np.ndarray | None = None,
    title: str = "",
    slices: int = 12,
    width: float = style.COLUMN,
) -> Figure:
    """Draw the temporal Pearson r of each voxel over the anatomy.

    Parameters
    ----------
    correlation : array, shape (x, y, z)
        Pearson r between measured and predicted time course; NaN where it is not defined.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    anatomy : array, shape (x, y, z), or None
        Mean volume, drawn in grey underneath.
    mask : bool array, shape (x, y, z), or None
        Brain.
    threshold : float
        Smallest |r| that is coloured; state where it comes from in `title`.
    fades : bool
        Whether the anatomy shows through where r is small.
    significant : bool array, shape (x, y, z), or None
        Voxels that passed a test; a line is drawn around them.
    title, width
        As in `volume_comparison`.
    slices : int
        Axial slices, in two rows.

    Raises
    ------
    InputError
        If the volumes are not on one grid, or the threshold is not in [0, 1).
    """
    if not 0 <= threshold < 1:
        raise InputError("the threshold of a correlation map", got=str(threshold), expected="0 <= threshold < 1")
    others = {"anatomy": anatomy, "significant": significant}
    given = {name: volume for name, volume in others.items() if volume is not None}
    check_one_grid({"correlation": correlation} | given, mask)
    inside = np.isfinite(correlation) if mask is None else mask.astype(bool) & np.isfinite(correlation)
    shown = inside & (np.abs(correlation) >= threshold)
    limit = max(0.1, round(symmetric_limit(correlation, within=inside, percentile=0.1) + 0.05, 1))
    marks = (-threshold, threshold) if threshold > 0 else ()
    label = "temporal Pearson r" if threshold == 0 else f"temporal Pearson r where |r| > {threshold:.2f}"
    row = Row("", correlation, label, (-limit, limit), shown, style.DIVERGING, anatomy, marks, significant)
    row = replace(row, fades=fades)
    brain_mask = inside if mask is None else mask
    return draw_mosaic([row], affine, brain_mask, slices=slices, width=width, title=title, lines=2)


@styled
def signed_maps(
    maps: Mapping[str, np.ndarray],
    affine: np.ndarray,
    *,
    anatomy: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    unit: str,
    title: str = "",
    slices: int = 6,
    width: float = style.COLUMN,
) -> Figure:
    """Draw maps whose sign has a meaning, one row each, with one colour scale about 0.

    Parameters
    ----------
    maps : mapping of name to array, shape (x, y, z)
        Relevance of voxels for classes, for example; NaN where it is not defined.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    anatomy : array, shape (x, y, z), or None
        Drawn in grey underneath; it shows through where values are small.
    mask : bool array, shape (x, y, z), or None
        Brain; None: wherever the first map is not 0 or NaN.
    unit : str
        Quantity and unit of all maps.
    title, slices, width
        As in `volume_comparison`.

    Raises
    ------
    InputError
        If there is no map, or the maps are not on one grid.
    """
    if not maps:
        raise InputError("there is no map to draw")
    check_one_grid(dict(maps) | ({} if anatomy is None else {"anatomy": anatomy}), mask)
    limit = symmetric_limit(*maps.values(), within=mask, percentile=0.5)
    under: dict[str, Any] = {"below": anatomy, "fades": anatomy is not None}
    rows = [Row(name, one, unit, (-limit, limit), mask, style.DIVERGING, **under) for name, one in maps.items()]
    return draw_mosaic(rows, affine, mask, slices=slices, width=width, title=title)
