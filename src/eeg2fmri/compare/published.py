"""Score models as their publications did, step by step, on one or several stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from eeg2fmri.compare.entries import choose_entries
from eeg2fmri.compare.published_steps import published_steps
from eeg2fmri.core.disk.files import refuse_existing
from eeg2fmri.core.disk.staged import made_whole
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.metrics.ssim import WINDOW
from eeg2fmri.models.rivals.published import TRAINED, rival
from eeg2fmri.results.published import ModelSteps, PublishedProtocol


@tells
def as_published(
    stores: Mapping[str, str | PathLike[str]],
    out: str | Path,
    models: Sequence[str] = ("e2fnet", "neurobolt"),
    config: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> PublishedProtocol:
    """Show what a published protocol reports: never a score to be claimed.

    Parameters
    ----------
    stores : mapping of words to path
        What a reader calls the recordings, and their store; one whose EEG and BOLD are independent among them shows
        what is reported for nothing.
    out : path
        Folder to make, for ``published.json``.
    models : sequence of str
        Published models, in their small sizes; ``all`` are those that every store has what they need for.
    config : mapping, optional
        Settings of the training for all.
    seed : int
    progress : Progress
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Returns
    -------
    PublishedProtocol

    Raises
    ------
    InputError
        If `out` exists, or a store lacks what a model needs.
    OutputError
        If the steps cannot be written. Those that were computed are kept in the folder for temporary files, and the
        error names it.
    ConfigError
        If a model is unknown, or is none of a publication.
    """
    path = Path(out)
    refuse_existing(path)
    shared = {"seed": seed, "split": {"seed": seed}, **(config or {})}
    opened = {words: Store.open(store) for words, store in stores.items()}
    names = _scored(models, list(opened.values()), shared)
    facts = {
        **{f"store, {words}": store.hash for words, store in opened.items()},
        "seed": seed,
        "settings of the training": dict(config or {}),
    }

    def make() -> PublishedProtocol:
        steps: list[ModelSteps] = []
        of = [(name, words, store) for name in names for words, store in opened.items()]
        for name, words, store in of:
            progress("Models", len(steps), len(of))
            steps.append(published_steps(store, name, shared, world=words, progress=progress))
        progress("Models", len(of), len(of))
        return PublishedProtocol(tuple(steps), facts)

    return made_whole(path, make, PublishedProtocol.write, "eeg2fmri-published")


def _scored(models: Sequence[str], stores: Sequence[Store], shared: Mapping[str, Any]) -> list[str]:
    """Name the models of publications that every store has what they need for, before any is trained."""
    found = [[one.name for one in choose_entries(models, store, shared, "small")[0]] for store in stores]
    names = [name for name in found[0] if name in TRAINED and all(name in each for each in found)]
    if not names:
        raise InputError(
            "no model of a publication is named", where="--models", got=", ".join(models), expected=", ".join(TRAINED)
        )
    if all(min(store.grid[:2]) >= WINDOW for store in stores):
        return names
    regions = [name for name in names if rival(name).target.kind == "regions"]
    if not regions or not set(names) & set(models) <= set(regions):
        raise InputError(
            "a model of volumes is scored by the SSIM of slices, and these are smaller than its window",
            where="--models " + ",".join(models),
            got=", ".join("x".join(map(str, store.grid)) + " voxels" for store in stores),
            expected=f"at least {WINDOW} x {WINDOW} voxels in a slice",
            hint="name models of regions: " + ", ".join(n for n in TRAINED if rival(n).target.kind == "regions"),
        )
    return regions
