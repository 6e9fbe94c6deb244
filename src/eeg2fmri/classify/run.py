"""The whole classification: windows, folds in processes, scores, explanation, model card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config

from eeg2fmri import __version__
from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds import files as fold_files
from eeg2fmri.classify.folds.files import FoldResult, fold_path, read_fold
from eeg2fmri.classify.folds.make import Fold, make_folds, subject_labels
from eeg2fmri.classify.folds.one_fold import work, work_refit
from eeg2fmri.classify.folds.protocol import refit_p
from eeg2fmri.classify.methods.baselines import available
from eeg2fmri.classify.methods.choice import check_settings
from eeg2fmri.classify.methods.features import WindowData, window_data
from eeg2fmri.classify.methods.lender import load_lender
from eeg2fmri.classify.relevance.averages import write_explanation
from eeg2fmri.classify.relevance.explanation_truth import compare_with_truth
from eeg2fmri.classify.relevance.groups_truth import GroupsTruth
from eeg2fmri.classify.scores.confounds import confound_notes
from eeg2fmri.classify.scores.counts import Counts
from eeg2fmri.classify.scores.model_card import model_card
from eeg2fmri.classify.scores.statements import all_facts, majority_note, protocol, untrained_note, view_sentence
from eeg2fmri.classify.scores.verdict import verdict
from eeg2fmri.classify.scores.votes import vote
from eeg2fmri.classify.scores.with_intervals import difference, method_scores
from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.eeg_only.store import EegStore
from eeg2fmri.explain.inputs.open_run import axes_of
from eeg2fmri.models.saving.hub import Loaded
from eeg2fmri.results.classify.classification import Classification, Votes


@renamed_arguments(since="0.1", removed="0.3", jobs="n_jobs")
@tells
def classify_run(
    run: str | Path,
    store: str | PathLike[str],
    out: str | Path,
    config: ClassifyConfig | Mapping[str, Any] | str | Path | None = None,
    *,
    n_jobs: int = 1,
    keep_models: bool = False,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> Classification:
    """Classify the subjects of an EEG-only store through the view of a synthesiser, beside EEG baselines.

    Parameters
    ----------
    run : path
        Run folder of a trained synthesiser.
    store : path
        EEG-only store.
    out : path
        Folder to make; one of the same classification goes on where it was stopped. See
        `eeg2fmri.results.classify.classification` for what it holds.
    config : ClassifyConfig, mapping or path, optional
    n_jobs : int
        Folds that run at the same time, each in a process; the result does not depend on it.
    keep_models : bool
        Whether the view classifiers of all folds are kept.
    progress : Progress
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    CheckpointError
        If the run cannot be loaded, or its kind of model lends no view.
    StoreError
        If the store cannot be used.
    InputError
        If recordings do not fit the synthesiser, there are too few subjects, or `out` is something else or being made
        by another process.

    Examples
    --------
    >>> config = {"methods": ["band power", "majority"], "folds": "leave-one-per-class-out", "inner_folds": 0}
    >>> found = classify_run("run", "groups", "classified", config | {"refits": 0})
    >>> sorted(found.methods)
    ['band power', 'majority']
    """
    with locked(Path(out), "this classification"):
        return _classified(run, store, Path(out), ClassifyConfig.take(config), n_jobs, keep_models, progress)


def _classified(
    run: str | Path,
    store: str | PathLike[str],
    folder: Path,
    config: ClassifyConfig,
    n_jobs: int,
    keep_models: bool,
    progress: Progress,
) -> Classification:
    """Run what is left of a classification, and score it."""
    settings, left_out = _without_missing(config)
    (loaded, model), recordings = load_lender(run), EegStore.open(store)
    loaded.card.check_usable(str(run))
    check_settings(settings, model)  # what cannot be done is said before anything is written
    labels = subject_labels(
        [r.subject for r in recordings.recordings],
        [recordings.classes.index(r.label) for r in recordings.recordings],
    )
    folds = make_folds(labels, settings.folds, settings.seed)
    facts = {
        "version": __version__,
        "weights_sha256": loaded.digest,
        "store_hash": recordings.hash,
        "config": settings.model_dump(mode="json"),
        "keep_models": keep_models,
    }
    fold_files.open_result(folder, fingerprint(facts), facts)
    data = window_data(
        recordings,
        loaded.card,
        electrodes=settings.electrodes,
        stride=settings.stride,
        skip_rows=settings.skip_rows,
        covariances="covariance" in settings.methods,
        progress=progress,
    )
    models = folder / "models" if keep_models else None
    found = _run_folds(str(run), loaded.digest, data, folds, settings, folder, models, n_jobs, progress)
    refits = _run_refits(str(run), loaded.digest, data, settings, folder, n_jobs, progress)
    notes = [*left_out, *recordings.notes, *data.notes, *untrained_note(loaded)]
    notes += majority_note(settings, list(labels.values()))
    notes += confound_notes(
        {r.subject: r.participant for r in recordings.recordings},
        {name: recordings.classes[label] for name, label in labels.items()},
        recordings.config.label,
    )
    view = view_sentence(settings, model)
    made = summarise(data, folds, found, settings, refits, notes, all_facts(facts, run, recordings, labels, view))
    if all("view" in fold.arrays for fold in found):
        made = _explained(made, folder, found, labels, loaded, recordings.truth())
    made.write(folder)
    write_text(folder / "MODEL_CARD.md", model_card(made.to_dict()))
    return made


def _explained(
    made: Classification,
    folder: Path,
    found: list[FoldResult],
    labels: dict[str, int],
    loaded: Loaded,
    truth: Path | None,
) -> Classification:
    """Write what the view's models look at, and, of simulated groups, how well that fits what is true."""
    assert made.data is not None
    place, axes = folder / "explanation", axes_of(loaded.card, made.data.electrodes)
    told = write_explanation(place, found, labels, made.data.classes, axes, loaded.card)
    if truth is not None:
        mask = None if loaded.statistics is None else loaded.statistics.mask
        known = compare_with_truth(
            place, found, labels, made.data.classes, axes, loaded.card, mask, GroupsTruth.read(truth)
        )
        told["truth"] = known["groups"]
        made = replace(made, notes=(*made.notes, *known["sentences"]))
    made.facts["explanation"] = told
    return made


def summarise(
    data: WindowData,
    folds: list[Fold],
    found: list[FoldResult],
    config: ClassifyConfig,
    refits: list[FoldResult],
    notes: list[str],
    facts: dict[str, Any],
) -> Classification:
    """Score what all folds gave.

    Parameters
    ----------
    data : WindowData
    folds : list of Fold
    found : list of FoldResult
        In the order of the folds.
    config : ClassifyConfig
    refits : list of FoldResult
        Of the classes as they are, then permuted; empty without a test.
    notes : list of str
    facts : dict
        What else is to be said in ``scores.json``.
    """
    methods: dict[str, dict[str, Any]] = {}
    counts: dict[str, Counts] = {}
    probability: dict[str, np.ndarray] = {}
    votes: dict[str, Votes] = {}
    for name in config.methods:
        whole = np.full((len(data.labels), len(data.classes)), np.nan)
        for fold, result in zip(folds, found, strict=True):
            whole[data.of(fold.test)] = result.probability[name]
        probability[name] = whole
        votes[name] = vote(data.subjects, data.labels, whole, config.vote)
        methods[name], counts[name] = method_scores(
            data.subjects, data.labels, whole, votes[name], config.bootstraps, config.permutations, config.seed
        )
        methods[name]["choices"] = [result.facts["methods"][name]["setting"] for result in found]
        methods[name]["seconds"] = sum(result.facts["methods"][name]["seconds"] for result in found)
    for method, found_scores in methods.items():
        aucs = [result.facts["auc"][method] for result in refits if method in result.facts["auc"]]
        if len(aucs) > 1:
            found_scores["permutation"] |= {"p_auc": refit_p(aucs), "refits": len(aucs) - 1, "refit_auc": aucs[0]}
    labels = votes[config.methods[0]].labels
    differences: dict[str, dict[str, Any]] = {
        name: difference(counts["view"], counts[name], labels, config.bootstraps, config.seed)
        for name in config.methods
        if name != "view" and "view" in counts
    }
    return Classification(
        verdict=verdict(methods, differences),
        methods=methods,
        differences=differences,
        facts={
            **facts,
            "windows": len(data.labels),
            "classes": list(data.classes),
            "protocol": protocol(config, folds),
        },
        notes=tuple(dict.fromkeys(notes)),
        data=data,
        probability=probability,
        votes=votes,
    )


def _without_missing(config: ClassifyConfig) -> tuple[ClassifyConfig, list[str]]:
    kept = tuple(name for name in config.methods if available(name))
    if not kept:
        raise ConfigError("none of the methods is installed", where="methods", hint="pip install pyriemann")
    notes = [
        f"The baseline '{name}' was left out: pyriemann is not installed (pip install pyriemann)."
        for name in config.methods
        if name not in kept
    ]
    return config.model_copy(update={"methods": kept}), notes


def _run_folds(
    run: str,
    digest: str,
    data: WindowData,
    folds: list[Fold],
    config: ClassifyConfig,
    folder: Path,
    models: Path | None,
    n_jobs: int,
    progress: Progress,
) -> list[FoldResult]:
    paths = [fold_path(folder, f"fold-{number:03d}") for number in range(len(folds))]
    tasks = [
        delayed(work)(run, digest, data, folds[k], k, config, paths[k], models)
        for k in range(len(folds))
        if read_fold(paths[k]) is None
    ]
    _in_processes(tasks, n_jobs, "Folds", len(folds), progress)
    return [_written(path) for path in paths]


def _run_refits(
    run: str, digest: str, data: WindowData, config: ClassifyConfig, folder: Path, n_jobs: int, progress: Progress
) -> list[FoldResult]:
    if not config.refits:
        return []
    paths = [fold_path(folder, f"refit-{number:04d}") for number in range(config.refits + 1)]
    tasks = [
        delayed(work_refit)(run, digest, data, k, config, path)
        for k, path in enumerate(paths)
        if read_fold(path) is None
    ]
    _in_processes(tasks, n_jobs, "Permutations", len(paths), progress)
    return [_written(path) for path in paths]


def _in_processes(tasks: list[Any], n_jobs: int, what: str, total: int, progress: Progress) -> None:
    done = total - len(tasks)
    if total:
        progress(what, done, total)
    if not tasks:
        return
    with parallel_config(
        backend="loky" if n_jobs > 1 else "sequential", inner_max_num_threads=1 if n_jobs > 1 else None
    ):
        for _ in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks):
            done += 1
            progress(what, done, total)


def _written(path: Path) -> FoldResult:
    result = read_fold(path)
    if result is None:
        raise OSError(f"the result of a fold cannot be read again: {path}")
    return result
