"""Spherical splines: what an electrode elsewhere on the head would have recorded.

Perrin, Pernier, Bertrand and Echallier, Electroencephalogr Clin Neurophysiol 72, 1989, equations 1 to 3.
"""

from __future__ import annotations

import numpy as np

#: Order of the spline (m in the paper) and terms of its Legendre series.
STIFFNESS, TERMS = 4, 50
#: Added to the diagonal, against amplification of noise.
SMOOTHING = 1e-5


def spline_matrix(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights by which potentials at some places give those at others.

    Parameters
    ----------
    known : array, shape (channel, 3)
        Directions of the electrodes from the centre of the head; their length does not matter.
    wanted : array, shape (electrode, 3)
        Directions of the places asked for.

    Returns
    -------
    array, shape (electrode, channel)
        Each row sums to 1: a constant potential stays.
    """
    known, wanted = _unit(known), _unit(wanted)
    n = len(known)
    system = np.zeros((n + 1, n + 1))
    system[:n, :n] = _g(known @ known.T) + SMOOTHING * np.eye(n)
    system[:n, n] = system[n, :n] = 1
    right = np.hstack([_g(wanted @ known.T), np.ones((len(wanted), 1))])
    return (right @ np.linalg.pinv(system))[:, :n]


def sphere_centre(positions: np.ndarray) -> np.ndarray:
    """Centre of the sphere that fits positions (channel, 3) best by least squares."""
    system = np.hstack([2 * positions, np.ones((len(positions), 1))])
    solution, *_ = np.linalg.lstsq(system, np.sum(positions**2, axis=1), rcond=None)
    return solution[:3]


def _g(cosine: np.ndarray) -> np.ndarray:
    order = np.arange(1, TERMS + 1)
    weights = (2 * order + 1) / (4 * np.pi * (order * (order + 1.0)) ** STIFFNESS)
    return np.polynomial.legendre.legval(np.clip(cosine, -1, 1), np.concatenate([[0.0], weights]))


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
