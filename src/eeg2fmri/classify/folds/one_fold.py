"""Train and score the methods of one fold, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds.files import FoldResult, write_fold
from eeg2fmri.classify.folds.make import Fold
from eeg2fmri.classify.folds.protocol import refit, run_fold
from eeg2fmri.classify.methods.choice import Method, make_methods
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.methods.frozen_view import TrainedView
from eeg2fmri.classify.relevance.decisions import explain_decisions, spread_evenly
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: folds run side by side, and the last digits do not depend on how many do."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _methods(run: str, digest: str, config: str) -> tuple[Method, ...]:
    """Load the methods once in each process; a model is not sent from process to process."""
    from eeg2fmri.classify.methods.lender import load_lender

    loaded, model = load_lender(run)
    return tuple(make_methods(ClassifyConfig.model_validate_json(config), model, loaded.card.electrodes or None))


def work(
    run: str,
    digest: str,
    data: WindowData,
    fold: Fold,
    number: int,
    config: ClassifyConfig,
    path: Path,
    models: Path | None,
) -> None:
    """Run every method in a fold and write what it gave."""
    began = time.perf_counter()
    probability: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {"test": list(fold.test), "train": list(fold.train), "methods": {}}
    arrays: dict[str, np.ndarray] = {}
    with one_thread():
        for method in _methods(run, digest, config.model_dump_json()):
            start = time.perf_counter()
            # every method has the same inner folds, because they follow from the seed of the fold
            made = run_fold(data, fold, method, config.inner_folds, child_seed(config.seed, "fold", number))
            probability[method.name] = made.probability
            facts["methods"][method.name] = {
                "setting": made.setting,
                "losses": made.losses,
                "seconds": time.perf_counter() - start,
            }
            if method.name.endswith("view") and config.explain_windows:
                explained = _explained(made.trained, data, fold, config.explain_windows)
                # the control is only there to be compared with the truth of simulated groups
                control = method.name != "view"
                arrays |= {f"control {k}" if control else k: v for k, v in explained.items()}
            if method.name == "view" and models is not None:
                _save(made.trained, data, models / path.stem)
    facts["seconds"] = time.perf_counter() - began
    write_fold(path, FoldResult(probability, facts, arrays))


def work_refit(run: str, digest: str, data: WindowData, number: int, config: ClassifyConfig, path: Path) -> None:
    """Train again for one permutation of the classes, and write the AUC of each method.

    The untrained view is left out: it would take half of the time and is no claim that needs a test.
    """
    with one_thread():
        methods = [m for m in _methods(run, digest, config.model_dump_json()) if m.name != "untrained view"]
        write_fold(path, FoldResult({}, {"auc": refit(data, methods, config, number)}, {}))


def _explained(trained: TrainedView, data: WindowData, fold: Fold, wanted: int) -> dict[str, np.ndarray]:
    """Mean relevance of each test subject's windows for each model: (subject, model, ...)."""
    view, eeg, errors = [], [], []
    for subject in fold.test:
        chosen = spread_evenly(data.of([subject]), wanted)
        windows = trained.windows(data, chosen)
        found = [explain_decisions(model, windows) for model in trained.models]
        view.append(np.stack([one.view.mean(axis=0) for one in found]))
        eeg.append(np.stack([one.eeg.mean(axis=0) for one in found]))
        errors.append([[one.view_error, one.eeg_error] for one in found])
    arrays = {"view": np.stack(view).astype(np.float32), "eeg": np.stack(eeg).astype(np.float32)}
    return arrays | {"errors": np.array(errors)}


def _save(trained: TrainedView, data: WindowData, folder: Path) -> None:
    names = data.classes[-1:] if len(trained.models) == 1 else data.classes
    for model, name in zip(trained.models, names, strict=True):
        card = ModelCard.of_model(model.config, electrodes=data.electrodes)
        save(folder / f"class-{name}", model, card)
