"""Score predicted distributions by proper scores: lowest for the distribution that measured values really have."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.special

Distribution = Literal["normal", "laplace"]
#: Draws of a volume from which its energy score is estimated.
DRAWS = 8


def crps(error: np.ndarray, deviation: np.ndarray, distribution: Distribution) -> np.ndarray:
    """Give the continuous ranked probability score in closed form (Gneiting and Raftery, JASA 102, 2007).

    The integral over x of (F(x) - 1[x >= y])^2: the absolute error of a prediction that claims to be certain.

    Parameters
    ----------
    error : array, shape (value,)
        Measured minus predicted.
    deviation : array, shape (value,)
        Claimed standard deviation, above 0.
    distribution : {"normal", "laplace"}

    Returns
    -------
    array, shape (value,)
        In the unit of the values; lower is better.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(crps(np.array([0.0]), np.array([1.0]), "normal")[0]), 4)
    0.2337
    """
    if distribution == "normal":
        z = error / deviation
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        of_normal: np.ndarray = deviation * (z * scipy.special.erf(z / np.sqrt(2)) + 2 * density - 1 / np.sqrt(np.pi))
        return of_normal
    size, scale = np.abs(error), deviation / np.sqrt(2)
    of_laplace: np.ndarray = size + scale * np.exp(-size / scale) - 0.75 * scale
    return of_laplace


def energy_score(
    error: np.ndarray,
    deviation: np.ndarray,
    distribution: Distribution,
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
) -> float:
    """Estimate the energy score of a volume whose voxels are claimed to be independent about the prediction.

    E|X - y| - E|X - X'| / 2 with X, X' drawn from the claimed distribution and the Euclidean norm over voxels, here
    divided by the root of their number, so that it is in the unit of a voxel: the extension of `crps` to all voxels at
    once (Gneiting and Raftery, JASA 102, 2007). Each draw is paired with the next.

    Parameters
    ----------
    error, deviation, distribution
        As `crps`, of the voxels of one volume.
    rng : numpy Generator
    draws : int
        At least 2.
    """
    draw = rng.standard_normal if distribution == "normal" else rng.laplace
    shape = (draws, len(error))
    # a Laplace draw of scale 1 has a variance of 2
    noise = deviation * (draw(size=shape) if distribution == "normal" else draw(size=shape) / np.sqrt(2))
    to_truth = np.linalg.norm(noise - error, axis=1).mean()
    to_each_other = np.linalg.norm(noise - np.roll(noise, 1, axis=0), axis=1).mean()
    return float((to_truth - to_each_other / 2) / np.sqrt(len(error)))
