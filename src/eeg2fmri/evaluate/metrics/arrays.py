"""Arrays of numpy or torch, taken as numpy without importing torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError


def as_numpy(values: Any) -> np.ndarray:
    """Give a numpy array-like, or a torch tensor on any device, as a numpy array without a needless copy."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def same_shape(truth: Any, prediction: Any, ndim: int, axes: str) -> tuple[np.ndarray, np.ndarray]:
    """Give both as numpy arrays of one shape.

    Raises
    ------
    InputError
        If their shapes differ, or they do not have `ndim` axes.
    """
    first, second = as_numpy(truth), as_numpy(prediction)
    if first.shape != second.shape or first.ndim != ndim or not first.size:
        raise InputError(
            "truth and prediction must have one shape",
            got=f"truth {first.shape}, prediction {second.shape}",
            expected=f"{axes}, none of them empty",
        )
    return first, second


def checked_mask(mask: Any | None, grid: tuple[int, ...]) -> np.ndarray:
    """Give a mask (x, y, z) as bool array; every voxel if it is None.

    Raises
    ------
    InputError
        If it is on another grid or empty.
    """
    if mask is None:
        return np.ones(grid, bool)
    found = as_numpy(mask).astype(bool)
    if found.shape != tuple(grid) or not found.any():
        raise InputError(
            "the mask does not fit the volumes" if found.any() else "the mask is empty",
            got=str(found.shape),
            expected=f"{tuple(grid)} with at least one voxel",
        )
    return found
