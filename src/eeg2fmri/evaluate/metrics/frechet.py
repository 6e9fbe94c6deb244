"""Fréchet distance between two clouds of latents."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy


def frechet_distance(first: Any, second: Any) -> float:
    """Fréchet distance between Gaussians fitted to two sets of vectors.

    d^2 = |m_1 - m_2|^2 + trace(C_1 + C_2 - 2 (C_1 C_2)^(1/2)) (Dowson and Landau, J Multivar Anal 12, 1982; the
    "FID" of Heusel et al., NeurIPS 2017, on our own latents). With fewer vectors than dimensions the covariances are
    singular: compare distances of equally many vectors alone.

    Parameters
    ----------
    first, second : array or tensor, shape (sample, ...)
        Latents, for example of EEG windows and of the volumes that follow them; flattened.

    Returns
    -------
    float
        d^2, in the unit of the latents squared.

    Raises
    ------
    InputError
        If dimensions differ, there are fewer than two vectors, or values are not finite.
    """
    a, b = (np.asarray(as_numpy(each), np.float64).reshape(len(each), -1) for each in (first, second))
    if a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError(
            "the latents cannot be compared",
            got=f"{a.shape} and {b.shape}",
            expected="at least two finite vectors of one length in each",
        )
    mean = float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum())
    x, y = ((each - each.mean(axis=0)) / np.sqrt(len(each) - 1) for each in (a, b))
    # trace((X'X Y'Y)^(1/2)) is the sum of the singular values of X Y': no root of a singular matrix is needed
    shared = float(np.linalg.svd(x @ y.T, compute_uv=False).sum())
    return max(0.0, mean + float((x * x).sum() + (y * y).sum()) - 2 * shared)
