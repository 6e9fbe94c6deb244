"""Sums over volumes from which the temporal scores of every voxel follow; memory does not grow with the recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy, checked_mask, same_shape

#: A sum of squares below this share of the squared magnitude of its values is rounding: the voxel is constant.
ROUNDING = 1e-12
#: What columns leave of a sum of squares below this share of it is rounding.
LEFT = 1e-10
#: Volumes whose products with the columns are summed at once.
BLOCK = 16


class TemporalMoments:
    """First and second moments of truth and prediction at every voxel, updated volume by volume.

    Sums are of float64 and of differences from the first volume, because BOLD deviates by a percent from a
    large baseline.

    Parameters
    ----------
    mask : bool array, shape (x, y, z), optional
        Only these voxels are summed; results are NaN elsewhere.
    columns : array, shape (volume, column), optional
        Orthonormal columns, the mean over time among them, that scores regress out of both. Left out, it is the mean.
    """

    def __init__(self, mask: Any | None = None, columns: np.ndarray | None = None) -> None:
        self._mask = None if mask is None else as_numpy(mask).astype(bool)
        self._columns = columns
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self.n_volumes = 0

    def update(self, truth: Any, prediction: Any) -> None:
        """Add one volume.

        Parameters
        ----------
        truth, prediction : array or tensor, shape (x, y, z)
            Any unit.

        Raises
        ------
        InputError
            If their shapes differ from each other or from the mask's, or a value inside the mask is not finite.
        """
        y, p = same_shape(truth, prediction, 3, "(x, y, z)")
        if self._mask is None:
            self._mask = np.ones(y.shape, bool)
        if y.shape != self._mask.shape:
            raise InputError(
                "the volumes are on another grid than the mask", got=str(y.shape), expected=str(self._mask.shape)
            )
        y, p = y[self._mask].astype(np.float64), p[self._mask].astype(np.float64)
        if not (np.isfinite(y).all() and np.isfinite(p).all()):
            raise InputError("a value inside the mask is not finite", where=f"volume {self.n_volumes} of those scored")
        if not self.n_volumes:
            self._y0, self._p0 = y, p
            self._y, self._p, self._yy, self._pp, self._yp = np.zeros((5, y.size))
            count = 0 if self._columns is None else self._columns.shape[1]
            self._of_y, self._of_p = np.zeros((2, count, y.size))
        y, p = y - self._y0, p - self._p0
        self._y += y
        self._p += p
        self._yy += y * y
        self._pp += p * p
        self._yp += y * p
        self.n_volumes += 1
        if self._columns is not None:
            self._waiting.append((y, p))
            if len(self._waiting) == BLOCK:
                self._project()

    def _project(self) -> None:
        """Add the waiting volumes to the products with the columns."""
        if self._columns is not None and self._waiting:
            rows = self._columns[self.n_volumes - len(self._waiting) : self.n_volumes].T
            self._of_y += rows @ np.stack([y for y, _ in self._waiting])
            self._of_p += rows @ np.stack([p for _, p in self._waiting])
            self._waiting = []

    def temporal_r(self, columns: int | None = None) -> np.ndarray:
        """Pearson correlation over volumes at each voxel (x, y, z), after the first `columns` columns (all) are out.

        See `eeg2fmri.evaluate.metrics.moments.temporal_r`.
        """
        syy, spp, syp = self._centred(columns)
        varies = (syy > 0) & (spp > 0)
        r = np.zeros_like(syp)
        np.divide(syp, np.sqrt(syy * spp), out=r, where=varies)
        np.clip(r, -1, 1, out=r)
        return self._map(np.where(syy > 0, r, np.nan))

    def explained_variance(self, columns: int | None = None) -> np.ndarray:
        """Share of the variance over time that the prediction explains, 1 - var(y - p) / var(y), shape (x, y, z).

        A constant prediction has 0, one that adds variance is negative; NaN where the truth is constant.
        """
        syy, spp, syp = self._centred(columns)
        residual = syy + spp - 2 * syp
        return self._map(1 - residual / np.where(syy > 0, syy, np.nan))

    def mean_truth(self) -> np.ndarray:
        """Mean over volumes of the truth (x, y, z)."""
        self._check()
        return self._map(self._y0 + self._y / self.n_volumes)

    def mean_prediction(self) -> np.ndarray:
        """Mean over volumes of the prediction (x, y, z)."""
        self._check()
        return self._map(self._p0 + self._p / self.n_volumes)

    def _centred(self, columns: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sum squares and products about the means, or outside columns; exactly 0 where a voxel is constant."""
        self._check()
        n = self.n_volumes
        if self._columns is None:
            of_y, of_p = self._y[None] / np.sqrt(n), self._p[None] / np.sqrt(n)
        elif n != len(self._columns):
            raise InputError("the columns are of other volumes", got=f"{n}", expected=f"{len(self._columns)} volumes")
        else:
            self._project()
            of_y, of_p = self._of_y[:columns], self._of_p[:columns]
        spans = [about - about_mean for about, about_mean in ((self._yy, self._y**2 / n), (self._pp, self._p**2 / n))]
        sums = [self._yy - (of_y**2).sum(axis=0), self._pp - (of_p**2).sum(axis=0)]
        for total, span, first in zip(sums, spans, (self._y0, self._p0), strict=True):
            # nothing is left of a voxel that is constant, or that is made of the columns alone
            total[(total <= ROUNDING * n * first**2) | (total <= LEFT * span)] = 0
        return sums[0], sums[1], self._yp - (of_y * of_p).sum(axis=0)

    def _check(self) -> None:
        if self.n_volumes < 2:
            raise InputError(
                "temporal scores need at least two volumes", got=f"{self.n_volumes}", hint="score a whole recording"
            )

    def _map(self, values: np.ndarray) -> np.ndarray:
        assert self._mask is not None
        volume = np.full(self._mask.shape, np.nan)
        volume[self._mask] = values
        return volume


def temporal_r(y: Any, yhat: Any, mask: Any | None = None, columns: np.ndarray | None = None) -> np.ndarray:
    """Pearson correlation over volumes at each voxel.

    r = sum_t (y_t - mean y) (yhat_t - mean yhat) / sqrt(sum_t (y_t - mean y)^2 sum_t (yhat_t - mean yhat)^2)

    Anatomy cannot raise it, because the mean of each voxel is removed. A prediction that is constant in time has
    r = 0: it says nothing about time. Where the truth is constant r is not defined: NaN.

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
        Truth and prediction of one recording; the unit does not matter.
    mask : bool array, shape (x, y, z), optional
        Voxels to score.
    columns : array, shape (volume, column), optional
        Orthonormal columns over time that are regressed out of both first, such as drifts; the mean by default.

    Returns
    -------
    array, shape (x, y, z)
        NaN outside the mask.

    Raises
    ------
    InputError
        If shapes differ, there are fewer than two volumes, or values inside the mask are not finite.
    """
    if len(np.shape(y)) != 4 or np.shape(y) != np.shape(yhat):
        raise InputError(
            "truth and prediction must have one shape",
            got=f"truth {tuple(np.shape(y))}, prediction {tuple(np.shape(yhat))}",
            expected="(volume, x, y, z)",
        )
    moments = TemporalMoments(checked_mask(mask, tuple(np.shape(y))[1:]), columns)
    for k in range(len(y)):
        moments.update(y[k], yhat[k])
    return moments.temporal_r()
