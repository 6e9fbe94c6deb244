"""The table of confounds that fMRIPrep writes of a run: motion, signals of tissues, components, drifts, dummies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: Names of the six parameters of motion, mm and rad.
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
#: Radius of the sphere on which rotations become mm (Power et al., NeuroImage 59, 2012).
HEAD_MM = 50.0
#: Longest period that is no drift, s; components of white matter and fluid.
HIGH_PASS_S, COMPONENTS = 128.0, 5
#: Volumes among which dummies are looked for, and how far above the others they are, in robust deviations.
FIRST, FAR = 50, 3.5

_NAMED = {
    "global_signal": "Mean signal within the brain mask",
    "csf": "Mean signal of cerebrospinal fluid",
    "white_matter": "Mean signal of white matter",
    "framewise_displacement": "Sum of the absolute changes of the six motion parameters, mm",
    "dvars": "Root of the mean squared change of the signal in the brain",
    "std_dvars": "dvars relative to its median",
}


def confounds(
    volumes: np.ndarray, motion: np.ndarray, tissues: Mapping[str, np.ndarray], tr: float
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Make the table of a run.

    Parameters
    ----------
    volumes : array, shape (x, y, z, volume)
        Realigned BOLD.
    motion : array, shape (volume, 6)
        As it was estimated, mm and rad.
    tissues : mapping of str to array, shape (x, y, z)
        Fractions of ``grey``, ``white`` and ``csf``.
    tr : float
        s.

    Returns
    -------
    columns : dict of str to array, shape (volume,)
        NaN where fMRIPrep writes ``n/a``.
    about : dict
        What the JSON beside the table says of its columns.
    """
    inside = volumes[brain_of(tissues)].astype(float)
    means = {
        "global_signal": inside.mean(axis=0),
        "csf": _mean_of(volumes, tissues["csf"]),
        "white_matter": _mean_of(volumes, tissues["white"]),
    }
    columns: dict[str, np.ndarray] = {}
    for name, values in (*means.items(), *zip(MOTION, motion.T, strict=True)):
        columns |= _expanded(name, values)
    change = np.diff(motion * np.array([1, 1, 1, HEAD_MM, HEAD_MM, HEAD_MM]), axis=0)
    columns["framewise_displacement"] = _after_first(np.abs(change).sum(axis=1))
    dvars = np.sqrt((np.diff(inside, axis=1) ** 2).mean(axis=0))
    columns["dvars"] = _after_first(dvars)
    columns["std_dvars"] = _after_first(dvars / np.median(dvars))
    components, about = _components(volumes[tissues["white"] + tissues["csf"] > 0.8].astype(float))
    columns |= components | _cosines(len(motion), tr) | _dummies(means["global_signal"])
    known = {name: {"Description": text} for name, text in _NAMED.items()}
    return columns, known | about


def brain_of(tissues: Mapping[str, np.ndarray]) -> np.ndarray:
    """Find the voxels that are mostly one of the tissues: bool (x, y, z)."""
    return np.asarray(np.sum(list(tissues.values()), axis=0) > 0.5)


def _mean_of(volumes: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Mean over the voxels that hold most of a tissue, (volume,)."""
    return np.asarray(volumes[fraction >= 0.8 * fraction.max()].mean(axis=0, dtype=float))


def _after_first(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], values])


def _expanded(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Give a column, its temporal derivative, and the squares of both."""
    derivative = _after_first(np.diff(values))
    return {
        name: values,
        f"{name}_derivative1": derivative,
        f"{name}_derivative1_power2": derivative**2,
        f"{name}_power2": values**2,
    }


def _components(inside: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Give the principal components of voxels (voxel, volume) that are not grey matter."""
    centred = inside - inside.mean(axis=1, keepdims=True)
    _, sizes, courses = np.linalg.svd(centred, full_matrices=False)
    share = sizes**2 / max(float(np.sum(sizes**2)), 1e-30)
    columns, about = {}, {}
    for k, course in enumerate(courses[:COMPONENTS]):
        name = f"a_comp_cor_{k:02d}"
        columns[name] = course
        about[name] = {
            "Mask": "combined",
            "Method": "aCompCor",
            "Retained": True,
            "SingularValue": round(float(sizes[k]), 6),
            "VarianceExplained": round(float(share[k]), 6),
            "CumulativeVarianceExplained": round(float(share[: k + 1].sum()), 6),
        }
    return columns, about


def _cosines(n_volumes: int, tr: float) -> dict[str, np.ndarray]:
    """Give the cosines of periods above `HIGH_PASS_S`."""
    position = (np.arange(n_volumes) + 0.5) / n_volumes
    count = int(2 * n_volumes * tr / HIGH_PASS_S)
    return {f"cosine{k:02d}": np.sqrt(2 / n_volumes) * np.cos(np.pi * (k + 1) * position) for k in range(count)}


def _dummies(signal: np.ndarray) -> dict[str, np.ndarray]:
    """Mark each of the first volumes that is far brighter than those that follow."""
    first = signal[:FIRST]
    away = first - np.median(first)
    scale = 1.4826 * np.median(np.abs(away))
    steady = np.flatnonzero(away <= FAR * scale)
    count = int(steady[0]) if len(steady) else 0
    return {f"non_steady_state_outlier{k:02d}": np.eye(len(signal))[k] for k in range(count)}
