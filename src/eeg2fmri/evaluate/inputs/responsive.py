"""Choose voxels where BOLD follows the EEG, in the training group, before any test recording is read.

A median over the brain cannot show that a tenth of it follows the EEG. So the voxels that are looked at are chosen
where predictions of recordings that had not been fitted fit best. A model that was chosen by leaving people out brings
its r in them. For any other, a ridge on band power is fitted to part of the training group and asked for the rest, and
the model is asked for the validation recordings. The maps are smoothed, averaged, and the best voxels are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.ndimage

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.inputs.methods import predict_with_model, simple_pairs
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.drifts import FEWEST
from eeg2fmri.models.baselines.kinds.band_power_ridge import HaemodynamicRidge

#: Share of the brain that is taken.
SHARE = 0.05
#: Parts of the training group that are left out one after the other.
FOLDS = 3
#: Standard deviation of the smoothing, voxels.
SMOOTHING = 1.0


def responsive_voxels(run: OpenRun, device: str = "cpu", progress: Progress = silent) -> np.ndarray | None:
    """Choose the twentieth of the brain where BOLD follows the EEG best, without the test recordings.

    Parameters
    ----------
    run : OpenRun
    device : str
        Torch device of the model.
    progress : Progress

    Returns
    -------
    bool array, shape (x, y, z), or None
        None where nothing can be left out, or there are too few regions to choose from.
    """
    left_out = getattr(run.loaded.model, "left_out_r", None)
    if left_out is not None and bool(left_out.any()):
        maps = [np.where(run.store.brain_mask(), left_out.numpy().astype(float), np.nan)]
    else:
        maps = [*_of_ridge(run, progress), *_of_model(run, device, progress)]
    if not maps:
        return None
    inside = np.mean([np.isfinite(one) for one in maps], axis=0) > 0.5
    mean = np.mean([np.where(np.isfinite(one), one, 0) for one in maps], axis=0)
    count = round(SHARE * np.count_nonzero(inside))
    if count < 1:
        return None
    if not run.store.regions:
        weight = scipy.ndimage.gaussian_filter(inside.astype(float), SMOOTHING)
        mean = scipy.ndimage.gaussian_filter(np.where(inside, mean, 0), SMOOTHING) / np.maximum(weight, 1e-6)
    chosen = np.zeros(inside.shape, bool)
    best = np.argsort(np.where(inside, mean, -np.inf), axis=None, kind="stable")[-count:]
    chosen.ravel()[best] = True
    return chosen


def _of_ridge(run: OpenRun, progress: Progress) -> Iterator[np.ndarray]:
    """Map temporal r (x, y, z) of recordings that a ridge had not been fitted to."""
    names = [*run.split.train, *run.split.validation]
    pairs = simple_pairs(run)
    for left_out in _folds(run, names):
        fitted = [name for name in names if name not in left_out]
        try:
            ridge = HaemodynamicRidge().fit(run.store, fitted, pairs, progress=progress)
        except InputError:  # too little is left to fit anything
            return
        for name in left_out:
            yield from _map(run, name, ridge.predict(run.store, name))


def _of_model(run: OpenRun, device: str, progress: Progress) -> Iterator[np.ndarray]:
    """Map temporal r of the model in recordings that it was not fitted to."""
    for name in run.unseen:
        yield from _map(run, name, predict_with_model(run, name, device, progress))


def _map(run: OpenRun, name: str, prediction: np.ndarray) -> Iterator[np.ndarray]:
    recording = Recording.of([run], name, None, simple_pairs(run))
    # of a few volumes nothing is left beside drifts
    if len(recording.targets) >= FEWEST:
        yield recording.measured(recording.cut(prediction)).r


def _folds(run: OpenRun, names: Sequence[str]) -> list[list[str]]:
    """Share recordings out into parts that are left out together: by subject if there are several."""
    unit = {name: run.store.recordings[run.store.index(name)].subject for name in names}
    if len(set(unit.values())) < 2:
        unit = {name: name for name in names}
    units = sorted(set(unit.values()))
    if len(units) < 2:
        return []
    parts = [set(units[k::FOLDS]) for k in range(min(FOLDS, len(units)))]
    return [[name for name in names if unit[name] in part] for part in parts]
