"""Temporal r of the regions of an atlas, with p values, and how alike the functional connectivities are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.metrics.functions import temporal_r
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, read_atlas, region_courses
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.surrogates import surrogate_test
from eeg2fmri.results.regions import RegionScores


def check_atlas(store: Store, atlas: str | Path) -> None:
    """Refuse an atlas for volumes that are in each subject's own space, where one atlas fits nobody.

    Raises
    ------
    InputError
        If the volumes are not in one template space.
    """
    if not corresponds(store.space):
        raise InputError(
            "regions of an atlas need volumes in one template space",
            where=str(atlas),
            got=f"volumes in {store.space} space",
            expected="the space of the atlas",
            hint="prepare the store from images that were normalised to a template (BIDS space-<label>)",
        )


def score_regions(store: Store, recording: Recording, prediction: np.ndarray, atlas: str | Path) -> RegionScores:
    """Score the mean courses of the regions of an atlas.

    Parameters
    ----------
    store : Store
    recording : Recording
    prediction : array, shape (volume, x, y, z)
    atlas : path
        3-D NIfTI image of labels in the space of the store.

    Returns
    -------
    RegionScores

    Raises
    ------
    InputError
        If the atlas cannot be read or does not overlap the brain.
    """
    facts = store.recordings[store.index(recording.id)]
    labels = read_atlas(atlas, store.grid, facts.affine, store.space)
    regions, truth = region_courses(recording.truth, labels, recording.mask)
    _, predicted = region_courses(prediction, labels, recording.mask)
    y, yhat = (each[:, :, None, None] for each in (truth, predicted))
    r = temporal_r(y, yhat, columns=recording.basis.drifts).ravel()
    test = surrogate_test(
        y,
        yhat,
        tr=recording.tr,
        elapsed=recording.elapsed,
        seed=recording.seed,
    )
    alike = connectivity_similarity(truth, predicted) if len(regions) > 2 else float("nan")
    return RegionScores(
        recording=recording.id,
        atlas=str(atlas),
        labels=tuple(map(str, regions)),
        r=r,
        p_value=test.p_voxel.ravel(),
        p_corrected=test.p_max.ravel(),
        median=float(np.nanmedian(r)),
        p_of_median=test.median.p_value,
        connectivity=alike,
    )
