"""Cross-validate a synthesiser: train a run for each fold, test each once, and put the scores together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eeg2fmri.core.config import place_of
from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.crossvalidate.folder import CrossValidationFolder
from eeg2fmri.crossvalidate.pool import pool_folds
from eeg2fmri.data.join.stores import Stores, one_store
from eeg2fmri.data.pairs.of_store import pairs_of_store
from eeg2fmri.data.splits.make import make_folds, make_split
from eeg2fmri.evaluate.inputs.atlas import AtlasLike
from eeg2fmri.evaluate.metrics.registry import HEADLINE
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.models.baselines import Baseline
from eeg2fmri.models.presets import with_preset
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import DIFFERENCE
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run import train_run


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What a cross-validation has come to.

    Attributes
    ----------
    folder : Path
    runs : tuple of Path
        Run folders of all folds.
    left : tuple of int
        Folds that are not evaluated yet.
    evaluation : Evaluation or None
        Over all folds; None while some are left.
    signal : int
        Number of the signal that stopped a training before its end; 0 where none did.
    """

    folder: Path
    runs: tuple[Path, ...]
    left: tuple[int, ...]
    evaluation: Evaluation | None
    signal: int = 0

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Give the columns and rows of a table with one line a fold."""
        columns: tuple[str, ...] = ("fold", "test subjects", HEADLINE.label, "test part read")
        if self.evaluation is None:
            return columns, []
        rows: list[tuple[str, ...]] = []
        for one in self.evaluation.facts["each_fold"]:
            score, times = one[HEADLINE.name], one["times_read"]
            rows.append(
                (
                    str(one["fold"]),
                    ", ".join(one["subjects"]),
                    "-" if score is None else f"{score:.3f}",
                    "once" if times == 1 else f"{times} times",
                )
            )
        return columns, rows


@renamed_arguments(since="0.1", removed="0.3", store_path="store", values="config")
@tells
def cross_validate(
    store: Stores,
    out: str | Path,
    config: TrainConfig | Mapping[str, Any] | str | Path,
    *,
    only: Sequence[int] = (),
    atlas: AtlasLike | None = None,
    truth: str | Path | None = None,
    own: Sequence[Baseline] = (),
    difference: float = DIFFERENCE,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda text: None,
    device: str = "auto",
    seed: int = 0,
    verbose: Verbose = None,
) -> CrossValidation:
    """Train and test a run for each fold of a split.

    A fold that a kill or an interruption left behind goes on where it stood; what is evaluated is neither trained nor
    read again. All folds are made and checked for leakage before the first one is trained.

    Parameters
    ----------
    store : Store or path, or sequence of them
        Made by `eeg2fmri.prepare`. Several are joined into the folder ``OUT-store`` (`eeg2fmri.data.join`); with
        ``split: {by: data-set, folds: leave-one-out}`` each is tested by a model of the others.
    out : path
        Folder to make, or to go on with: ``fold-01``, ``fold-02``, ... are runs like those of train, and the scores of
        all of them together lie beside them.
    config : TrainConfig, mapping or path
        Settings of the training, or a YAML or JSON file with them; ``split.folds`` says into how many folds,
        ``split.by`` of what.
    only : sequence of int
        Folds to train and test now, from 1; all by default. Other processes may do others at the same time.
    atlas, truth, difference
        As `eeg2fmri.evaluate.run.evaluate_run`.
    own : sequence of Baseline
        Methods of your own, fitted anew in each fold; see `eeg2fmri.models.own`.
    progress : Progress
    say : callable
        Told in a line what begins and what came out.
    device : str
        Torch device of the evaluation.
    seed : int
        Of the draws of the evaluation.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    ConfigError
        If the settings are wrong or have no folds.
    InputError
        If the store does not have enough for the folds, there is no such fold, `out` holds something else, or another
        process is at work on the same fold.
    LeakageError
        If what tests a fold would train it.

    Examples
    --------
    >>> config = {"epochs": 1, "pairs": {"window": 4}, "model": {"preset": "documented", "latent_shape": [2, 3, 2]}}
    >>> cross_validate("store", "folds", config | {"split": {"folds": "leave-one-out"}}, only=[1]).left
    (2, 3)
    """
    given = TrainConfig.given(config)
    settings = TrainConfig.make(with_preset(given), where=place_of(config))
    opened = one_store(store, Path(out), settings.electrodes, progress)
    if settings.split.folds is None or settings.split.fold is not None:
        raise ConfigError(
            "a cross-validation needs a number of folds, and does all of them",
            where=f"{place_of(config) or 'settings'}: split",
            got=f"folds: {settings.split.folds}, fold: {settings.split.fold}",
            expected="folds: a number, or leave-one-out; no fold",
        )
    folds = make_folds(opened, settings.split)
    wanted = list(only) or list(range(1, len(folds) + 1))
    unknown = [fold for fold in wanted if not 1 <= fold <= len(folds)]
    if unknown:
        raise InputError("there is no such fold", got=", ".join(map(str, unknown)), expected=f"1 to {len(folds)}")
    pairs = pairs_of_store(settings.pairs, opened)
    splits = [make_split(opened, fold, pairs) for fold in folds]
    folder = CrossValidationFolder.open(Path(out), opened, settings, len(folds), seed)
    runs = tuple(folder.run(fold) for fold in range(1, len(folds) + 1))
    for number, fold in enumerate(wanted):
        progress("Folds", number, len(wanted))
        # each fold has a lock of its own: other processes may do the others
        with locked(folder.path / f"{folder.run(fold).name}-work", f"fold {fold} of this cross-validation"):
            stage = folder.stage(fold)
            if stage == "evaluated":
                continue
            say(f"Fold {fold} of {len(folds)}: tests {', '.join(splits[fold - 1].test)}")
            if stage != "trained":
                resume = stage == "begun"
                of_fold = {} if resume else {**given, "split": folds[fold - 1].model_dump(mode="json")}
                result = train_run(opened, folder.run(fold), of_fold, resume=resume, progress=progress)
                if result.interrupted:
                    return CrossValidation(folder.path, runs, tuple(folder.left), None, result.fitted.signal)
                say(result.summary())
            tested = evaluate_run(
                folder.run(fold),
                opened,
                atlas=atlas,
                truth=truth,
                own=own,
                difference=difference,
                progress=progress,
                device=device,
                seed=seed,
            )
            say(tested.verdict)
    progress("Folds", len(wanted), len(wanted))
    left = tuple(folder.left)
    with locked(folder.path, "putting this cross-validation together"):
        evaluation = None if left else pool_folds(opened, runs, folder.path, seed, difference)
    return CrossValidation(folder.path, runs, left, evaluation)
