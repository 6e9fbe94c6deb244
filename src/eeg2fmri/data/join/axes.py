"""Matrices from the axes of one store to those of another: time, frequency and electrodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.electrodes.channel_names import same_electrode
from eeg2fmri.data.eeg.electrodes.positions import named_directions
from eeg2fmri.data.eeg.electrodes.spline import spline_matrix

#: Electrodes that stores have in common, or those of the first store, to which the others are interpolated.
Electrodes = Literal["common", "first"]
#: Electrodes in common at least.
FEWEST = 2


def common_electrodes(montages: Sequence[Sequence[str]], electrodes: Electrodes, where: str) -> tuple[str, ...]:
    """Settle the electrodes of stores that are joined, in the order of the first.

    Parameters
    ----------
    montages : sequence of sequence of str
        Electrodes of each store.
    electrodes : {"common", "first"}
    where : str
        Names of the stores, for the error.

    Raises
    ------
    InputError
        If there are too few in common.
    """
    if electrodes == "first":
        return tuple(montages[0])
    others = [{same_electrode(name) for name in montage} for montage in montages[1:]]
    found = tuple(name for name in montages[0] if all(same_electrode(name) in other for other in others))
    if len(found) < min(FEWEST, *map(len, montages)):
        raise InputError(
            "the stores have too few electrodes in common",
            where=where,
            got=", ".join(found) or "none",
            expected=f"at least {FEWEST}, by the same names",
            hint="interpolate to the electrodes of the first store: --electrodes first",
        )
    return found


def electrode_matrix(names: Sequence[str], wanted: Sequence[str], where: str) -> np.ndarray:
    """Weights (wanted, channel) that give electrodes: those that are there as they are, others by splines.

    Raises
    ------
    InputError
        If an electrode is to be interpolated, and names do not say where electrodes are.
    """
    place = {same_electrode(name): k for k, name in enumerate(names)}
    found = [place.get(same_electrode(name)) for name in wanted]
    matrix = np.zeros((len(wanted), len(names)))
    for row, column in enumerate(found):
        if column is not None:
            matrix[row, column] = 1
    absent = [row for row, column in enumerate(found) if column is None]
    if absent:
        new = named_directions([wanted[row] for row in absent], where)
        matrix[absent] = spline_matrix(named_directions(names, where), new)
    return matrix


def frequency_matrix(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights (wanted, freq) that average power at some frequencies (Hz) around each of others.

    Raises
    ------
    InputError
        As `hat_matrix`.
    """
    width = max(_step(known), _step(wanted))
    return hat_matrix(np.asarray(known, float), np.asarray(wanted, float), width)


def time_matrix(n_volumes: int, tr: float, wanted_tr: float) -> np.ndarray:
    """Weights (volume, row) that bring rows of one TR (s) to another; row v holds what is between v and v + 1 TRs."""
    count = int(np.floor(n_volumes * tr / wanted_tr + 1e-6))
    centres = (np.arange(n_volumes) + 0.5) * tr
    return hat_matrix(centres, (np.arange(count) + 0.5) * wanted_tr, max(tr, wanted_tr))


def hat_matrix(known: np.ndarray, wanted: np.ndarray, width: float) -> np.ndarray:
    """Weights (wanted, known) that fall linearly with distance to 0 at `width`, sum 1.

    Interpolation where what is known lies far apart, an average over the distance between what is wanted where it lies
    near; the identity where both are the same.
    """
    weights = np.clip(1 - np.abs(wanted[:, None] - known) / width, 0, None)
    weights[weights < 1e-6] = 0
    total = weights.sum(axis=1, keepdims=True)
    nearest = np.abs(wanted[:, None] - known).argmin(axis=1)
    lone = total[:, 0] == 0
    weights[lone, nearest[lone]] = total[lone] = 1
    found: np.ndarray = weights / total
    return found


def _step(values: np.ndarray) -> float:
    return float(np.median(np.diff(values))) if len(values) > 1 else 1.0
