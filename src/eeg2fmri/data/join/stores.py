"""Join stores of different montages, rates, TRs and grids into one, for whatever works on a store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from eeg2fmri.core.errors import InputError, Problem, StoreError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.space import corresponds, described
from eeg2fmri.data.join.axes import Electrodes, common_electrodes
from eeg2fmri.data.join.bring import Bring
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.arrays.own_eeg import FEATURES
from eeg2fmri.data.store.store import Store

Stores = str | PathLike[str] | Sequence[str | PathLike[str]]


def one_store(stores: Stores, beside: Path, electrodes: Electrodes = "common", progress: Progress = silent) -> Store:
    """Open a store; several are joined into the folder ``<beside>-store``, which is used again if it is of the same.

    Parameters
    ----------
    stores : Store or path, or sequence of them
    beside : Path
        Run or cross-validation that they are for.
    electrodes : {"common", "first"}
    progress : Progress

    Raises
    ------
    InputError
        If the stores cannot be joined.
    StoreError
        If a store cannot be used, or the folder holds something else.
    """
    if isinstance(stores, str | PathLike):
        return Store.open(stores)
    if len(stores) == 1:
        return Store.open(stores[0])
    out = beside.with_name(f"{beside.name}-store")
    opened = [Store.open(each) for each in stores]
    if not out.exists():
        return join_stores(opened, out, electrodes=electrodes, progress=progress)
    found = Store.open(out)
    if _made_of(opened, electrodes) not in found.notes:
        raise StoreError(
            "the stores were joined before, and are others now",
            where=str(out),
            got=_made_of(opened, electrodes),
            expected=next(iter(found.notes), "another store"),
            hint="remove it, or choose another run",
        )
    return found


def join_stores(
    stores: Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    electrodes: Electrodes = "common",
    progress: Progress = silent,
) -> Store:
    """Write one store with the recordings of several.

    Rows and volumes are brought to the TR of the first store, power to its frequencies as far as all stores reach, and
    volumes to its grid by their affines. A subject is named after its store, as in ``sub-restx01``, and
    `Recording.data_set` is the name of the store.

    Parameters
    ----------
    stores : sequence of Store or path
        In one common space, or of the same regions.
    out : path
        Folder to make. It takes as much room as the stores would with the first one's grid and TR.
    electrodes : {"common", "first"}
        Those that all stores have, or those of the first store, to which the others are interpolated.
    progress : Progress

    Returns
    -------
    Store

    Raises
    ------
    InputError
        If the stores are in different spaces, hold different regions, have too few electrodes in common, or electrodes
        that would be interpolated lie nobody knows where: every fault is named.
    StoreError
        If a store cannot be used, or `out` exists.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> for name, tr in (("slow", 2.0), ("fast", 1.0)):
    ...     eeg, bold = rng.standard_normal((60, 2)), rng.standard_normal((60, 3))
    ...     _ = Store.from_arrays(name, eeg, bold, subjects=["01"], tr=tr, channels=["Cz", "Oz"])
    >>> both = join_stores(["slow", "fast"], "both")
    >>> [(one.id, one.data_set, one.n_volumes) for one in both.recordings]
    [('sub-slowx01_task-own', 'slow', 60), ('sub-fastx01_task-own', 'fast', 30)]
    """
    opened = [Store.open(each) for each in stores]
    labels = _labels(opened)
    where = ", ".join(str(store.path) for store in opened)
    problems = list(_problems(opened))
    if problems:
        raise InputError.of(problems)
    first = opened[0]
    names = common_electrodes([store.electrodes for store in opened], electrodes, where)
    highest = min(float(store.frequencies[-1]) for store in opened)
    kept = first.frequencies <= highest * (1 + 1e-6)
    frequencies = first.frequencies[kept] if kept.any() else first.frequencies[:1]
    amplitude = all(_has_amplitudes(store) for store in opened)
    count = sum(len(store.recordings) for store in opened)

    def recordings() -> Iterator[RecordingArrays]:
        done = 0
        for store, label in zip(opened, labels, strict=True):
            bring = Bring(store, first, names, frequencies, amplitude)
            for recording in store.recordings:
                progress("Joining stores", done, count)
                yield bring.recording(recording, label)
                done += 1
        progress("Joining stores", count, count)

    made = write_store(
        out,
        recordings(),
        electrodes=names,
        frequencies=frequencies,
        tr=first.tr,
        affine=first.affine,
        space=first.space,
        config=first.config.model_copy(update={"raw": None}),
        regions=first.regions,
        elements=first.elements,
        notes=(_made_of(opened, electrodes), *first.notes),
    )
    return Store.open(made)


def _problems(stores: Sequence[Store]) -> Iterator[Problem]:
    """Say what cannot be joined: volumes of other spaces or regions."""
    first, *others = stores
    own = bool(first.regions or first.elements)
    seen: dict[str, str] = {}
    for store in stores:
        for recording in store.recordings:
            name, digest = f"{store.path}: {recording.id}", store.digest(recording.id, "bold.npy")
            if digest in seen:
                got, hint = f"the BOLD of {seen[digest]}", "give each person once"
                yield Problem("a recording is in two stores", name, got, hint=hint)
            seen[digest] = name
    if not own and not corresponds(first.space):
        yield Problem(
            "voxels of different people do not correspond, so that stores cannot be joined",
            str(first.path),
            described(first.space),
            "a common space, or regions of one atlas",
            "prepare the volumes of fMRIPrep in a template space: bold: {derivatives: ..., space: ...}",
        )
    for store in others:
        if store.space != first.space:
            yield Problem(
                "a store is in another space than the first",
                str(store.path),
                described(store.space),
                described(first.space),
                "prepare both in one space",
            )
        elif (store.regions, store.elements) != (first.regions, first.elements) or (own and store.grid != first.grid):
            yield Problem(
                "a store holds other regions than the first",
                str(store.path),
                repr(store),
                repr(first),
                "prepare both with the same atlas",
            )
        if _kind(store) != _kind(first):
            yield Problem(
                "a store holds features where another has spectra of EEG",
                str(store.path),
                "{}, {} frequencies".format(*_kind(store)),
                "{}, {} frequencies, as the first".format(*_kind(first)),
                "make features of the same kind for all, or spectra",
            )


def _kind(store: Store) -> tuple[str, str]:
    """Tell features from spectra, and one frequency from several."""
    return "features" if FEATURES in store.notes else "spectra", "1" if len(store.frequencies) == 1 else "several"


def _labels(stores: Sequence[Store]) -> list[str]:
    """Name each store in letters and digits, each in its own way."""
    if len(stores) < 2:
        raise InputError("there is one store, and nothing to join it with", got=str(len(stores)), expected="at least 2")
    plain = [re.sub("[^0-9a-zA-Z]", "", store.path.resolve().name) or "store" for store in stores]
    return [name if plain.count(name) == 1 else f"{name}{k + 1}" for k, name in enumerate(plain)]


def _has_amplitudes(store: Store) -> bool:
    try:
        return all(store.amplitude(recording.id) is not None for recording in store.recordings)
    except StoreError:
        return False


def _made_of(stores: Sequence[Store], electrodes: Electrodes) -> str:
    parts = ", ".join(f"{store.path.resolve().name} ({store.hash[:8]})" for store in stores)
    return f"joined of {parts}; {electrodes} electrodes"
