"""Keep what a report shows of one test recording: example volumes, maps, courses of the brain and of two voxels."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.store.recording import Recording as StoredRecording
from eeg2fmri.evaluate.intervals.uncertainty import UncertaintyMaps
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.surrogates import VoxelTest
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples, example_volumes


def make_examples(
    recording: Recording,
    facts: StoredRecording,
    prediction: np.ndarray,
    r: np.ndarray,
    test: VoxelTest | None,
    uncertainty: UncertaintyMaps | None = None,
) -> Examples:
    """Choose what is shown of a test recording.

    Parameters
    ----------
    recording : Recording
    facts : eeg2fmri.data.store.recording.Recording
        The same in its store.
    prediction : array, shape (volume, x, y, z)
    r : array, shape (x, y, z)
    test : VoxelTest or None
    uncertainty : UncertaintyMaps or None
    """
    truth, onsets, affine = recording.truth, facts.onsets[recording.targets], facts.affine
    chosen = example_volumes(len(truth))
    names, voxels = chosen_voxels(r, affine)
    truth_courses, predicted_courses = (
        np.stack([_brain_mean(series, recording.mask), *(series[:, voxel[0], voxel[1], voxel[2]] for voxel in voxels)])
        for series in (truth, prediction)
    )
    found = {
        "p_voxel": getattr(test, "p_voxel", None),
        "p_max": getattr(test, "p_max", None),
        "epistemic": getattr(uncertainty, "epistemic", None),
        "aleatoric": getattr(uncertainty, "aleatoric", None),
    }
    return Examples(
        recording=recording.id,
        subject=facts.subject,
        affine=affine,
        r=r.astype(np.float32),
        mask=recording.mask,
        anatomy=_mean(truth),
        prediction_mean=_mean(prediction),
        truth=np.array(truth[chosen], np.float32),
        prediction=np.array(prediction[chosen], np.float32),
        onsets=onsets[chosen],
        courses=Courses(recording.id, ("brain mean", *names), onsets, truth_courses, predicted_courses),
        **{name: values.astype(np.float32) for name, values in found.items() if values is not None},
    )


def chosen_voxels(r: np.ndarray, affine: np.ndarray) -> tuple[list[str], list[tuple[int, ...]]]:
    """Voxels with the highest and with the median r: the best one alone would flatter."""
    order = np.argsort(r, axis=None)[: int(np.isfinite(r).sum())]
    names, voxels = [], []
    for name, position in (("highest r", order[-1]), ("median r", order[(len(order) - 1) // 2])):
        voxel = tuple(int(i) for i in np.unravel_index(position, r.shape))
        x, y, z = (round(float(mm)) for mm in affine[:3, :3] @ np.array(voxel) + affine[:3, 3])
        column = r.shape[1:] == (1, 1)  # regions, or grayordinates: their places are not along x
        at = f"number {voxel[0] + 1}" if column else f"({x}, {y}, {z}) mm"
        names.append(f"{'element' if column else 'voxel'} of {name} at {at}")
        voxels.append(voxel)
    return names, voxels


def _brain_mean(series: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.array([volume[mask].mean(dtype=np.float64) for volume in series])


def _mean(series: np.ndarray) -> np.ndarray:
    return series.mean(axis=0, dtype=np.float64).astype(np.float32)
