"""A run and its store, opened and checked to belong together, for an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from torch import nn

from eeg2fmri.core.errors import CheckpointError, InputError, Problem
from eeg2fmri.data.bold.elements import Elements
from eeg2fmri.data.features.band_covariance import BANDS
from eeg2fmri.data.pairs.of_store import row_columns
from eeg2fmri.data.pairs.windows import RAW
from eeg2fmri.data.splits.leakage import check_leakage
from eeg2fmri.data.splits.make import read_split
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.data.store.store import Store
from eeg2fmri.explain.config import ExplainConfig
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.explain.inputs.targets import Target, read_region, structure, voxel, whole_volume
from eeg2fmri.explain.rules.propagation import refuse_unexplained
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """What an explanation needs of a run.

    Attributes
    ----------
    folder : Path
    store : Store
        As the split of the run divides it: blocks of recordings are recordings.
    model : nn.Module
        In evaluation mode.
    card : ModelCard
    digest : str
        SHA-256 of the weights.
    axes : Axes
        Of the windows.
    target : Target
    recordings : tuple of str
        Ids that are explained.
    """

    folder: Path
    store: Store
    model: nn.Module
    card: ModelCard
    digest: str
    axes: Axes
    target: Target
    recordings: tuple[str, ...]


def open_run(folder: str | Path, store_path: str | PathLike[str], config: ExplainConfig) -> OpenedRun:
    """Open a run and the store that it was trained on.

    Raises
    ------
    CheckpointError
        If the run is absent or damaged, is no synthesiser, or belongs to another store.
    LeakageError
        If what tests the run has trained it.
    StoreError
        If the store cannot be used.
    InputError
        If the target does not fit the volumes, or relevance does not explain the model.
    """
    folder, store = Path(folder), Store.open(store_path)
    split, store_hash = read_split(folder)
    loaded = load(folder)
    if not {"eeg_shape", "volume_shape"} <= set(loaded.card.model):
        raise CheckpointError(
            "the run holds no synthesiser",
            where=str(folder),
            got=str(loaded.card.model.get("kind")),
            hint="relevance of other models: eeg2fmri.explain.rules.propagation.propagate",
        )
    refuse_unexplained(loaded.model, str(folder))
    problems = _differences(loaded.card, store, str(folder))
    if store_hash != store.hash:
        problems.append(Problem("the run was trained on another store", str(folder), store_hash, store.hash))
    parts = ("train", "validation", "test") if config.part == "all" else (config.part,)
    chosen = tuple(name for part in parts for name in split.parts[part])
    known = {recording.id for recording in store.recordings}
    lost = [name for name in chosen if name not in known and Block.of(name).recording not in known]
    if lost:
        problems.append(Problem("recordings of the run are not in the store", str(store.path), ", ".join(lost)))
    if problems:
        raise CheckpointError.of(problems)
    card = loaded.card
    check_leakage(store, split, card.pairs)
    store = split.view(store)
    axes, target = axes_of(card, card.electrodes), _target(config, store, chosen)
    return OpenedRun(folder, store, loaded.model, card, loaded.digest, axes, target, chosen)


def axes_of(card: ModelCard, electrodes: Sequence[str]) -> Axes:
    """Axes of the windows: every frequency, the bands whose amplitudes the model reads, or its row features."""
    pairs = card.pairs
    if pairs.eeg in RAW:
        raise InputError(
            "a model on raw EEG cannot be explained by electrode and frequency",
            got=f"eeg: {pairs.eeg}",
            hint="explain a model on spectra, amplitudes or row features",
        )
    if pairs.eeg == "amplitude":
        return Axes.of_bands(electrodes, BANDS, card.tr, pairs.window, pairs.lag)
    if pairs.eeg == "rows":
        columns = [column for kind in row_columns(pairs, np.asarray(card.frequencies)).values() for column in kind]
        return Axes.of_bands(electrodes, columns, card.tr, pairs.window, pairs.lag)
    return Axes.of_window(electrodes, card.frequencies[: pairs.bins], card.tr, pairs.window, pairs.lag)


def _target(config: ExplainConfig, store: Store, recordings: tuple[str, ...]) -> Target:
    if config.target == "volume":
        return whole_volume(store.grid)
    if isinstance(config.target, str) and store.elements:
        return structure(config.target, Elements.of_text(store.elements))
    if isinstance(config.target, str):
        # voxels of one place have the same indices in every recording only if their affines are the same
        affines = [store.recordings[store.index(name)].affine for name in recordings]
        if any(not np.allclose(affines[0], other, atol=1e-2) for other in affines):
            raise InputError(
                "a region in mm is at other voxels in each recording",
                where=config.target,
                got=f"space {store.space}, {len(affines)} recordings with different affines",
                hint="prepare volumes in a common space, or explain one part with one recording",
            )
        return read_region(config.target, store.grid, affines[0])
    return voxel(config.target, store.grid)


def _differences(card: ModelCard, store: Store, where: str) -> list[Problem]:
    """Facts in which the store differs from what the model was trained on."""
    same = len(card.frequencies) == len(store.frequencies) and np.allclose(
        card.frequencies, store.frequencies, rtol=1e-6
    )
    checks = (
        ("electrodes", tuple(card.electrodes) == store.electrodes, store.electrodes, card.electrodes),
        ("frequencies", same, _range(store.frequencies), _range(np.asarray(card.frequencies))),
        ("grid", tuple(card.grid) == tuple(store.grid), store.grid, card.grid),
        ("TR", bool(np.isclose(card.tr, store.tr, rtol=1e-6)), store.tr, card.tr),
        ("space", card.space == store.space, store.space, card.space),
    )
    return [
        Problem(f"the {name} of the store is not the run's", where, str(got), str(expected))
        for name, fits, got, expected in checks
        if not fits
    ]


def _range(frequencies: np.ndarray) -> str:
    return f"{len(frequencies)} up to {frequencies[-1]:g} Hz" if len(frequencies) else "none"
