"""Scores of recordings to scores of subjects and of the group, with their tests and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eeg2fmri.core.space import corresponds
from eeg2fmri.data.splits.claims import Protocol
from eeg2fmri.data.splits.leakage import statistics_in_use
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.fit import fit_notes
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.inputs.reads import reading_note
from eeg2fmri.evaluate.metrics.registry import HEADLINE, METRICS
from eeg2fmri.evaluate.metrics.ssim import WINDOW
from eeg2fmri.evaluate.recordings.scoring import Scores
from eeg2fmri.evaluate.significance.sessions import RECORDINGS, session_test
from eeg2fmri.evaluate.significance.surrogates import ScoreNull
from eeg2fmri.evaluate.significance.tests import (
    bootstrap_interval,
    effect_interval,
    effect_size,
    pooled_test,
    sign_flip_test,
)
from eeg2fmri.evaluate.truth.ceilings import coupled_note
from eeg2fmri.results.scores.claims import tells
from eeg2fmri.results.scores.controls import CONTROLS, Controls
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.intervals import IntervalScores
from eeg2fmri.results.scores.method import DIFFERENCE, Method, least_p, upper
from eeg2fmri.results.scores.pooled_test import PooledTest

#: People from which a fixed split has enough of them to test.
ENOUGH = 20
#: What a recording adds to a test over several ones if its prediction is constant in time: r = 0 at every draw.
CONSTANT = ScoreNull(np.zeros(1))


def summarise(
    run: OpenRun,
    scores: Scores,
    rng: np.random.Generator,
    reads: Sequence[dict[str, Any]],
    facts: Mapping[str, Any],
) -> Evaluation:
    """Average the test recordings of a run within subjects, and test.

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
    """
    notes = (*protocol_notes(run.split.facts), *space_notes(run.store), *_interval_notes(run, facts))
    told = (
        *fit_notes(facts),
        coupled_note(facts, scores.methods[0].name),
        _coverage(facts),
        reading_note(reads),
        _everybody_once(run),
    )
    after = tuple(filter(None, told))
    voxels = {name: dict(found) for name, found in scores.voxels.items()}
    all_facts = {**_facts(run, reads), "significant_voxels": voxels, **facts}
    return summarise_recordings(scores, subjects_of(run), rng, run.store.space, all_facts, notes, after)


def summarise_recordings(
    scores: Scores,
    subject_of: Mapping[str, str],
    rng: np.random.Generator,
    space: str,
    facts: Mapping[str, Any],
    notes: Sequence[str] = (),
    after: Sequence[str] = (),
) -> Evaluation:
    """Average recordings, of one run or of several folds, within subjects, and test.

    Parameters
    ----------
    scores : Scores
        The judged model first.
    subject_of : mapping of recording to subject
        The recordings that count, in their order.
    rng : numpy Generator
    space : str
        Of the volumes.
    facts : mapping
        Everything else that is written with the scores.
    notes, after : sequence of str
        Before and after the notes on the number of subjects.
    """
    methods = tuple(scores.methods)
    subjects = tuple(dict.fromkeys(subject_of.values()))
    own = {subject: [name for name in subject_of if subject_of[name] == subject] for subject in subjects}
    values = np.array(
        [
            [[np.mean([scores.values[m.name][name][k.name] for name in own[s]]) for k in METRICS] for s in subjects]
            for m in methods
        ]
    )
    p_values = np.full((len(methods), len(subjects)), np.nan)
    pooled, nulls = {}, {}
    for row, method in enumerate(methods):
        tested = scores.nulls.get(method.name, {})
        if not tested:
            continue
        of_method = {name: tested.get(name, CONSTANT) for name in subject_of}
        for column, subject in enumerate(subjects):
            if not any(name in tested for name in own[subject]):
                continue
            test = pooled_test([of_method[name] for name in own[subject]])
            p_values[row, column] = test.p_value
            if method.name == methods[0].name:
                nulls[subject] = drawn(test)
        weights = [weights_of(own)[name] for name in of_method]
        pooled[method.name] = pooled_test(list(of_method.values()), weights)
    intervals = np.array(
        [[bootstrap_interval(values[m, :, k], rng) for k in range(len(METRICS))] for m in range(len(methods))]
    )
    counts = float(facts.get("difference_that_counts", DIFFERENCE))
    exchanged = _exchanged(scores, list(subject_of), rng)
    found = Evaluation(
        methods=methods,
        subjects=subjects,
        metrics=METRICS,
        values=values,
        p_values=p_values,
        pooled=pooled,
        intervals=intervals,
        against=_differences(methods, values, scores.nulls, weights_of(own), rng, counts),
        space=space,
        facts={**facts, **exchanged},
        nulls=nulls,
    )
    explained, warnings = _explained(found)
    all_notes = (*notes, *_few(subjects, pooled, methods[0]), *warnings, *after)
    return replace(found, facts={**found.facts, **explained}, notes=all_notes)


def _everybody_once(run: OpenRun) -> str:
    """Recommend a cross-validation where few people are known and fewer were tested; empty elsewhere."""
    people = len({recording.subject for recording in run.store.recordings})
    tested = len(set(subjects_of(run).values()))
    if not run.split.facts.new_people or run.split.folds is not None or tested >= people or people >= ENOUGH:
        return ""
    return (
        f"{tested} of {people} people were tested. With fewer than {ENOUGH}, eeg2fmri crossvalidate tells more: it "
        "tests each of them once, by a model that has not seen them."
    )


def _explained(evaluation: Evaluation) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Let the controls explain what the evaluation claims that the EEG tells: their facts and warnings."""
    if CONTROLS not in evaluation.facts:
        return {}, ()
    found = replace(Controls.from_dict(evaluation.facts[CONTROLS]), told=tells(evaluation))
    return {CONTROLS: found.to_dict()}, found.warnings


def _coverage(facts: Mapping[str, Any]) -> str:
    """Say how the intervals of the model hold; empty for a model without any."""
    return IntervalScores.from_dict(facts["uncertainty"]).note if facts.get("uncertainty") else ""


def drawn(test: PooledTest) -> np.ndarray:
    """Null distribution (draw,) of a test that has just been made."""
    assert test.null is not None
    return test.null


def subjects_of(run: OpenRun) -> dict[str, str]:
    """Look up the subject of each test recording of a run."""
    return {name: run.store.recordings[run.store.index(name)].subject for name in run.split.test}


def protocol_notes(facts: Protocol) -> list[str]:
    """Say what the scores cannot claim where the test subjects are known to the model."""
    return [] if facts.new_people else [f"Protocol: {facts.title}. {upper(facts.seen)}: {facts.claim}."]


def weights_of(own: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Weight of each recording in a mean over recordings within subjects, then over subjects."""
    return {name: 1 / (len(own) * len(names)) for names in own.values() for name in names}


def _differences(
    methods: tuple[Method, ...],
    values: np.ndarray,
    nulls: Mapping[str, Mapping[str, ScoreNull]],
    weights: Mapping[str, float],
    rng: np.random.Generator,
    counts: float,
) -> dict[str, dict[str, float | None]]:
    """Headline of the model minus each other method's: interval and sign flips over subjects, paired surrogates."""
    headline = [metric.name for metric in METRICS].index(HEADLINE.name)
    found: dict[str, dict[str, float | None]] = {}
    for row, method in enumerate(methods[1:], start=1):
        if method.role == "ceiling":
            continue
        difference = values[0, :, headline] - values[row, :, headline]
        several = len(difference) > 1 and bool(np.isfinite(difference).all())
        low, high = bootstrap_interval(difference, rng) if several else (None, None)
        effect = effect_interval(difference, rng) if several else (np.nan, np.nan)
        found[method.name] = {
            "difference": float(difference.mean()) if np.isfinite(difference).all() else None,
            "low": low,
            "high": high,
            "p_value": float(sign_flip_test(difference - counts, rng).p_value) if several else None,
            "effect_size": _defined(effect_size(difference)) if several else None,
            "effect_low": _defined(effect[0]),
            "effect_high": _defined(effect[1]),
            **_paired(nulls, methods[0].name, method, weights, counts),
        }
    return found


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _paired(
    nulls: Mapping[str, Mapping[str, ScoreNull]],
    model: str,
    method: Method,
    weights: Mapping[str, float],
    counts: float,
) -> dict[str, float | None]:
    """Test the model's headline against a method's, both with the same surrogates; None without a course to test."""
    ours, theirs = nulls.get(model), nulls.get(method.name, {})
    if not ours or method.role == "null":
        return {"low_surrogates": None, "high_surrogates": None, "p_surrogates": None}
    differences = [ours.get(name, CONSTANT).minus(theirs.get(name, CONSTANT)) for name in weights]
    test = pooled_test(differences, list(weights.values()))
    half = 1.96 * float(drawn(test).std())
    more = float(1 + np.sum(drawn(test) >= test.observed - counts)) / (1 + test.draws)
    return {
        "low_surrogates": test.observed - half,
        "high_surrogates": test.observed + half,
        "p_surrogates": more,
    }


def _interval_notes(run: OpenRun, facts: Mapping[str, Any]) -> list[str]:
    if "uncertainty" not in facts or run.unseen:
        return []
    return [
        "The model was fitted to the validation recordings too: its intervals were recalibrated with the errors of the "
        "same model fitted without them."
    ]


def space_notes(store: Store) -> list[str]:
    """Say what the space and the grid of the volumes keep from being told."""
    notes = []
    if not corresponds(store.space):
        notes.append(
            f"The volumes are in {store.space} space: voxels of different subjects do not correspond, so a model "
            "or baseline that learns from other subjects is held back by anatomy."
        )
    if store.regions:
        notes.append(
            f"The target is the mean of each of {len(store.regions)} regions of an atlas: they stand in the place "
            "of voxels, and structural similarity means nothing for them."
        )
    elif min(store.grid[:2]) < WINDOW:
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
            f"Intervals over {len(subjects)} test subjects are too narrow. Of tests over subjects: "
            + least_p(2 ** len(subjects), f"{len(subjects)} of them", "test on 5 or more")
            + "."
        )
    test = pooled.get(model.name)
    if test is not None and test.distinct < 1000:
        notes.append(
            "The test recordings are short: "
            + least_p(test.distinct, f"the {test.distinct} surrogates that they have", "test on longer or on more")
            + "."
        )
    return notes


def _exchanged(scores: Scores, names: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Exchange the model's recordings where there are enough; empty where there are not, or no voxel is common."""
    kept = scores.kept.get(scores.methods[0].name, {})
    if len(names) < RECORDINGS or any(name not in kept for name in names):
        return {}
    common = set.intersection(*(set(kept[name].voxels.tolist()) for name in names))
    if not common:
        return {}
    rows = [np.isin(kept[name].voxels, list(common)) for name in names]
    truths, predictions = (
        [getattr(kept[name], side)[:, row].astype(np.float64) for name, row in zip(names, rows, strict=True)]
        for side in ("truth", "prediction")
    )
    test = session_test(truths, predictions, rng)
    return {
        "exchanged": {
            "r": test.observed,
            "p_value": test.p_value,
            "p_below": test.p_below,
            "null_mean": float(test.null.mean()),
            "recordings": len(names),
            "voxels": len(common),
            "permutations": 1 + len(test.null),
        }
    }


def _facts(run: OpenRun, reads: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run": str(run.folder),
        "store_hash": run.store.hash,
        "weights": run.loaded.digest,
        "target": run.loaded.card.pairs.target,
        "pairs": run.loaded.card.pairs.model_dump(mode="json"),
        "protocol": run.split.protocol,
        "protocol_label": run.split.label,
        "protocol_claim": run.split.facts.claim,
        "fold": run.split.fold,
        "folds": run.split.folds,
        "statistics": statistics_in_use(run.split, run.loaded.card.pairs),
        "test_recordings": list(run.split.test),
        "times_read": len(reads),
        "p_value_protocol": (
            "drifts regressed out of truth and prediction, outliers drawn in, variance evened out over time; "
            "surrogates of the prediction by random signs of its coordinates along the principal axes of a random walk "
            "outside the drifts; one-sided; pooled over recordings by independent signs; with five recordings or more, "
            "'exchanged' permutes them"
        ),
    }
