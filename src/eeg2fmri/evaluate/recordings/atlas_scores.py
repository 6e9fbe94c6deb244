"""Temporal r of the regions of an atlas, with p values, and how alike the functional connectivities are."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.metrics.functions import temporal_r
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.surrogates import surrogate_test
from eeg2fmri.results.scores.regions import RegionScores


def check_atlas(store: Store, atlas: Atlas) -> None:
    """Refuse an atlas for volumes that are in each subject's own space, where one atlas fits nobody.

    Raises
    ------
    InputError
        If the volumes are not in one template space.
    """
    if not corresponds(store.space):
        raise InputError(
            "regions of an atlas need volumes in one template space",
            where=atlas.place,
            got=f"volumes in {store.space} space",
            expected="the space of the atlas",
            hint="prepare the store from images that were normalised to a template (BIDS space-<label>)",
        )


def score_regions(store: Store, recording: Recording, prediction: np.ndarray, atlas: Atlas) -> RegionScores:
    """Score the mean courses of the regions of an atlas.

    Parameters
    ----------
    store : Store
    recording : Recording
    prediction : array, shape (volume, x, y, z)
    atlas : Atlas
        In the space of the store.

    Returns
    -------
    RegionScores

    Raises
    ------
    InputError
        If the atlas does not overlap the brain.
    """
    facts = store.recordings[store.index(recording.id)]
    regions = atlas.on(store.grid, facts.affine, store.space)
    kept, truth = regions.courses(recording.truth, recording.mask)
    _, predicted = regions.courses(prediction, recording.mask)
    y, yhat = (each[:, :, None, None] for each in (truth, predicted))
    r = temporal_r(y, yhat, columns=recording.basis.drifts).ravel()
    test = surrogate_test(
        y,
        yhat,
        tr=recording.tr,
        elapsed=recording.elapsed,
        seed=recording.seed,
    )
    alike = connectivity_similarity(truth, predicted) if len(kept) > 2 else float("nan")
    return RegionScores(
        recording=recording.id,
        atlas=atlas.place,
        labels=tuple(regions.names[k] for k in kept),
        numbers=regions.numbers[kept],
        r=r,
        p_value=test.p_voxel.ravel(),
        p_corrected=test.p_max.ravel(),
        median=float(np.nanmedian(r)),
        p_of_median=test.median.p_value,
        connectivity=alike,
    )
