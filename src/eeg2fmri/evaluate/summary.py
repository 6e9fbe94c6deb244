"""Scores of recordings to scores of subjects and of the group, with their tests and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eeg2fmri.evaluate.methods import Method
from eeg2fmri.evaluate.open_run import OpenRun
from eeg2fmri.evaluate.protocol import HEADLINE, METRICS
from eeg2fmri.evaluate.reads import reading_note
from eeg2fmri.evaluate.results import Evaluation
from eeg2fmri.evaluate.scoring import Scores
from eeg2fmri.evaluate.significance import bootstrap_interval, pooled_shift_test, sign_flip_test
from eeg2fmri.evaluate.ssim import WINDOW


def summarise(
    run: OpenRun,
    scores: Scores,
    rng: np.random.Generator,
    reads: Sequence[dict[str, Any]],
    facts: Mapping[str, Any],
) -> tuple[Evaluation, dict[str, np.ndarray]]:
    """Average recordings within subjects, and test.

    Parameters
    ----------
    run : OpenRun
        Store and split.
    scores : Scores
        The judged model first.
    rng : numpy Generator
    reads : sequence of dict
        Every reading of the test recordings.
    facts : mapping
        More to be written with the scores.

    Returns
    -------
    evaluation : Evaluation
    nulls : dict of subject to array, shape (draw,)
        Null distributions of the model's headline.
    """
    methods = tuple(scores.methods)
    subject_of = {name: run.store.recordings[run.store.index(name)].subject for name in run.split.test}
    subjects = tuple(dict.fromkeys(subject_of.values()))
    own = {subject: [name for name in run.split.test if subject_of[name] == subject] for subject in subjects}
    values = np.array(
        [
            [[np.mean([scores.values[m.name][name][k.name] for name in own[s]]) for k in METRICS] for s in subjects]
            for m in methods
        ]
    )
    p_values = np.full((len(methods), len(subjects)), np.nan)
    pooled, nulls = {}, {}
    for row, method in enumerate(methods):
        of_method = scores.shifts.get(method.name, {})
        if set(of_method) != set(run.split.test):
            continue
        for column, subject in enumerate(subjects):
            test = pooled_shift_test([of_method[name] for name in own[subject]], rng)
            p_values[row, column] = test.p_value
            if method.name == methods[0].name:
                nulls[subject] = test.null
        weights = [1 / (len(subjects) * len(own[subject_of[name]])) for name in run.split.test]
        pooled[method.name] = pooled_shift_test([of_method[name] for name in run.split.test], rng, weights=weights)
    intervals = np.array(
        [[bootstrap_interval(values[m, :, k], rng) for k in range(len(METRICS))] for m in range(len(methods))]
    )
    again = reading_note(reads)
    evaluation = Evaluation(
        methods=methods,
        subjects=subjects,
        metrics=METRICS,
        values=values,
        p_values=p_values,
        pooled=pooled,
        intervals=intervals,
        against=_differences(methods, values, rng),
        space=run.store.space,
        facts={**_facts(run, reads), **facts},
        notes=(*_space(run), *_few(subjects, pooled, methods[0]), *([again] if again else [])),
    )
    return evaluation, nulls


def _differences(
    methods: tuple[Method, ...], values: np.ndarray, rng: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Headline of the model minus each other method's, with interval and sign-flip test over subjects."""
    headline = [metric.name for metric in METRICS].index(HEADLINE.name)
    found: dict[str, dict[str, float | None]] = {}
    for row, method in enumerate(methods[1:], start=1):
        difference = values[0, :, headline] - values[row, :, headline]
        several = len(difference) > 1 and bool(np.isfinite(difference).all())
        low, high = bootstrap_interval(difference, rng) if several else (None, None)
        found[method.name] = {
            "difference": float(difference.mean()) if np.isfinite(difference).all() else None,
            "low": low,
            "high": high,
            "p_value": float(sign_flip_test(difference, rng).p_value) if several else None,
        }
    return found


def _space(run: OpenRun) -> list[str]:
    notes = []
    if run.store.space == "native" or run.store.space.startswith("mixed"):
        notes.append(
            f"The volumes are in {run.store.space} space: voxels of different subjects do not correspond, so a model "
            "or baseline that learns from other subjects is held back by anatomy."
        )
    if min(run.store.grid[:2]) < WINDOW:
        notes.append(
            f"SSIM of slices is not defined: slices are smaller than its window of {WINDOW} x {WINDOW} voxels."
        )
    return notes


def _few(subjects: tuple[str, ...], pooled: Mapping[str, Any], model: Method) -> list[str]:
    notes = []
    if len(subjects) == 1:
        notes.append("There is a single test subject: nothing is known of the spread over people.")
    elif len(subjects) < 6:
        notes.append(
            f"With {len(subjects)} test subjects, intervals over subjects are too narrow, and a test over subjects "
            f"cannot reach a p value below 1/{2 ** len(subjects)}."
        )
    test = pooled.get(model.name)
    if test is not None and test.distinct < 1000:
        notes.append(
            f"The only test recording has {test.distinct} distinct time shifts: p cannot be below 1/{test.distinct}."
        )
    return notes


def _facts(run: OpenRun, reads: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run": str(run.folder),
        "store_hash": run.store.hash,
        "weights": run.loaded.digest,
        "target": run.loaded.card.pairs.target,
        "pairs": run.loaded.card.pairs.model_dump(mode="json"),
        "split": "by subject: no subject of the test part was seen in training or in choosing the epoch",
        "test_recordings": list(run.split.test),
        "times_read": len(reads),
        "p_value_protocol": (
            "circular time shifts of the prediction against the truth, one-sided; the null distribution leaves out "
            "shifts within the autocorrelation; pooled over recordings by independent shifts"
        ),
    }
