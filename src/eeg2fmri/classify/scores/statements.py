"""Say how a classification was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds.make import Fold
from eeg2fmri.classify.scores.votes import RULES
from eeg2fmri.data.eeg_only.store import EegStore
from eeg2fmri.models.capabilities import LendsView
from eeg2fmri.models.saving.hub import Loaded

#: How a view was made and classified, as results say it.
VIEWS = {
    "anew": "An EEG window goes through an encoder that is trained anew on pairs of windows, and the frozen "
    "projection, style and decoder of the synthesiser; a linear classifier, trained with the encoder, looks at the "
    "synthesised volume.",
    "synthesizer": "An EEG window goes through the synthesiser's encoder, trained further on pairs of windows, and its "
    "frozen projection, style and decoder; a linear classifier, trained with the encoder, looks at the synthesised "
    "volume.",
    "frozen": "An EEG window goes through the synthesiser as it is; a linear classifier with an L2 penalty looks at "
    "the synthesised volume, standardised over the training windows.",
    "row features": "Band powers, whitened amplitudes and other features of an EEG window, scaled by the training "
    "subjects, go through the synthesiser as it is; a linear classifier with an L2 penalty looks at the synthesised "
    "volume, standardised over the training windows.",
    "recommended": "Band amplitudes of an EEG window, whitened and scaled by the mean covariance of the training "
    "subjects, go through the synthesiser as it is; a linear classifier with an L2 penalty looks at the synthesised "
    "volume, standardised over the training windows.",
}


def view_sentence(config: ClassifyConfig, synthesizer: LendsView) -> str:
    """Say how the view was made and classified."""
    if synthesizer.row_kinds is not None:
        return VIEWS["row features" if synthesizer.row_kinds else "recommended"]
    if not synthesizer.has_encoder:
        return VIEWS["frozen"]
    return VIEWS["anew" if config.view.encoder == "auto" else config.view.encoder]


def majority_note(config: ClassifyConfig, labels: list[int]) -> list[str]:
    """Say why the majority may be below chance when one subject is left out."""
    sizes = [labels.count(label) for label in set(labels)]
    if "majority" not in config.methods or config.folds != "leave-one-out" or max(sizes) - min(sizes) > 1:
        return []
    return [
        "Majority: without the subject that is left out, its class is the smaller one. An AUC of 0 is of the "
        "folds, not of the data; chance is 0.5."
    ]


def untrained_note(loaded: Loaded) -> list[str]:
    """Say that a synthesiser may not be trained."""
    if loaded.statistics is not None:
        return []
    return ["The synthesiser has no statistics of a training group: it may never have been trained."]


def protocol(config: ClassifyConfig, folds: list[Fold]) -> dict[str, Any]:
    """Say how folds, votes, test and intervals were made."""
    return {
        "folds": config.folds,
        "n_folds": len(folds),
        "inner_folds": config.inner_folds,
        "inner_score": "AUC over the subjects of an inner fold, mean over inner folds; log loss between equal ones",
        "vote": config.vote,
        "vote_rule": RULES[config.vote],
        "test": f"classes permuted over subjects and classifiers trained again {config.refits} times in "
        f"{config.refit_folds} stratified folds with fixed settings; statistic: AUC over subjects, ties broken by "
        "the mean difference of the probabilities",
        "refits": config.refits,
        "permutations": config.permutations,
        "bootstraps": config.bootstraps,
        "interval": "95 % percentile, subjects drawn with replacement within classes",
    }


def all_facts(
    facts: dict[str, Any], run: str | Path, store: EegStore, labels: dict[str, int], view: str
) -> dict[str, Any]:
    """Add run, label, sizes of the classes, and how the view was made to the facts of a result."""
    sizes = {name: sum(label == k for label in labels.values()) for k, name in enumerate(store.classes)}
    return {**facts, "run": Path(run).name, "label": store.config.label, "subjects_by_class": sizes, "view": view}
