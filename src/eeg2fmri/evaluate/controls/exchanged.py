"""Score the same model with EEG that does not belong to the volumes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.evaluate.controls.courses import Courses
from eeg2fmri.evaluate.controls.partial import without
from eeg2fmri.evaluate.controls.regressors import MEMORY_S
from eeg2fmri.evaluate.inputs.methods import BATCH
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.significance.surrogates import ScoreNull

#: Other recordings whose EEG is taken, at most.
OTHERS = 4
#: Autocorrelation from which a prediction is said to repeat itself.
REPEATS = 0.5
#: Windows whose mean is the constant EEG.
WINDOWS = 32


def of_others(courses: Courses, others: Sequence[np.ndarray]) -> tuple[float, float]:
    """Score predictions from the EEG of other subjects, volume by volume.

    Parameters
    ----------
    courses : Courses
    others : sequence of array, shape (volume, voxel)
        What was predicted of other recordings; their first four.

    Returns
    -------
    r, p_value : float
        Mean over the other recordings; NaN where none is long enough. The p value is of the mean over the recordings,
        all with the same surrogates.
    """
    scores: list[ScoreNull] = []
    for prediction in others[:OTHERS]:
        n = min(len(prediction), len(courses.truth))
        own = np.pad(prediction[:n] - prediction[:n].mean(axis=0), ((0, len(courses.truth) - n), (0, 0)))
        found = courses.test(without(own, courses.basis))
        if found is not None:
            scores.append(found)
    if not scores:
        return float("nan"), float("nan")
    mean = ScoreNull(np.mean([one.values for one in scores], axis=0), scores[0].coordinates)
    return mean.observed, mean.p_value


def displaced(courses: Courses, test: ScoreNull, pairs: PairConfig) -> tuple[float, float]:
    """Score the prediction where its EEG is too early or too late by more than BOLD remembers.

    Parameters
    ----------
    courses : Courses
        With a prediction.
    test : ScoreNull
        Of the prediction.
    pairs : PairConfig

    Returns
    -------
    r, p_value : float
        At the displacement (32 s or more, more than the window and what BOLD remembers) at which the prediction is most
        like itself: it is chosen without the truth. Where the prediction repeats itself there, r rests on the repeats
        as much as the score itself does, whose p value it has. Elsewhere r is the mean over all such displacements,
        and its p value 1. NaN where the recording is too short.
    """
    tr, n = courses.clock[0], len(courses.truth)
    # estimates of a block know the EEG of the windows after it
    reach = pairs.window + pairs.block - 1
    memory = int(np.ceil(max(2 * MEMORY_S, reach * tr + MEMORY_S) / tr))
    if n < 3 * memory:
        return float("nan"), float("nan")
    kept = courses.truth.any(axis=0)
    spectra = [np.fft.rfft(_unit(each[:, kept]), axis=0) for each in (courses.truth, courses.predicted_voxels)]
    alike = np.fft.irfft((np.abs(spectra[1]) ** 2).sum(axis=1), n)
    r = np.fft.irfft((spectra[0].conj() * spectra[1]).mean(axis=1), n)
    away = np.arange(memory, n // 2 + 1)
    best = away[np.argmax(alike[away])]
    if alike[best] < REPEATS * alike[0]:
        return float(r[memory : n - memory + 1].mean()), 1.0
    return float((r[best] + r[n - best]) / 2), test.p_value


def _unit(courses: np.ndarray) -> np.ndarray:
    """Bring courses (volume, voxel) without mean to unit norm; 0 stays 0."""
    norm = np.linalg.norm(courses, axis=0)
    unit: np.ndarray = courses / np.where(norm > 0, norm, 1)
    return unit


def of_constant(run: OpenRun, recording: str, device: str) -> np.ndarray | None:
    """Synthesise a recording whose EEG is its mean window all the time.

    Returns
    -------
    array, shape (pair, x, y, z), or None
        None if the first windows show that the model gives the same volume wherever its EEG is the same.
    """
    from eeg2fmri.data.pairs.dataset import PairDataset
    from eeg2fmri.models.capabilities import block_of
    from eeg2fmri.models.synthesis import synthesize

    pairs = PairDataset(run.store, [recording], run.loaded.card.pairs)
    rows = np.linspace(0, len(pairs) - 1, min(WINDOWS, len(pairs))).astype(int)
    every = np.stack([pairs[int(k)].x.numpy() for k in rows])
    mean = every.mean(axis=0, dtype=np.float64).astype(np.float32)

    def given(count: int) -> np.ndarray:
        windows = (mean for _ in range(count))
        made = synthesize(run.loaded.model, windows, batch_size=BATCH, device=device)
        return np.stack([run.scaler.unscale(volume) for volume in made])

    few = given(min(2 * BATCH + 1, len(pairs)))
    # the last volumes of blocks are means of fewer estimates
    few = few[: max(1, len(few) - block_of(run.loaded.model) + 1)]
    # other sizes of batches round differently
    if (few.astype(np.float64).std(axis=0) <= 1e-5 * run.scaler.statistics.voxel_std.max()).all():
        return None
    return given(len(pairs))
