"""One table over all folds: every recording was tested by the run that had not seen it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.core.random import generator
from eeg2fmri.crossvalidate.group import group_of
from eeg2fmri.data.splits.claims import PROTOCOLS
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.metrics.registry import HEADLINE
from eeg2fmri.evaluate.recordings.collect import RECORDINGS, read_recordings, write_recordings
from eeg2fmri.evaluate.summary import protocol_notes, space_notes, summarise_recordings
from eeg2fmri.evaluate.truth.ceilings import coupled_note
from eeg2fmri.results.files import defined
from eeg2fmri.results.scores.controls import CONTROLS, Controls
from eeg2fmri.results.scores.evaluation import FOLDER, Evaluation
from eeg2fmri.results.scores.method import DIFFERENCE

#: Facts of a fold that are those of all of them.
SHARED = ("store_hash", "protocol", "protocol_claim", "target", "pairs", "statistics", "p_value_protocol")


#: What the intervals of a cross-validation leave out (Bengio and Grandvalet, J Mach Learn Res 5, 2004).
DEPENDENT = (
    "Runs of different folds share training data, so that scores of subjects are not quite independent: intervals and "
    "tests over subjects are approximate."
)

#: Facts of single test recordings, where an evaluation has them.
OF_RECORDINGS = ("latent_frechet_distance", "regions")


def pool_folds(store: Store, runs: Sequence[Path], out: Path, seed: int, difference: float = DIFFERENCE) -> Evaluation:
    """Put the scores of all folds together and write them.

    A subject's score is the mean over the recordings, or blocks, in which any fold tested the subject; intervals and
    tests are over subjects, as in an evaluation of one run.

    Parameters
    ----------
    store : Store
    runs : sequence of Path
        Evaluated runs of all folds, in their order.
    out : Path
        Folder for ``scores.json``, ``scores.csv``, ``null.npz`` and ``recordings.npz``.
    seed : int
        Of the draws of signs and bootstrap samples.
    difference : float
        Smallest difference of temporal r by which the model must be better than simpler ones.

    Raises
    ------
    CheckpointError, ResultError
        If a run is not evaluated or its scores are damaged, or folds tested the same recording.
    """
    scores, subject_of = read_recordings(run / FOLDER / RECORDINGS for run in runs)
    tested = [_evaluation(run / FOLDER) for run in runs]
    found = [each.facts for each in tested]
    first, reads = found[0], [int(each["times_read"]) for each in found]
    scores.methods[0] = replace(scores.methods[0], label=scores.methods[0].label.replace("this run", "a run a fold"))
    model = scores.methods[0].name
    facts: dict[str, Any] = {
        **{name: first[name] for name in SHARED},
        **{
            name: {recording: value for each in found for recording, value in each[name].items()}
            for name in OF_RECORDINGS
            if all(name in each for each in found)
        },
        **_ceilings(found),
        **_controls(tested),
        **_once_a_recording(found),
        "difference_that_counts": difference,
        "fold": None,
        "folds": len(runs),
        "test_recordings": list(subject_of),
        "times_read": max(reads),
        "runs": {f"fold {number}": str(run) for number, run in enumerate(runs, start=1)},
        "each_fold": [
            {
                "fold": number,
                "subjects": list(each.subjects),
                "times_read": each.times_read,
                "weights": each.facts["weights"],
                HEADLINE.name: defined(each.score(model, HEADLINE.name)),
                "helped": each.helped,
            }
            for number, each in enumerate(tested, start=1)
        ],
    }
    rng = generator(seed, "cross-validation")
    notes = (*protocol_notes(PROTOCOLS[first["protocol"]]), *space_notes(store), DEPENDENT)
    folders = {name: run for run, each in zip(runs, found, strict=True) for name in each["test_recordings"]}
    group = group_of(store, folders, subject_of, facts.get("regions", {}), rng)
    facts |= group.write(out) if group is not None else {}
    told = (*filter(None, [coupled_note(facts, model)]), *_read_again(reads))
    after = (*told, *_rows_left_out(tested, [method.name for method in scores.methods]))
    evaluation = summarise_recordings(scores, subject_of, rng, store.space, facts, notes, after)
    write_recordings(out / RECORDINGS, scores, subject_of)
    evaluation.write(out)
    return evaluation


def _evaluation(folder: Path) -> Evaluation:
    """Read the evaluation of a fold, with the facts that all folds share."""
    evaluation = Evaluation.read(folder)
    missing = [name for name in (*SHARED, "times_read", "weights") if name not in evaluation.facts]
    if missing:
        raise CheckpointError(
            "the scores of a fold are not those of an evaluation",
            where=str(folder),
            got=f"no {', '.join(missing)}",
            hint="remove the evaluation folder of the fold and run the command again",
        )
    return evaluation


def _once_a_recording(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put together what each fold found in its own recordings: significant voxels, and what was not fitted."""
    pooled: dict[str, Any] = {"significant_voxels": {}, "not_fitted": {}}
    for each in found:
        pooled["not_fitted"] |= each.get("not_fitted", {})
        for method, of_recording in each.get("significant_voxels", {}).items():
            pooled["significant_voxels"].setdefault(method, {}).update(of_recording)
    return pooled


def _rows_left_out(tested: Sequence[Evaluation], kept: Sequence[str]) -> list[str]:
    """Name the methods that some folds have and others do not: they have no row over all folds."""
    absent = {
        method.label: sum(method.name in {other.name for other in each.methods} for each in tested)
        for one in tested
        for method in one.methods
        if method.name not in kept
    }
    return [f"{label} has no row: {count} of {len(tested)} folds have it." for label, count in absent.items()]


def _ceilings(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put together what each fold found in the parts of simulated brains; empty unless all of them did."""
    if not all("parts" in each.get("ceilings", {}) for each in found):
        return {}
    pooled = copy.deepcopy(found[0]["ceilings"])
    for each in found[1:]:
        for part, facts in each["ceilings"]["parts"].items():
            for method, of_recording in facts["temporal_r"].items():
                pooled["parts"][part]["temporal_r"].setdefault(method, {}).update(of_recording)
    return {"ceilings": pooled}


def _controls(tested: Sequence[Evaluation]) -> dict[str, Any]:
    """Put together what the controls of each fold found; empty unless all of them have controls."""
    parts = [each.controls for each in tested]
    known = [part for part in parts if part is not None]
    return {CONTROLS: Controls.pooled(known).to_dict()} if len(known) == len(parts) else {}


def _read_again(reads: Sequence[int]) -> list[str]:
    again = [f"fold {number} {times} times" for number, times in enumerate(reads, start=1) if times > 1]
    if not again:
        return []
    return [
        f"Test parts were read more than once ({', '.join(again)}): if what was read led to any choice, the scores are "
        "too good."
    ]
