"""From a store to a run folder: split, pairs, model, training, and what the run says of itself."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from eeg2fmri.core.config import Config, place_of
from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.digest import file_digest
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.join.stores import Stores, one_store
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.of_store import pairs_of_store, row_columns
from eeg2fmri.data.pairs.scaling import GroupStatistics, group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import make_split
from eeg2fmri.data.splits.split import Split
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.capabilities import FIT, FitsInClosedForm, LooksAtTraining, StartsFromWeights, block_of
from eeg2fmri.models.presets import model_config, with_preset
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.registry import build, check_room
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.environment import environment, forget_peak_memory, measured
from eeg2fmri.train.run_folder import (
    STATES,
    make_run_folder,
    refuse_existing_run,
    remove_states,
    resumed_config,
    resumed_split,
    write_json,
    writing,
)
from eeg2fmri.train.states.history import Row
from eeg2fmri.train.states.logs import epoch_log
from eeg2fmri.train.steps.engine import make_fabric, quiet_buckets
from eeg2fmri.train.steps.loop import Fitted, Training
from eeg2fmri.train.steps.losses import Voxels

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TrainResult:
    """What a training left behind.

    Attributes
    ----------
    run : Path
        The run folder.
    fitted : Fitted
        History, best epoch, why it ended.
    first : bool
        Whether this process, of several, is the one that wrote the run.
    closed_form : str
        What a fit in closed form says of itself; empty if there was none, or it was done before a resumption.
    """

    run: Path
    fitted: Fitted
    first: bool = True
    closed_form: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether the training was stopped before its end."""
        return self.fitted.interrupted

    def stop_again(self) -> NoReturn:
        """Raise the signal that stopped the training once more; see `Fitted.stop_again`."""
        self.fitted.stop_again()

    def summary(self) -> str:
        """Say in one line what was trained and which epoch was kept."""
        if self.fitted.history and self.fitted.best_epoch == 0:
            return self.closed_form or "fitted in closed form"
        if not self.fitted.best_epoch:
            return "no epoch was completed: the weights are those of the last step, not validated"
        best = next(row for row in self.fitted.history if row["epoch"] == self.fitted.best_epoch)
        count = self.fitted.history[-1]["epoch"]
        return (
            f"{count} epoch{'' if count == 1 else 's'}; kept epoch {self.fitted.best_epoch}, the best by the "
            f"validation part (loss {best['validation_loss']:.4f}, training {best['train_loss']:.4f})"
        )


@renamed_arguments(since="0.1", removed="0.3", store_path="store", run_path="run", values="config")
@tells
def train_run(
    store: Stores,
    run: str | Path,
    config: TrainConfig | Mapping[str, Any] | str | Path | None = None,
    *,
    resume: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    keep_weights: bool = True,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> TrainResult:
    """Train a synthesiser on a store.

    Parameters
    ----------
    store : Store or path, or sequence of them
        Made by `eeg2fmri.prepare`. Several are joined into the folder ``RUN-store`` (`eeg2fmri.data.join`).
    run : path
        Run folder to make.
    config : TrainConfig, mapping or path, optional
        Settings, or a YAML or JSON file with them. What they leave out is as the preset of the model has it. With
        `resume`, only ``epochs`` may be given.
    resume : bool
        Go on with an interrupted training of this run; it ends with the weights that it would have had
        without the interruption.
    on_epoch : callable, optional
        Called with the row of the history after each epoch; may raise to end the training.
    keep_weights : bool
        False leaves a folder with the history alone, as a search needs it.
    progress : Progress
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    InputError
        If the run folder exists (without `resume`), or there is nothing to resume.
    LeakageError
        If what tests the run would train it.
    ConfigError, ShapeError, StoreError, CheckpointError
        For settings, shapes, stores and states that cannot be used.

    Examples
    --------
    >>> config = {"epochs": 1, "pairs": {"window": 4}, "model": {"preset": "documented", "latent_shape": [2, 3, 2]}}
    >>> train_run("store", "trained", config).summary()
    '1 epoch; kept epoch 1, the best by the validation part (loss ..., training ...)'
    """
    run, given = Path(run), TrainConfig.given(config)
    # of the processes of one training the first writes, and holds the lock
    alone = locked(run, "a training of this run") if os.environ.get("RANK", "0") == "0" else nullcontext()
    with alone:
        settings = (
            resumed_config(run, given) if resume else TrainConfig.make(with_preset(given), where=place_of(config))
        )
        if not resume:
            refuse_existing_run(run)
        whole = one_store(store, run, settings.electrodes, progress)
        return _train(whole, run, settings, resume, on_epoch, keep_weights, progress)


@dataclass(frozen=True, eq=False)
class _Data:
    """What a model is trained on: a block of a recording is a recording here, and nothing can read beyond it."""

    split: Split
    view: Store
    statistics: GroupStatistics
    train: PairDataset
    validation: PairDataset

    @classmethod
    def of(cls, whole: Store, split: Split, pairs: PairConfig) -> _Data:
        view = split.view(whole)
        train, validation = (PairDataset(view, ids, pairs) for ids in (split.train, split.validation))
        return cls(split, view, group_statistics(view, split.train), train, validation)

    def settings(self, config: TrainConfig) -> Config:
        """Give the settings of the model for these data."""
        channels, features, window = self.train[0].x.shape
        columns = row_columns(config.pairs, self.view.frequencies)
        shape = (channels, features, window)
        known = known_of(self.view, config.pairs)
        return model_config(config.model, shape, self.view.grid, config.seed, columns, known)


def _train(
    whole: Store,
    run: Path,
    config: TrainConfig,
    resume: bool,
    on_epoch: Callable[[Row], None] | None,
    keep_weights: bool,
    progress: Progress,
) -> TrainResult:
    forget_peak_memory()
    config = config.model_copy(update={"pairs": pairs_of_store(config.pairs, whole)})
    split = resumed_split(run, whole, config) if resume else make_split(whole, config.split, config.pairs)
    data = _Data.of(whole, split, config.pairs)
    settings = data.settings(config)
    check_room(settings, copies=2)  # that which is trained, and at the end the best weights
    model = build(settings)
    _check_block(model, config.pairs)
    start = _told_start(run) if resume else start_encoder(model, config)
    closed = model if isinstance(model, FitsInClosedForm) else None
    if config.epochs == 0 and closed is None:
        raise ConfigError(
            "this model has to be trained", where="epochs", got="0", expected="at least 1: it has no closed form"
        )
    fabric = make_fabric(config)
    card = ModelCard.of_store(data.view, settings, config.pairs)
    if isinstance(model, LooksAtTraining) and not resume:
        model.look(data.train, data.statistics.mask)
    mask = np.tile(data.statistics.mask, (config.pairs.block, 1, 1))
    voxels = Voxels.of_mask(mask, config.loss.outside) if config.loss.voxels == "brain" else None
    first = fabric.global_rank == 0
    if not first:
        progress = silent
    facts = environment(config, whole, model, fabric) | start
    if first and not resume:
        with writing(run):
            make_run_folder(run, config, split, whole, facts)
    fabric.barrier()
    started = time.monotonic()
    told: list[str] = []
    fit = None if closed is None else partial(_fit, closed, data, config, run if first else None, progress, told)
    try:
        training = Training(model, data.train, data.validation, config, run / STATES, fabric, voxels)
        with writing(run), quiet_buckets(), epoch_log(run, config.logs if first else (), on_epoch) as log:
            fitted = training.run(resume, progress, lambda row: log(row, training.at.history), fit)
    except BaseException:
        # whatever it was: a training without a state has nothing to go on with, and leaves nothing
        if first and not resume and not any((run / STATES).glob("state-*.json")):
            shutil.rmtree(run)
        raise
    if first:
        with writing(run):
            if keep_weights:
                model.load_state_dict(fitted.weights)
                model.eval()
                save(run, model, card, data.statistics)
            write_json(run / "environment.json", facts | measured(time.monotonic() - started, fitted.history))
    fabric.barrier()  # every process has read the best weights, which lie among the states
    if first and not fitted.interrupted:
        with writing(run):
            remove_states(run)
    return TrainResult(run, fitted, first, " ".join(told))


def _fit(
    model: FitsInClosedForm, data: _Data, config: TrainConfig, run: Path | None, progress: Progress, told: list[str]
) -> None:
    """Fit a model in closed form, write in the run folder, if any, how that went, and tell it."""
    progress("Fitting in closed form", 0, 1)
    # gradient steps that follow are stopped by validation recordings, which must be unseen then
    used = data.split.train if config.epochs else (*data.split.train, *data.split.validation)
    acquisition = Acquisition.of_store(data.view, used, config.pairs.lag)
    report = model.fit_closed_form(data.train, None if config.epochs else data.validation, acquisition, progress)
    told.append(report.summary())
    if run is not None:
        parts = ["training"] if config.epochs else ["training", "validation"]
        write_json(run / FIT, {"fitted_to": parts, **dataclasses.asdict(report)})
    progress("Fitting in closed form", 1, 1)


def start_encoder(model: nn.Module, config: TrainConfig) -> dict[str, Any]:
    """Read the encoder that a model starts from, and say of one that can be read where it came from.

    Raises
    ------
    ConfigError
        If the model has no such encoder.
    CheckpointError
        If the file cannot be read, or does not fit.
    """
    path = config.encoder_weights
    if not isinstance(model, StartsFromWeights):
        if path is not None:
            raise ConfigError(
                "this model has no encoder that starts from a file",
                where="encoder_weights",
                got=f"{path}, {type(model).__name__}",
                hint="leave encoder_weights out",
            )
        return {}
    if path is None:
        return {"encoder": "random"}
    model.load_encoder(path)
    return {"encoder": f"{Path(path).name}, SHA-256 {file_digest(Path(path))}"}


def _told_start(run: Path) -> dict[str, Any]:
    """Give what a run that is resumed says of the start of its encoder."""
    return {name: value for name, value in read_json(run / "environment.json").items() if name == "encoder"}


def _check_block(model: nn.Module, pairs: PairConfig) -> None:
    if block_of(model) != pairs.block:
        raise ConfigError(
            "the model does not give as many volumes for a window as a pair has",
            where="pairs.block",
            got=str(pairs.block),
            expected=f"{block_of(model)}, those of the model ({type(model).__name__})",
        )


def known_of(store: Store, pairs: PairConfig) -> dict[str, Any]:
    """Give what settings of models may ask for by name: electrodes, affine, rate of raw EEG, length of blocks."""
    raw = store.config.raw
    known = {"electrodes": tuple(store.electrodes), "affine": tuple(map(tuple, store.affine.tolist()))}
    rate = {} if raw is None else {"sfreq": raw.true_rate(store.tr)}
    return {**known, **rate, **({"block": pairs.block} if pairs.block > 1 else {})}
