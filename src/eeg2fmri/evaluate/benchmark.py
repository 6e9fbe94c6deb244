"""Several models and every baseline in one table, on the same unseen volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.files import OutputError
from eeg2fmri.core.disk.staged import kept_elsewhere
from eeg2fmri.core.errors import CheckpointError, InputError, Problem
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.data.splits.make import PARTS
from eeg2fmri.evaluate.inputs.methods import predict_with_model, refuse_short, simple_pairs
from eeg2fmri.evaluate.inputs.open_run import OpenRun, open_run
from eeg2fmri.evaluate.inputs.reads import record_reading
from eeg2fmri.evaluate.inputs.responsive import responsive_voxels
from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
from eeg2fmri.evaluate.run import beside, score_baselines
from eeg2fmri.evaluate.summary import summarise
from eeg2fmri.evaluate.truth.ceilings import parts_of, score_ceilings
from eeg2fmri.evaluate.truth.known_truth import known_truth
from eeg2fmri.models.baselines import Baseline, all_baselines
from eeg2fmri.models.synthesis import chosen_device
from eeg2fmri.results.scores.evaluation import FOLDER, Evaluation
from eeg2fmri.results.scores.method import DIFFERENCE, Method


@renamed_arguments(since="0.1", removed="0.3", store_path="store")
@tells
def benchmark(
    runs: Mapping[str, str | Path],
    store: str | PathLike[str],
    out: str | Path,
    *,
    truth: str | Path | None = None,
    own: Sequence[Baseline] = (),
    facts: Mapping[str, Any] = MappingProxyType({}),
    difference: float = DIFFERENCE,
    progress: Progress = silent,
    device: str = "auto",
    seed: int = 0,
    verbose: Verbose = None,
) -> Evaluation:
    """Score several runs of one split beside the baselines.

    Runs may differ in window, lag and target: the volumes that all of them have a window for are scored. Baselines see
    the window of the first run, or the usual 20 s where that ends before a haemodynamic response has its peak.

    Parameters
    ----------
    runs : mapping of label to path
        Run folders; the first is judged against the others and the baselines.
    store : Store or path
        The store that all of them were trained on.
    out : path
        Folder for ``scores.json``, ``scores.csv`` and ``null.npz``; made if it does not exist.
    facts : mapping
        More to be written with the scores.
    truth, own, difference, progress, device, seed
        As `eeg2fmri.evaluate.run.evaluate_run`.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If there is no run, or the truth does not fit the store.
    CheckpointError
        If a run cannot be used, belongs to another store, or has another split than the first.

    Examples
    --------
    >>> benchmark({"documented": "run"}, "store", "table").protocol.name
    'fixed-subjects'
    """
    if not runs:
        raise InputError("there is no run to compare")
    opened = {label: open_run(path, store) for label, path in runs.items()}
    _check_splits(opened)
    refuse_short([*opened.values()], next(iter(opened.values())).split.test)
    first, on, folder = next(iter(opened.values())), chosen_device(device), Path(out)
    known = known_truth(first.store, truth, first.split.test)
    folder.mkdir(parents=True, exist_ok=True)
    reads = max((record_reading(run, run.folder / FOLDER, seed) for run in opened.values()), key=len)
    where = responsive_voxels(first, on, progress)
    simple = simple_pairs(first)
    recordings = [Recording.of(list(opened.values()), name, where, simple) for name in first.split.test]
    scores = Scores(progress, known=parts_of(known, first.split.test))
    for number, (label, run) in enumerate(opened.items()):
        method = Method("model" if number == 0 else f"model_{number + 1}", label, "EEG", "model")
        for recording in recordings:
            prediction = recording.cut(predict_with_model(run, recording.id, on, progress))
            scores.add_mapped(method, recording, prediction)
            if number == 0:
                scores.add_shifted(recording, prediction)
    baselines = score_baselines(first, beside(all_baselines(), own), recordings, scores)
    ceilings = score_ceilings(known, recordings, scores)
    folders = {label: str(run.folder) for label, run in opened.items()}
    all_facts = {"runs": folders, "difference_that_counts": difference, **baselines, **ceilings, **facts}
    evaluation = summarise(first, scores, generator(seed, "evaluate"), reads, all_facts)
    try:
        evaluation.write(folder)
    except OutputError as error:
        raise kept_elsewhere(error, evaluation.write, "eeg2fmri-benchmark") from None
    return evaluation


def _check_splits(opened: Mapping[str, OpenRun]) -> None:
    """Refuse runs that were trained, chosen or tested on different recordings."""
    (first, of_first), *others = opened.items()
    problems = [
        Problem(
            f"the run has another {part} part than {first}",
            f"{label}: {run.folder}",
            ", ".join(getattr(run.split, part)),
            ", ".join(getattr(of_first.split, part)),
            "train all runs of a comparison with the same split settings",
        )
        for label, run in others
        for part in PARTS
        if set(getattr(run.split, part)) != set(getattr(of_first.split, part))
    ]
    problems += [
        Problem(f"the run has another protocol than {first}", f"{label}: {run.folder}", a, b)
        for label, run in others
        if (a := run.split.label) != (b := of_first.split.label)
    ]
    if problems:
        raise CheckpointError.of(problems)
