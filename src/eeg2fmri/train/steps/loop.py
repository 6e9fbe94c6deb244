"""The training loop: epochs, steps, validation, states.

Everything random in a step is drawn from generators seeded with (seed, step, process), so a training
that goes on from a saved state takes the very steps that an uninterrupted one takes.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterator, Sized
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import child_seed
from eeg2fmri.data.pairs.loader import load_batches
from eeg2fmri.nn.norm import synchronise
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.states.best import read_best, write_best
from eeg2fmri.train.states.history import Means, Row
from eeg2fmri.train.states.position import Position, Seconds
from eeg2fmri.train.states.state import State, optimiser_tensors, read_state, restore, write_state
from eeg2fmri.train.steps.average import WeightAverage
from eeg2fmri.train.steps.engine import anyone, average_buffers, reduced
from eeg2fmri.train.steps.interrupt import StopRequest
from eeg2fmri.train.steps.losses import Voxels
from eeg2fmri.train.steps.objective import Objective
from eeg2fmri.train.steps.optimiser import make_optimiser
from eeg2fmri.train.steps.order import epoch_batches, even_share, learning_rate

if TYPE_CHECKING:
    from lightning.fabric import Fabric

#: Folder of the weights of the best epoch, within that of the states.
BEST = "best"


#: A validation loss so many times the mean square of the volumes is that of a training that diverged.
DIVERGED = 1e4


@dataclass
class Fitted:
    """What a training gave.

    Attributes
    ----------
    history : list of dict
        One row an epoch.
    best_epoch : int
        Epoch (from 1) with the lowest validation loss; 0 if none was validated, or the closed form is the best.
    weights : dict of str to Tensor
        Weights of the best epoch; those of the last step if none was validated.
    stopped : {"epochs", "patience", "minutes", "asked"}
        Why the training ended.
    signal : int
        Number of the signal that asked for the end; that of Ctrl-C where another process was asked.
    """

    history: list[Row]
    best_epoch: int
    weights: dict[str, Tensor]
    stopped: str
    signal: int

    @property
    def interrupted(self) -> bool:
        """Whether the training was stopped before its end."""
        return self.stopped == "asked"

    def stop_again(self) -> NoReturn:
        """Raise the signal that stopped the training once more, for what called it.

        Raises
        ------
        KeyboardInterrupt
            If the signal has no handler that ends what runs.
        """
        if callable(signal.getsignal(self.signal)):
            signal.raise_signal(self.signal)
        raise KeyboardInterrupt


class Training:
    """One model in training: steps, validation, states.

    Parameters
    ----------
    model : nn.Module
        Called as ``model(x, y, generator=...)``; offers ``regularization()`` and ``kl()``.
    train, validation : Dataset of Pair
    config : TrainConfig
    folder : Path
        Where states are kept.
    fabric : Fabric
    voxels : Voxels, optional
        How much each voxel counts in the loss.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Dataset[Any],
        validation: Dataset[Any],
        config: TrainConfig,
        folder: Path,
        fabric: Fabric,
        voxels: Voxels | None = None,
    ) -> None:
        self.raw = model
        self.config = config
        self.folder = folder
        self.fabric = fabric
        self.sets = {"train": train, "validation": validation}
        self.n_pairs = len(cast(Sized, train))
        self.optimiser = make_optimiser(model, config.optimiser)
        if fabric.world_size > 1 and config.synchronise_batch_norm:
            synchronise(model)
        self.model, self.wrapped = fabric.setup(model, self.optimiser)
        self.objective = Objective(model, config.loss, self.n_pairs, voxels and voxels.to(fabric.device))
        self.average = WeightAverage(model, config.average_decay) if config.average_decay else None
        self.at = Position()
        self.saved_at = time.monotonic()
        #: Largest mean square of the volumes of a validation batch: what a model that says nothing is off by.
        self.power = 0.0

    def run(
        self,
        resume: bool = False,
        progress: Progress = silent,
        on_epoch: Callable[[Row], None] | None = None,
        fit: Callable[[], None] | None = None,
    ) -> Fitted:
        """Train until the epochs are done, validation stops getting better, or a stop is asked for.

        `on_epoch` is called with each epoch's row of the history, and may raise to end the training. `fit` sets the
        weights before the first epoch, in closed form; they are validated as epoch 0, which may be the best one.
        """
        devices = [self.fabric.device] if self.fabric.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            if not (resume and self._resume()) and fit is not None:
                fit()
                self._validate_epoch({"epoch": 0}, 0)
                self.at.seconds = Seconds()
                if on_epoch:
                    on_epoch(self.at.history[-1])
            stop = StopRequest()
            why = self._train_epochs(stop, progress, on_epoch)
        epoch, weights = self._best()
        return Fitted(self.at.history, epoch, weights, why, stop.number)

    def _train_epochs(self, stop: StopRequest, progress: Progress, on_epoch: Callable[[Row], None] | None) -> str:
        """Train epoch by epoch, and give the reason of the end; only here a request to stop is waited with."""
        with stop:
            while self.at.epoch < self.config.epochs:
                if not self._train_epoch(stop, progress):
                    return "asked"
                self._end_epoch()
                if on_epoch:
                    on_epoch(self.at.history[-1])
                if anyone(self.fabric, stop.asked):
                    return "asked"
                if self._out_of_time():
                    return "minutes"
                if self.config.patience and self.at.epoch - self.at.best[0] >= self.config.patience:
                    return "patience"
        return "epochs"

    def _train_epoch(self, stop: StopRequest, progress: Progress) -> bool:
        """Train from the batch where the epoch stands; False if a stop was asked for before its end."""
        self.raw.train()
        rank, world = self.fabric.global_rank, self.fabric.world_size
        batches = epoch_batches(self.n_pairs, self.config.batch_size, self.config.seed, self.at.epoch, rank, world)
        total = self.config.epochs * len(batches)
        started, pairs = time.monotonic(), 0
        done = self.at.batches_done
        # the loop alone holds the loader, so that an error ends its threads
        for number, pair in enumerate(self.at.seconds.waiting("loading", self._load("train", batches[done:])), done):
            with self.at.seconds.measure("step"):
                self._step(pair, number, len(batches))
            self.at.batches_done = number + 1
            pairs += len(pair.x) * world
            rate = pairs / (time.monotonic() - started)
            loss = self.at.means.means()["loss"]
            text = f"Epoch {self.at.epoch + 1}/{self.config.epochs}, loss {loss:.4f}, {rate:.3g} pairs/s"
            progress(text, self.at.epoch * len(batches) + self.at.batches_done, total)
            # a state is whole only where no gradient waits for its step
            if self.at.batches_done % self.config.optimiser.accumulate or self.at.batches_done == len(batches):
                continue
            if anyone(self.fabric, stop.asked):
                self._save()
                return False
            if self._out_of_time():
                break
            if time.monotonic() - self.saved_at > 60 * self.config.checkpoint_minutes:
                self._save()
        return True

    def _step(self, pair: Any, number: int, n_batches: int) -> None:
        every = self.config.optimiser.accumulate
        first = number - number % every
        group = min(every, n_batches - first)
        ends = number + 1 == first + group
        generator = self._seed_step()
        with self.fabric.no_backward_sync(self.model, enabled=not ends):
            out = self.model(pair.x, pair.y, generator=generator)
            parts = self.objective.parts(out, pair.y)
            loss = self.objective.weighed(parts) + self.objective.penalty(self.at.epoch)
            self._check(loss)
            self.fabric.backward(loss / group)
        self.at.means.add({"loss": loss.item(), **{k: v.item() for k, v in parts.items()}}, len(pair.x))
        self.at.batches_seen += 1
        if not ends:
            return
        settings = self.config.optimiser
        if settings.clip_norm:
            self.fabric.clip_gradients(self.model, self.wrapped, max_norm=settings.clip_norm)
        per_epoch = -(-n_batches // every)
        for group_ in self.optimiser.param_groups:
            rate = learning_rate(settings, self.at.steps, per_epoch * self.config.epochs, per_epoch)
            group_["lr"] = rate * group_["share"]
        self.wrapped.step()
        self.wrapped.zero_grad()
        self.at.steps += 1
        if self.average:
            self.average.update(self.raw)

    def _out_of_time(self) -> bool:
        """Tell whether the minutes of the training are spent, on any process."""
        if self.config.minutes is None:
            return False
        spent = self.at.seconds.rounded("loading", "step", "validation")
        spent += sum(row.get("seconds", 0.0) + row.get("seconds_validation", 0.0) for row in self.at.history)
        return anyone(self.fabric, spent > 60 * self.config.minutes)

    def _end_epoch(self) -> None:
        average_buffers(self.fabric, self.raw)
        row: Row = {"epoch": self.at.epoch + 1}
        row |= {f"train_{name}": value for name, value in reduced(self.fabric, self.at.means).items()}
        row |= {
            "learning_rate": max(group["lr"] for group in self.optimiser.param_groups),
            "seconds": self.at.seconds.rounded("loading", "step"),
        }
        with self._averaged():
            self._validate_epoch(row, self.at.epoch + 1)
        self.at.end_epoch()
        self._save()

    def _validate_epoch(self, row: Row, epoch: int) -> None:
        """Validate the present weights, add the row to the history, and keep the weights if they are the best."""
        with self.at.seconds.measure("validation"):
            scores = self._validate()
        row |= {f"validation_{name}": value for name, value in scores.items()}
        row |= {f"seconds_{name}": self.at.seconds.rounded(name) for name in ("loading", "validation")}
        self.at.history.append(row)
        if scores["loss"] < min(self.at.best[1], DIVERGED * (1 + self.power)):
            self.at.best = (epoch, scores["loss"])
            if self.fabric.global_rank == 0:
                write_best(self.folder / BEST, epoch, self.raw)

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        self.raw.eval()
        n = len(cast(Sized, self.sets["validation"]))
        means = Means()
        batches = even_share(n, self.config.batch_size, self.fabric.global_rank, self.fabric.world_size)
        for pair in self._load("validation", batches):
            parts = self.objective.parts(self.raw(pair.x, pair.y), pair.y)
            loss = self.objective.weighed(parts)
            means.add({"loss": loss.item(), **{name: value.item() for name, value in parts.items()}}, len(pair.x))
            self.power = max(self.power, float(pair.y.square().mean()))
        return reduced(self.fabric, means)

    def _check(self, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            raise Eeg2FmriError(
                "the loss is not finite",
                where=f"epoch {self.at.epoch + 1}, batch {self.at.batches_done + 1}",
                got=str(loss.item()),
                hint="lower optimiser.learning_rate or set optimiser.clip_norm, and train a new run",
            )

    def _seed_step(self) -> torch.Generator:
        """Seed dropout (the forked global state) and return the generator of the variational draws."""
        names = ("step", self.at.batches_seen, self.fabric.global_rank)
        torch.manual_seed(child_seed(self.config.seed, *names, "dropout"))
        return torch.Generator(self.fabric.device).manual_seed(child_seed(self.config.seed, *names))

    def _load(self, part: str, batches: list[list[int]]) -> Generator[Any, None, None]:
        device = self.fabric.device
        pin = device.type == "cuda"
        with closing(load_batches(self.sets[part], batches, workers=self.config.workers, pin=pin)) as made:
            for pair in made:
                yield pair._replace(x=pair.x.to(device, non_blocking=pin), y=pair.y.to(device, non_blocking=pin))

    def _save(self) -> None:
        self.saved_at = time.monotonic()
        if self.fabric.global_rank:
            return
        tensors = {f"model.{name}": value for name, value in self.raw.state_dict().items()}
        tensors |= optimiser_tensors(self.optimiser)
        if self.average:
            tensors |= {f"average.{name}": value for name, value in self.average.weights.items()}
        write_state(self.folder, self.at.batches_seen, State(tensors, self.at.facts()))

    def _best(self) -> tuple[int, dict[str, Tensor]]:
        """Best epoch and its weights; the present weights if none was validated."""
        self.fabric.barrier()
        if self.at.best[1] < float("inf"):
            return read_best(self.folder / BEST, self.at.best[0])
        if self.at.history:
            raise Eeg2FmriError(
                "the training diverged: no epoch came anywhere near the volumes, and none is kept",
                where=f"epoch {self.at.history[-1]['epoch']}",
                got=f"validation loss {self.at.history[-1]['validation_loss']:.3g}",
                expected=f"less than {DIVERGED * (1 + self.power):.3g}",
                hint="lower optimiser.learning_rate or set optimiser.clip_norm, and train a new run",
            )
        return 0, {name: value.detach().cpu() for name, value in self.raw.state_dict().items()}

    def _resume(self) -> bool:
        state = read_state(self.folder)
        if state is None:
            return False
        restore(state, self.raw, self.optimiser)
        if self.average:
            self.average.restore(state.tensors)
        self.at = Position.of(state.facts)
        return True

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Put the averaged weights in place of the trained ones for a while."""
        if not self.average:
            yield
            return
        kept = self.average.swap_in(self.raw)
        try:
            yield
        finally:
            self.raw.load_state_dict(kept)
