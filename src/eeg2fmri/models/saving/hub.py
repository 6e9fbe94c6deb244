"""Save a model with everything needed to use it, and load it to the same outputs, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import CheckpointError, ConfigError, Problem
from eeg2fmri.data.pairs.scaling import BoldScaler, GroupStatistics
from eeg2fmri.models.registry import build, outline
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.carried import CarriesCard
from eeg2fmri.models.saving.files import AGAIN, CONFIG, WEIGHTS, read_files, write_files

#: Types that the tensors of a saved model may have.
FLOATS = {torch.float32, torch.float64, torch.bfloat16, torch.float16}


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model from a folder.

    Attributes
    ----------
    model : nn.Module
        In evaluation mode, on the CPU.
    card : ModelCard
    statistics : GroupStatistics or None
        Of the training group; None if the model was saved without.
    digest : str
        SHA-256 of the weights file, hexadecimal.
    """

    model: nn.Module
    card: ModelCard
    statistics: GroupStatistics | None
    digest: str

    def scaler(self) -> BoldScaler:
        """Return what brings outputs of the model to BOLD units.

        Raises
        ------
        CheckpointError
            If the model was saved without the statistics that this takes.
        """
        if self.statistics is None:
            raise CheckpointError(
                "the model has no statistics of BOLD: its output cannot be brought to BOLD units",
                got=f"an imported or untrained model, SHA-256 of the weights {self.digest}",
                hint="train it on a store, which saves the statistics with it",
            )
        return BoldScaler(self.card.pairs, self.statistics)


def save(folder: str | Path, model: nn.Module, card: ModelCard, statistics: GroupStatistics | None = None) -> None:
    """Save a model.

    Parameters
    ----------
    folder : str or Path
        Made if it does not exist; a model that is there already is replaced, other files stay.
    model : nn.Module
        A model of the registry.
    card : ModelCard
    statistics : GroupStatistics, optional
        Of the training group.

    Raises
    ------
    ConfigError
        If the card is of another model.
    CheckpointError
        If a weight is NaN or infinite, or the disk is full or cannot be written.
    """
    config = getattr(model, "config", None)
    if getattr(config, "kind", None) is None or card.model != config.model_dump(mode="json"):  # type: ignore[union-attr]
        raise ConfigError(
            "the card is not of this model",
            where="card.model",
            got=f"card of kind {card.model.get('kind')!r}, model {type(model).__name__}",
            expected="the config of the model",
            hint="make the card with ModelCard.of_store or ModelCard.of_model from model.config",
        )
    problems = _not_finite(model.state_dict(), str(folder))
    if problems:
        raise CheckpointError.of(problems)
    arrays = {} if statistics is None else statistics.arrays()
    write_files(
        Path(folder),
        card.model_dump(mode="json"),
        model.state_dict(),
        {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()},
    )


def load(folder: str | Path) -> Loaded:
    """Load a model.

    Parameters
    ----------
    folder : str or Path
        Run folder, or any folder that `save` wrote.

    Raises
    ------
    CheckpointError
        If a file is absent, truncated, changed, foreign or of another version, or tensors are missing, unknown or
        misshapen: all of these are named.
    """
    folder = Path(folder)
    stored = read_files(folder)
    where = str(folder / CONFIG)
    try:
        card = ModelCard.make(stored.card, where=where)
        # settings may ask for any size: names and shapes are compared before memory is taken
        shapes = outline(card.model)
        tensors = _with_later(shapes, stored.tensors)
        _compare(shapes, tensors, str(folder / WEIGHTS))
        model = build(card.model)
    except ConfigError as error:
        raise CheckpointError.of(error.problems) from None
    except (RuntimeError, OverflowError, TypeError, ValueError) as error:
        # torch says so of sizes that no array can have
        raise CheckpointError(
            "the model cannot be built from its settings", where=where, got=str(error).splitlines()[0], hint=AGAIN
        ) from None
    _put(model, tensors)
    model.eval()
    statistics = _statistics(stored.statistics, card, str(folder / WEIGHTS))
    if isinstance(model, CarriesCard):
        model.card, model.statistics = card, statistics
    return Loaded(model, card, statistics, stored.digest)


def _with_later(model: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add zeros for tensors of the model that versions before did not save (``LATER_TENSORS`` of its class)."""
    kind = next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)
    own = model.state_dict()
    later = [name for name in getattr(model, "LATER_TENSORS", ()) if name not in tensors]
    return {**tensors, **{name: torch.zeros(own[name].shape, dtype=kind) for name in later}}


def _compare(model: nn.Module, tensors: dict[str, Tensor], where: str) -> None:
    """Compare names, shapes, kinds and values of stored tensors with what a model takes."""
    own = model.state_dict()
    problems = [Problem("a tensor is missing", f"{where}: {name}") for name in own if name not in tensors]
    problems += [Problem("a tensor is unknown to the model", f"{where}: {name}") for name in tensors if name not in own]
    for name in own.keys() & tensors.keys():
        got, expected = tensors[name], own[name]
        if got.shape != expected.shape:
            shapes = (str(tuple(tensor.shape)) for tensor in (got, expected))
            problems.append(Problem("a tensor has the wrong shape", f"{where}: {name}", *shapes))
        if got.is_floating_point() != expected.is_floating_point():
            problems.append(
                Problem("a tensor has the wrong type", f"{where}: {name}", str(got.dtype), str(expected.dtype))
            )
    types = {tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()}
    if len(types) > 1 or not types <= FLOATS:
        got_types = ", ".join(sorted(map(str, types)))
        problems.append(Problem("the tensors are not of one float type", where, got_types, "the same type in all"))
    problems += _not_finite(tensors, where)
    if problems:
        raise CheckpointError.of(sorted(problems, key=lambda problem: problem.where))


def _not_finite(tensors: Mapping[str, Tensor], where: str) -> list[Problem]:
    """Name the tensors with NaN or infinite values: such a model gives no volumes."""
    found = []
    for name, tensor in tensors.items():
        bad = int((~torch.isfinite(tensor)).sum()) if tensor.is_floating_point() else 0
        if bad:
            found.append(
                Problem(
                    "a weight of the model is not finite",
                    f"{where}: {name}",
                    f"{bad} of {tensor.numel()} values are NaN or infinite",
                    hint="the training diverged, or the file it came from is damaged: lower the learning rate, "
                    "or get the file again",
                )
            )
    return found


def _put(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Put stored tensors into a model that they fit."""
    for dtype in {tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()}:
        # tables that are not saved, such as those of the cosine transform, follow the type of the weights
        model.to(dtype)
    model.load_state_dict(tensors)


def _statistics(tensors: dict[str, Tensor], card: ModelCard, where: str) -> GroupStatistics | None:
    if not tensors:
        return None
    try:
        statistics = GroupStatistics.of_arrays({name: tensor.numpy() for name, tensor in tensors.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError("the statistics are damaged", where=where, got=repr(error)) from None
    maps = {"voxel_mean": statistics.voxel_mean, "voxel_std": statistics.voxel_std, "mask": statistics.mask}
    problems = [
        Problem("a statistic is on another grid", f"{where}: {name}", str(values.shape), str(tuple(card.grid)))
        for name, values in maps.items()
        if values.shape != tuple(card.grid)
    ]
    if problems:
        raise CheckpointError.of(problems)
    return statistics
