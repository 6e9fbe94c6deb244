"""Second moments of features and targets: they add up over recordings, and leaving one out is a subtraction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from eeg2fmri.core.errors import InputError


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of products over pairs, of which every ridge regression follows.

    Attributes
    ----------
    features : array, shape (feature, feature)
        X'X.
    cross : array, shape (feature, voxel)
        X'Y.
    n_pairs : int
    """

    features: np.ndarray
    cross: np.ndarray
    n_pairs: int

    @classmethod
    def of(cls, features: np.ndarray, targets: np.ndarray) -> Self:
        """Compute the moments of features (pair, feature) and targets (pair, voxel), each of zero mean."""
        wide = features.astype(np.float64)
        return cls(wide.T @ wide, features.T @ targets, len(features))

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.features + other.features, self.cross + other.cross, self.n_pairs + other.n_pairs)

    def __sub__(self, other: Moments) -> Moments:
        return Moments(self.features - other.features, self.cross - other.cross, self.n_pairs - other.n_pairs)

    @property
    def unit(self) -> float:
        """Summed variance of the features, in which penalties are given: they do not depend on the number of pairs."""
        return max(float(np.trace(self.features)) / self.n_pairs, float(np.finfo(float).tiny))

    def weights(self, penalty: float) -> np.ndarray:
        """Solve (X'X + penalty * unit) W = X'Y for W (feature, voxel)."""
        from scipy.linalg import cho_solve

        solved: np.ndarray = cho_solve(self.factor(penalty), self.cross)
        return solved

    def factor(self, penalty: float) -> tuple[np.ndarray, bool]:
        """Cholesky factor of the penalised moments, for `scipy.linalg.cho_solve`."""
        return penalised_factor(self.features, penalty * self.unit)


def summed(parts: Iterable[Moments]) -> Moments:
    """Add up the moments of recordings.

    Raises
    ------
    InputError
        If there is none.
    """
    total: Moments | None = None
    for part in parts:
        total = part if total is None else total + part
    if total is None:
        raise InputError("there is no recording to fit")
    return total


def penalised_factor(gram: np.ndarray, penalty: float) -> tuple[np.ndarray, bool]:
    """Cholesky factor of gram + penalty * identity."""
    from scipy.linalg import cho_factor

    regular = np.array(gram, np.float64)
    # a subtraction may leave moments below zero by a rounding error
    regular[np.diag_indices_from(regular)] += penalty + 1e-12 * float(np.trace(regular))
    factor: tuple[np.ndarray, bool] = cho_factor(regular, lower=True, overwrite_a=True, check_finite=False)
    return factor
