"""Choice of penalty and width of the prior on recordings that the fit has not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.recommended.closed_form import Moments, RecordingArrays, groups
from eeg2fmri.models.recommended.locality import Cells

#: Cells, spread evenly over the brain, on whose voxels the penalty is chosen, and voxels at most in each.
CHOICE_CELLS, CHOICE_VOXELS = 48, 150


@dataclass(frozen=True)
class Trial:
    """One regularisation and what it reached on the validation recordings.

    Attributes
    ----------
    width_mm : float or None
    penalty : float
    r : float
        Temporal correlation, mean over recordings and voxels.
    gain : float
        Factor on the predictions with which their squared error there is least; 0 if they run against the truth.
    """

    width_mm: float | None
    penalty: float
    r: float
    gain: float


def choose(
    fitted: Moments,
    validation: Iterable[RecordingArrays],
    cells: Cells,
    deviations: dict[float | None, np.ndarray],
    penalties: Iterable[float],
    progress: Progress = silent,
) -> list[Trial]:
    """Try every width and penalty on the validation recordings.

    Parameters
    ----------
    fitted : Moments
    validation : iterable of RecordingArrays
    cells : Cells
    deviations : dict
        Width to prior deviations, shape (cell, feature).
    penalties : iterable of float
    progress : Progress

    Returns
    -------
    list of Trial
        The best first.
    """
    chosen = _choice(cells.label)
    held = [_standard(r.features / fitted.scale, r.volumes[:, chosen]) for r in validation]
    if not held:
        raise InputError("there is no validation recording to choose the penalty on")
    penalties = tuple(penalties)
    trials = []
    label, cross = cells.label[chosen], fitted.cross[:, chosen].astype(np.float64)
    for width, deviation in deviations.items():
        score = np.zeros((len(penalties), len(chosen)))
        products, squares = np.zeros((2, len(penalties)))
        for done, (rows, voxels) in enumerate(systems := groups(deviation, label)):
            progress("Choosing the penalty", done, len(systems))
            spread = deviation[rows]
            values, vectors = np.linalg.eigh(fitted.features * spread * spread[:, None])
            right = vectors.T @ (spread[:, None] * cross[:, voxels])
            left = [(features @ (spread[:, None] * vectors), volumes[:, voxels]) for features, volumes in held]
            for p, penalty in enumerate(penalties):
                inner = right / (values.clip(0) + penalty * np.sum(spread**2))[:, None]
                for projected, volumes in left:
                    predicted = projected @ inner
                    score[p, voxels] += _correlation(predicted, volumes) / len(held)
                    products[p] += np.sum(predicted * volumes)
                    squares[p] += np.sum(predicted**2)
        # a prediction that runs against the truth is left out rather than turned round
        gains = np.divide(products.clip(0), squares, out=np.zeros_like(squares), where=squares > 0)
        trials += [
            Trial(width, penalty, float(r), float(gain))
            for penalty, r, gain in zip(penalties, score.mean(axis=1), gains, strict=True)
        ]
    return sorted(trials, key=lambda trial: -trial.r)


def _choice(label: np.ndarray) -> np.ndarray:
    """Voxels on which the penalty is chosen, in order."""
    present = np.unique(label)
    kept = present[np.unique(np.linspace(0, len(present) - 1, min(len(present), CHOICE_CELLS)).astype(int))]
    parts = []
    for cell in kept:
        voxels = np.flatnonzero(label == cell)
        parts.append(voxels[np.unique(np.linspace(0, len(voxels) - 1, min(len(voxels), CHOICE_VOXELS)).astype(int))])
    return np.sort(np.concatenate(parts))


def _standard(features: np.ndarray, volumes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features - features.mean(axis=0), volumes - volumes.mean(axis=0, dtype=np.float64)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation over the first axis of arrays with mean 0 there; 0 where one is constant."""
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=size > 0)
