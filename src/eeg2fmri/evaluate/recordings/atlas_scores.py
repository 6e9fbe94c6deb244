"""Temporal r of the regions of an atlas, with p values, and how alike the functional connectivities are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, similarity_over
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.significance.surrogates import surrogate_test
from eeg2fmri.results.scores.regions import RegionScores

#: Training recordings whose connectivity is looked at, at most.
TRAINING = 12


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


class OthersConnectivity:
    """Functional connectivity of the regions in the training group: that of all people is alike.

    Parameters
    ----------
    store : Store
    recordings : sequence of str
        Of the training group; 12 at most are read.
    atlas : Atlas
    """

    def __init__(self, store: Store, recordings: Sequence[str], atlas: Atlas) -> None:
        self._found: list[tuple[str, np.ndarray]] = []
        for name in recordings[:TRAINING]:
            facts = store.recordings[store.index(name)]
            regions = atlas.on(store.grid, facts.affine, store.space)
            kept, courses = regions.courses(store.bold(name), store.mask(name))
            kept, courses = kept[varies := np.ptp(courses, axis=0) > 0], courses[:, varies]
            matrix = np.full((len(regions.numbers),) * 2, np.nan)
            matrix[np.ix_(kept, kept)] = np.corrcoef(courses, rowvar=False)
            self._found.append((facts.subject, matrix))

    def beyond(self, subject: str, kept: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> float:
        """Correlate what two connectivities have beyond the mean of other people; NaN with fewer than two of these.

        Parameters
        ----------
        subject : str
        kept : int array, shape (region,)
            Positions of the regions in the atlas.
        truth, predicted : array, shape (volume, region)
        """
        others = [matrix for of, matrix in self._found if of != subject]
        if len(others) < 2:
            return float("nan")
        template = np.mean(others, axis=0)[np.ix_(kept, kept)]
        known = np.isfinite(np.diag(template))
        if known.sum() < 4:
            return float("nan")
        return similarity_over(truth[:, known], predicted[:, known], template[np.ix_(known, known)])


def score_regions(
    store: Store,
    recording: Recording,
    prediction: np.ndarray,
    atlas: Atlas,
    others: OthersConnectivity | None = None,
) -> RegionScores:
    """Score the mean courses of the regions of an atlas.

    Parameters
    ----------
    store : Store
    recording : Recording
    prediction : array, shape (volume, x, y, z)
    atlas : Atlas
        In the space of the store.
    others : OthersConnectivity, optional
        Of the training group.

    Raises
    ------
    InputError
        If the atlas does not overlap the brain.
    """
    facts = store.recordings[store.index(recording.id)]
    regions = atlas.on(store.grid, facts.affine, store.space)
    kept, truth = regions.courses(recording.truth, recording.mask)
    _, predicted = regions.courses(prediction, recording.mask)
    names = tuple(regions.names[k] for k in kept)
    scores = score_courses(recording, truth, predicted, names, regions.numbers[kept], atlas.place)
    if others is None:
        return scores
    return replace(scores, connectivity_beyond=others.beyond(facts.subject, kept, truth, predicted))


def score_courses(
    recording: Recording,
    truth: np.ndarray,
    predicted: np.ndarray,
    names: Sequence[str],
    numbers: np.ndarray,
    place: str,
) -> RegionScores:
    """Score courses of regions.

    Parameters
    ----------
    recording : Recording
    truth, predicted : array, shape (volume, region)
    names : sequence of str, length region
    numbers : int array, shape (region,)
        In the atlas.
    place : str
        Of the atlas.
    """
    y, yhat = (each[:, :, None, None] for each in (truth, predicted))
    r = temporal_r(y, yhat, columns=recording.basis.drifts).ravel()
    test = surrogate_test(
        y,
        yhat,
        tr=recording.tr,
        elapsed=recording.elapsed,
        seed=recording.seed,
    )
    return RegionScores(
        recording=recording.id,
        atlas=place,
        labels=tuple(names),
        numbers=numbers,
        r=r,
        p_value=test.p_voxel.ravel(),
        p_corrected=test.p_max.ravel(),
        median=float(np.nanmedian(r)),
        p_of_median=test.median.p_value,
        connectivity=connectivity_similarity(truth, predicted) if len(names) > 2 else float("nan"),
    )
