"""Ridge regression of volumes on EEG features whose penalty grows with the distance between electrode and voxel.

y = w . f with a Normal prior on every weight: its deviation falls from the electrodes above a voxel to those far
away (`locality`) and is smaller for shifted responses. The posterior mean of all voxels of a cell is one linear
system. Drifts are taken out of features and volumes first, and the result is cut to its strongest components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.recommended.locality import Cells

Positive = Annotated[float, Field(gt=0)]


class ClosedFormConfig(Config):
    """How the regression is regularised.

    Attributes
    ----------
    penalties : tuple of float
        Variance of a voxel's noise over that of the sum of all its weights, to choose from.
    widths_mm : tuple of float or None
        Widths of the prior around an electrode, mm, to choose from; None is a plain ridge regression.
    floor : float
        Prior deviation of far electrodes relative to near ones.
    shifted : float
        Prior deviation of the weights of shifted responses relative to those of the first response.
    cell_mm : float
        Edge of the cubes of voxels that share a prior, mm.
    drift_s : float
        Shortest period of drifts, s.
    """

    penalties: Annotated[tuple[Positive, ...], Field(min_length=1)] = (3.0, 7.0, 12.0, 20.0, 35.0, 60.0, 120.0, 300.0)
    widths_mm: Annotated[tuple[Positive | None, ...], Field(min_length=1)] = (35.0, None)
    floor: Annotated[float, Field(ge=0)] = 0.1
    shifted: Annotated[float, Field(ge=0)] = 0.3
    cell_mm: Positive = 24.0
    drift_s: Positive = 256.0


@dataclass(frozen=True, eq=False)
class RecordingArrays:
    """Pairs of one recording, in the order of time.

    Attributes
    ----------
    features : array, shape (pair, feature)
    volumes : array, shape (pair, voxel)
    """

    features: np.ndarray
    volumes: np.ndarray


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of the training recordings, drifts removed: all that the regression needs.

    Attributes
    ----------
    features : array, shape (feature, feature)
    cross : array of float32, shape (feature, voxel)
    scale : array, shape (feature,)
        Deviation of each feature over the group, by which it was divided.
    n_pairs : int
    """

    features: np.ndarray
    cross: np.ndarray
    scale: np.ndarray
    n_pairs: int


def moments(recordings: Iterable[RecordingArrays], drift: Callable[[int], np.ndarray]) -> Moments:
    """Add up the second moments, one recording in memory at a time.

    Parameters
    ----------
    recordings : iterable of RecordingArrays
        Of the training group.
    drift : callable
        Number of pairs to orthonormal drifts (pair, drift).

    Raises
    ------
    InputError
        If there is no recording, or nothing but drift is left of its features.
    """
    total: np.ndarray | None = None
    cross = np.empty((0, 0), np.float32)
    n_pairs = 0
    for recording in recordings:
        slow = drift(len(recording.features))
        features = recording.features.astype(np.float64)
        features -= slow @ (slow.T @ features)
        # the drifts are orthogonal to the features already, so that the volumes may keep theirs
        added = features.T.astype(np.float32) @ recording.volumes
        if total is None:
            total, cross = features.T @ features, added
        else:
            total += features.T @ features
            cross += added
        n_pairs += len(features)
    if total is None:
        raise InputError("there is no recording to fit")
    scale = np.sqrt(np.diag(total) / n_pairs)
    if not np.isfinite(scale).all() or not scale.any():
        raise InputError(
            "the EEG features are constant or not finite", got=f"deviations {scale.min()} to {scale.max()}"
        )
    # a flat electrode has no weight
    scale[scale < 1e-6 * scale.max()] = np.inf
    return Moments(total / scale / scale[:, None], cross / scale[:, None].astype(np.float32), scale, n_pairs)


def solve(
    fitted: Moments, cells: Cells, deviation: np.ndarray, penalty: float, progress: Progress = silent
) -> np.ndarray:
    """Posterior mean of the weights of every voxel, shape (feature, voxel), float32.

    Parameters
    ----------
    fitted : Moments
    cells : Cells
    deviation : array, shape (cell, feature)
    penalty : float
    progress : Progress
    """
    from scipy.linalg import cho_factor, cho_solve

    weights = np.zeros_like(fitted.cross)
    for done, (rows, voxels) in enumerate(systems := groups(deviation, cells.label)):
        progress("Fitting", done, len(systems))
        spread = deviation[rows]
        system = fitted.features * spread * spread[:, None]
        system[np.diag_indices(len(system))] += penalty * np.sum(spread**2)
        solved = cho_solve(cho_factor(system, lower=True), spread[:, None] * fitted.cross[:, voxels])
        weights[:, voxels] = spread[:, None] * solved
    return weights


def low_rank(fitted: Moments, weights: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep the components of the predictions that hold most of their variance over the training group.

    Parameters
    ----------
    fitted : Moments
    weights : array, shape (feature, voxel)
        From `solve`.
    n_components : int
        At most as many as there are features and voxels.

    Returns
    -------
    filters : array, shape (component, feature)
        For features as they were before their division by `Moments.scale`; courses of unit variance.
    maps : array, shape (component, voxel)
        Volume = sum of course times map.
    """
    values, vectors = np.linalg.eigh(fitted.features)
    kept = values > 1e-9 * values[-1]
    root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    predicted = root.astype(np.float32) @ weights
    # the predictions' moments have only as many rows as there are features
    _, left = np.linalg.eigh(predicted.astype(np.float64) @ predicted.T)
    left = left[:, ::-1][:, :n_components]
    size = np.sqrt(fitted.n_pairs)
    filters = (left.T / np.sqrt(values[kept])) @ vectors[:, kept].T * size
    return filters / fitted.scale, left.T.astype(np.float32) @ predicted / np.float32(size)


def full_deviation(by_electrode: np.ndarray, n_channels: int, n_bands: int, shifted: np.ndarray) -> np.ndarray:
    """Prior deviation of every feature: (cell, channel or 1) to (cell, response * band * channel).

    Parameters
    ----------
    by_electrode : array, shape (cell, channel) or (cell, 1)
    n_channels, n_bands : int
    shifted : array, shape (response,)
        Factor of each response.
    """
    n_cells = len(by_electrode)
    shape = (n_cells, len(shifted), n_bands, n_channels)
    return np.broadcast_to(by_electrode[:, None, None], shape).reshape(n_cells, -1) * np.repeat(
        shifted, n_bands * n_channels
    )


def groups(deviation: np.ndarray, label: np.ndarray) -> list[tuple[int, Any]]:
    """Row of the deviations and voxels of each linear system; one for all where every cell has the same prior."""
    if (deviation == deviation[0]).all():
        return [(0, slice(None))]
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(len(deviation) + 1))
    parts = [(cell, order[edges[cell] : edges[cell + 1]]) for cell in range(len(deviation))]
    return [(cell, voxels) for cell, voxels in parts if len(voxels)]
