"""A run, the store that it was trained on, and the check that they belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import CheckpointError, Problem
from eeg2fmri.data.pairs.scaling import BoldScaler
from eeg2fmri.data.splits.leakage import check_leakage, check_statistics
from eeg2fmri.data.splits.make import Split, read_split
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.capabilities import FIT
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import Loaded, load


@dataclass(frozen=True, eq=False)
class OpenRun:
    """A run that can be evaluated.

    Attributes
    ----------
    folder : Path
    store : Store
        As the split divides it: blocks of recordings are recordings.
    split : Split
        Recordings that trained it, chose its epoch, and test it.
    loaded : Loaded
        Model, card, statistics and digest.
    scaler : BoldScaler
        Brings its output to BOLD units.
    """

    folder: Path
    store: Store
    split: Split
    loaded: Loaded
    scaler: BoldScaler

    @property
    def unseen(self) -> tuple[str, ...]:
        """Validation recordings that the model was not fitted to: none where a closed form took them too.

        Errors of a model in recordings that it was fitted to are smaller than in new ones.
        """
        try:
            fitted = read_json(self.folder / FIT)["fitted_to"]
        except FileNotFoundError:
            return self.split.validation
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                "the file that says what the model was fitted to is damaged",
                where=str(self.folder / FIT),
                got=str(error),
                hint="get the run again from where it was made, or train it again",
            ) from None
        return () if "validation" in fitted else self.split.validation


def open_run(folder: str | Path, store_path: str | PathLike[str]) -> OpenRun:
    """Open a run folder and its store.

    Raises
    ------
    CheckpointError
        If the run is absent or damaged, or belongs to another store: every difference is named.
    LeakageError
        If what tests the run has trained it, chosen its epoch, or is in its statistics.
    StoreError
        If the store cannot be used.
    """
    folder = Path(folder)
    store = Store.open(store_path)
    split, store_hash = read_split(folder)
    loaded = load(folder)
    problems = list(card_problems(loaded.card, store, str(folder)))
    if store_hash != store.hash:
        problems.append(Problem("the run was trained on another store", str(folder), store_hash, store.hash))
    known = {recording.id for recording in store.recordings}
    names = [name for ids in split.parts.values() for name in ids]
    lost = [name for name in names if name not in known and Block.of(name).recording not in known]
    if lost:
        problems.append(Problem("recordings of the run are not in the store", str(store.path), ", ".join(lost)))
    if problems:
        problems[-1] = replace(problems[-1], hint="give the store that the run was trained on")
        raise CheckpointError.of(problems)
    check_leakage(store, split, loaded.card.pairs)
    scaler = loaded.scaler()
    check_statistics(store, split, scaler.statistics, str(folder))
    return OpenRun(folder, split.view(store), split, loaded, scaler)


def card_problems(card: ModelCard, store: Store, where: str) -> list[Problem]:
    """Name every fact in which the recordings of a store differ from those that a model was trained on."""
    problems = []
    if tuple(card.electrodes) != store.electrodes:
        missing = [name for name in card.electrodes if name not in store.electrodes]
        foreign = [name for name in store.electrodes if name not in card.electrodes]
        differences = [
            f"not in the store: {', '.join(missing)}" if missing else "",
            f"not in the run: {', '.join(foreign)}" if foreign else "",
        ]
        got = "; ".join(filter(None, differences)) or "the same names in another order"
        problems.append(Problem("the electrodes differ", where, got, ", ".join(card.electrodes)))
    frequencies = np.asarray(card.frequencies)
    if frequencies.shape != store.frequencies.shape or not np.allclose(frequencies, store.frequencies, rtol=1e-6):
        got = f"{len(store.frequencies)} up to {store.frequencies[-1]:g} Hz"
        expected = f"{len(frequencies)} up to {frequencies[-1]:g} Hz" if len(frequencies) else "none"
        problems.append(Problem("the frequencies differ", where, got, expected))
    if tuple(card.grid) != tuple(store.grid):
        problems.append(Problem("the grid differs", where, str(tuple(store.grid)), str(tuple(card.grid))))
    if not np.isclose(card.tr, store.tr, rtol=1e-6):
        problems.append(Problem("the TR differs", where, f"{store.tr:g} s", f"{card.tr:g} s"))
    if card.space != store.space:
        problems.append(Problem("the space of the volumes differs", where, store.space, card.space))
    return problems
