"""The search itself: optuna proposes, a training answers, the validation subjects decide."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.errors import Eeg2FmriError, InputError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.of_store import pairs_of_store
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import PARTS, SplitConfig, make_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.presets import with_preset
from eeg2fmri.results.files import as_float
from eeg2fmri.results.search import Trial, write_trials
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run import train_run
from eeg2fmri.tune.config import TuneConfig
from eeg2fmri.tune.space import check_axes, suggest

if TYPE_CHECKING:
    import optuna

#: What decides: the reconstruction on validation subjects, the part of the loss that has the same meaning in every
#: trial.
SCORE = "validation_reconstruction"

#: Model whose settings are searched, where no other is named: the recommended one has none that a search would find.
SEARCHED = {"model": {"preset": "documented"}}
#: How often a worker tries to make or open the database before it gives up.
MAKING_TRIES = 6
#: File of a study that needs no database.
JOURNAL = "journal.log"


@dataclass(frozen=True)
class Found:
    """Outcome of a search.

    Attributes
    ----------
    config : Path
        YAML that ``eeg2fmri train --config`` takes.
    score : float
        Reconstruction on validation subjects of the best trial.
    trials : list of dict
        Number, state, score and parameters of every trial.
    """

    config: Path
    score: float
    trials: list[dict[str, Any]]


@renamed_arguments(since="0.1", removed="0.3", store_path="store")
@tells
def tune(
    store: str | os.PathLike[str],
    out: str | Path,
    config: TuneConfig | Mapping[str, Any] | str | Path | None = None,
    *,
    storage: str | None = None,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> Found:
    """Search for the settings of a training.

    Parameters
    ----------
    store : Store or path
        Store made by `eeg2fmri.prepare`.
    out : path
        Folder of the study. With one that exists the study goes on; several workers may share it.
    config : TuneConfig, mapping or path, optional
    storage : str, optional
        URL of a database that several machines share; a journal file in `out` by default.
    progress : Progress
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    InputError
        If optuna is not installed, or no trial was completed.
    ConfigError
        If the model has no such settings to vary.

    Examples
    --------
    >>> found = tune("store", "study", {"trials": 1, "epochs": 1, "base": {"pairs": {"window": 4}}})
    >>> len(found.trials)
    1
    """
    try:
        import optuna
    except ImportError:
        raise InputError("the search needs optuna", hint="pip install 'eeg2fmri[tune]'") from None
    config = TuneConfig.take(config)
    check_axes(config)
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a trial that was stopped is told with its traceback
    opened, out = Store.open(store), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    base = TrainConfig.make(with_preset({**SEARCHED, **config.base, "epochs": config.epochs}))
    base = base.model_copy(update={"pairs": pairs_of_store(base.pairs, opened)})
    folds = inner_splits(opened, base.split, config.folds, config.seed, base.pairs)
    study = _study(out, storage, config)
    shape = (len(opened.electrodes), len(opened.frequencies), base.pairs.window)

    def objective(trial: optuna.Trial) -> float:
        values = suggest(trial, config, shape, opened.grid)
        trial.set_user_attr("settings", json.dumps(values))
        folder = out / f"trial-{trial.number:04d}"
        try:
            return _score(trial, opened, folder, values, folds)
        except Eeg2FmriError as error:
            trial.set_user_attr("error", str(error))
            raise optuna.TrialPruned from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        progress("Searching", min(trial.number + 1, config.trials), config.trials)

    wanted = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    limit = optuna.study.MaxTrialsCallback(config.trials, states=wanted)
    if len(study.get_trials(deepcopy=False, states=wanted)) < config.trials:
        try:
            study.optimize(objective, callbacks=[limit, tell])
        except AssertionError:  # optuna found a journal that had not taken its own lines
            raise InputError(
                "the journal of the study cannot be written",
                where=str(out / JOURNAL),
                hint="make room; the same command goes on with the study",
            ) from None
    return _finish(study, out)


def inner_splits(
    store: Store, split: SplitConfig, folds: int, seed: int, pairs: PairConfig | None = None
) -> list[SplitConfig]:
    """Cut the training and validation subjects of a split into inner folds; its test subjects stay test subjects.

    Raises
    ------
    InputError
        If there are fewer subjects than folds, or the split divides sessions or blocks, which have no inner folds.
    """
    outer = make_split(store, split, pairs)
    if split.by != "subject":
        if folds > 1:
            raise InputError(
                "inner folds are of subjects",
                where="folds",
                got=f"{folds} folds of a split by {split.by}",
                hint="set 'folds' to 1: the validation part decides",
            )
        return [split]
    subjects = {part: sorted({name.split("_")[0] for name in getattr(outer, part)}) for part in PARTS}
    if folds == 1:
        return [SplitConfig.make(dict(subjects))]
    pool = subjects["train"] + subjects["validation"]
    if folds > len(pool):
        raise InputError(
            "there are fewer subjects than inner folds",
            where=str(store.path),
            got=f"{len(pool)} training and validation subjects",
            expected=f"at least {folds}",
        )
    order = [pool[k] for k in generator(seed, "folds").permutation(len(pool))]
    held = [order[k::folds] for k in range(folds)]
    return [
        SplitConfig.make({"train": [s for s in order if s not in part], "validation": part, "test": subjects["test"]})
        for part in held
    ]


def _score(trial: optuna.Trial, store: Store, folder: Path, values: dict[str, Any], folds: list[SplitConfig]) -> float:
    import optuna

    scores = []
    for number, split in enumerate(folds):

        def judge(row: dict[str, Any], number: int = number) -> None:
            # only the first fold is compared epoch by epoch: the epochs of others have no counterpart yet
            if number == 0:
                trial.report(row[SCORE], row["epoch"])
                if trial.should_prune():
                    raise optuna.TrialPruned

        fold_values = {**values, "split": split.model_dump(mode="json")}
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        result = train_run(store, folder, fold_values, on_epoch=judge, keep_weights=False)
        if result.interrupted:
            result.stop_again()  # a trial that was cut off has no score
        scores.append(min(row[SCORE] for row in result.fitted.history))
    return float(np.mean(scores))


def _study(out: Path, storage: str | None, config: TuneConfig) -> optuna.Study:
    """Open the study, or make it; another worker may be making the same tables at the same moment."""
    import optuna

    for attempt in range(MAKING_TRIES):
        try:
            return optuna.create_study(
                study_name="eeg2fmri",
                storage=_storage(out, storage),
                sampler=optuna.samplers.TPESampler(seed=config.seed),
                pruner=optuna.pruners.MedianPruner() if config.pruning else optuna.pruners.NopPruner(),
                direction="minimize",
                load_if_exists=True,
            )
        except (ValueError, KeyError) as error:
            if storage is not None:
                raise
            raise InputError(
                "the journal of the study is damaged",
                where=str(out / JOURNAL),
                got=f"{type(error).__name__}: {error}",
                expected="a JSON object in each line",
                hint="remove the lines that are none, or start another study",
            ) from None
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("sqlalchemy", "optuna"):
                raise
            if attempt == MAKING_TRIES - 1:
                raise InputError(
                    "the database of the study cannot be opened",
                    where=str(storage or out),
                    got=str(error).splitlines()[0],
                    hint="check the URL, and that the database runs and can be written",
                ) from None
            time.sleep(0.2 * (attempt + 1))
    raise AssertionError("the loop returns or raises")


def _storage(out: Path, url: str | None) -> Any:
    if url is not None:
        return url
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

    journal = out / JOURNAL
    lock = JournalFileSymlinkLock(str(journal))
    if journal.is_file() and not _ends_whole(journal):
        lock.acquire()  # from here on no other worker is writing the line
        try:
            if not _ends_whole(journal):
                os.truncate(journal, journal.read_bytes().rfind(b"\n") + 1)
        finally:
            lock.release()
    return JournalStorage(JournalFileBackend(str(journal), lock))


def _ends_whole(journal: Path) -> bool:
    """Tell whether the last line of a journal is complete: a process that was killed, or a full disk, may cut it."""
    with journal.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return size == 0 or file.read() == b"\n"


def _finish(study: optuna.Study, out: Path) -> Found:
    found = [
        Trial(
            number=trial.number,
            state=trial.state.name.lower(),
            score=as_float(trial.value if trial.state.name == "COMPLETE" else None),
            params=trial.params,
            error=trial.user_attrs.get("error", ""),
        )
        for trial in study.get_trials(deepcopy=False)
    ]
    trials = [trial.to_dict() for trial in found]
    done = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    write_trials(out, found)
    if not done:
        errors = sorted({trial["error"] for trial in trials if trial["error"]})
        raise InputError(
            "no trial of the search was completed",
            where=str(out),
            got=f"{len(trials)} trials; " + (errors[0] if errors else "all were pruned"),
            hint="widen the search, or look at trials.json",
        )
    values = [float("inf") if trial.value is None else trial.value for trial in done]
    best = done[int(np.argmin(values))]
    # with what the preset of the model sets, so that the file is the whole of the training
    settings = TrainConfig.make(with_preset(json.loads(best.user_attrs["settings"])))
    path = out / "best.yaml"
    settings.write(path)
    return Found(path, min(values), trials)
