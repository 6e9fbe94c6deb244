"""Arrays of a test recording that a report draws: volumes, maps and time courses, in BOLD units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.npz import save_npz
from eeg2fmri.data.bold.to_nifti import volumes_to_image
from eeg2fmri.evaluate.intervals.uncertainty import UncertaintyMaps
from eeg2fmri.evaluate.significance.shifts import VoxelShiftTest

#: Consecutive volumes that are kept, from the middle of the recording.
EXAMPLE_VOLUMES = 40


def write_map(path: Path, values: np.ndarray, affine: np.ndarray) -> None:
    """Write a map (x, y, z) as a 3-D NIfTI image; 0 where it is not defined."""
    volumes_to_image(np.nan_to_num(values)[None], affine, tr=1.0).slicer[..., 0].to_filename(path)


def write_examples(
    path: Path,
    *,
    subject: str,
    truth: np.ndarray,
    prediction: np.ndarray,
    mask: np.ndarray,
    onsets: np.ndarray,
    affine: np.ndarray,
    r: np.ndarray,
    test: VoxelShiftTest | None,
    uncertainty: UncertaintyMaps | None = None,
) -> None:
    """Write what a report shows of one recording as ``.npz``.

    Keys: ``subject``; ``affine`` (4, 4); ``mask``, ``anatomy`` and ``prediction_mean`` (mean volumes), ``r``, and
    ``p_voxel``, ``p_max`` where there was a test (x, y, z); ``truth``, ``prediction``, ``difference`` (volume, x, y, z)
    and ``onsets`` (volume,) of example volumes; ``times`` (time,), ``course_names`` (course,), ``course_truth`` and
    ``course_prediction`` (course, time) of the brain mean and of single voxels that are named by how they were chosen;
    ``unit``; ``epistemic`` and ``aleatoric`` standard deviation (x, y, z) where the model tells of them.

    Parameters
    ----------
    path : Path
    subject : str
    truth, prediction : array, shape (volume, x, y, z)
    mask : bool array, shape (x, y, z)
    onsets : array, shape (volume,)
        s.
    affine : array, shape (4, 4)
    r : array, shape (x, y, z)
    test : VoxelShiftTest or None
    uncertainty : UncertaintyMaps or None
    """
    middle = max(0, len(truth) // 2 - EXAMPLE_VOLUMES // 2)
    chosen = slice(middle, middle + EXAMPLE_VOLUMES)
    names, voxels = chosen_voxels(r, affine)
    courses = [
        np.stack([*([_brain_mean(series, mask)]), *(series[:, voxel[0], voxel[1], voxel[2]] for voxel in voxels)])
        for series in (truth, prediction)
    ]
    arrays: dict[str, Any] = {
        "subject": subject,
        "affine": affine,
        "mask": mask,
        "anatomy": _mean(truth),
        "prediction_mean": _mean(prediction),
        "r": r.astype(np.float32),
        "truth": np.array(truth[chosen], np.float32),
        "prediction": np.array(prediction[chosen], np.float32),
        "difference": np.array(prediction[chosen], np.float32) - truth[chosen],
        "onsets": onsets[chosen],
        "times": onsets,
        "course_names": np.array(["brain mean", *names]),
        "course_truth": courses[0],
        "course_prediction": courses[1],
        "unit": "BOLD units",
    }
    if test is not None:
        arrays |= {"p_voxel": test.p_voxel.astype(np.float32), "p_max": test.p_max.astype(np.float32)}
    for name in ("epistemic", "aleatoric"):
        values = getattr(uncertainty, name, None)
        if values is not None:
            arrays[name] = values.astype(np.float32)
    save_npz(path, arrays)


def chosen_voxels(r: np.ndarray, affine: np.ndarray) -> tuple[list[str], list[tuple[int, ...]]]:
    """Voxels with the highest and with the median r: the best one alone would flatter."""
    order = np.argsort(r, axis=None)[: int(np.isfinite(r).sum())]
    names, voxels = [], []
    for name, position in (("highest r", order[-1]), ("median r", order[(len(order) - 1) // 2])):
        voxel = tuple(int(i) for i in np.unravel_index(position, r.shape))
        x, y, z = affine[:3, :3] @ np.array(voxel) + affine[:3, 3]
        names.append(f"voxel of {name} at ({x:.0f}, {y:.0f}, {z:.0f}) mm")
        voxels.append(voxel)
    return names, voxels


def _brain_mean(series: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.array([volume[mask].mean(dtype=np.float64) for volume in series])


def _mean(series: np.ndarray) -> np.ndarray:
    return series.mean(axis=0, dtype=np.float64).astype(np.float32)
