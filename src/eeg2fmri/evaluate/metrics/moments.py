"""Sums over volumes from which the temporal scores of every voxel follow; memory does not grow with the recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy, same_shape

#: A sum of squares below this share of the squared magnitude of its values is rounding: the voxel is constant.
ROUNDING = 1e-12


class TemporalMoments:
    """First and second moments of truth and prediction at every voxel, updated volume by volume.

    Sums are of float64 and of differences from the first volume, because BOLD deviates by a percent from a
    large baseline.

    Parameters
    ----------
    mask : bool array, shape (x, y, z), optional
        Only these voxels are summed; results are NaN elsewhere.
    """

    def __init__(self, mask: Any | None = None) -> None:
        self._mask = None if mask is None else as_numpy(mask).astype(bool)
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
        y, p = y - self._y0, p - self._p0
        self._y += y
        self._p += p
        self._yy += y * y
        self._pp += p * p
        self._yp += y * p
        self.n_volumes += 1

    def temporal_r(self) -> np.ndarray:
        """Pearson correlation over volumes at each voxel (x, y, z); see `eeg2fmri.evaluate.metrics.functions`."""
        syy, spp, syp = self._centred()
        varies = (syy > 0) & (spp > 0)
        r = np.zeros_like(syp)
        np.divide(syp, np.sqrt(syy * spp), out=r, where=varies)
        np.clip(r, -1, 1, out=r)
        return self._map(np.where(syy > 0, r, np.nan))

    def explained_variance(self) -> np.ndarray:
        """1 - var(y - p) / var(y) at each voxel (x, y, z); see `eeg2fmri.evaluate.metrics.functions`."""
        syy, spp, syp = self._centred()
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

    def _centred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sum squares and products about the means; exactly 0 where a voxel is constant."""
        self._check()
        n = self.n_volumes
        syy, spp = self._yy - self._y**2 / n, self._pp - self._p**2 / n
        syy[syy <= ROUNDING * n * self._y0**2] = 0
        spp[spp <= ROUNDING * n * self._p0**2] = 0
        return syy, spp, self._yp - self._y * self._p / n

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
