"""Nothing that tests a model may have trained it: checked on the very rows that pairs and statistics read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from eeg2fmri.core.errors import LeakageError, Problem
from eeg2fmri.data.pairs.scaling import GroupStatistics, group_statistics
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.splits.claims import PROTOCOLS
from eeg2fmri.data.splits.shared import HINT
from eeg2fmri.data.splits.split import Split
from eeg2fmri.data.store.store import Store

#: Files of a recording that are its measurements.
MEASURED = ("eeg.npy", "bold.npy")


def check_leakage(store: Store, split: Split, pairs: PairConfig) -> None:
    """Refuse a split whose test part has trained or chosen the model.

    Checked, for test against training and against validation: subjects and sessions as the store knows them, the same
    measurements under two names, and the volumes that windows (over their whole length), targets and statistics read.

    Parameters
    ----------
    store : Store
    split : Split
    pairs : PairConfig
        Window, lag and skipped volumes of the training.

    Raises
    ------
    LeakageError
        Naming everything that leaks.
    StoreError
        If the store does not have a recording of the split.
    InputError
        If a block reaches beyond its recording or is too short for one pair.
    """
    view, pairs = split.view(store), pairs.at(store.tr)
    problems = [*_outside(store, view, split)]
    if not problems:
        problems = [*_people(view, split), *_copies(view, split), *_rows(view, split, pairs)]
    if problems:
        raise LeakageError.of(problems)


def check_statistics(store: Store, split: Split, used: GroupStatistics, where: str) -> None:
    """Refuse statistics of the training group that are not those of the training recordings alone.

    Parameters
    ----------
    store : Store
    split : Split
    used : GroupStatistics
        That the model was saved with: they bring its output to BOLD units.
    where : str
        Name of the run.

    Raises
    ------
    LeakageError
        Naming what differs.
    """
    own = group_statistics(split.view(store), split.train)
    scale = max(abs(own.mean), own.std)
    differs = {
        "mean": abs(own.mean - used.mean) > 1e-4 * scale,
        "standard deviation": abs(own.std - used.std) > 1e-4 * scale,
        "mean of the voxels": not np.allclose(own.voxel_mean, used.voxel_mean, rtol=1e-4, atol=1e-4 * scale),
        "deviation of the voxels": not np.allclose(own.voxel_std, used.voxel_std, rtol=1e-3, atol=1e-4 * scale),
        "brain mask": not np.array_equal(own.mask, used.mask),
    }
    if any(differs.values()):
        raise LeakageError(
            "the statistics of the run are not those of its training recordings",
            where=where,
            got="another " + ", ".join(name for name, other in differs.items() if other),
            expected=f"the statistics of {len(split.train)} recordings or blocks of the training part alone",
            hint="train the run again: the test part may be in its statistics",
        )


def statistics_in_use(split: Split, pairs: PairConfig) -> dict[str, str]:
    """Say of each statistic where it comes from: training alone, or the recording itself, and why that is no leak."""
    blocks = any("_volumes-" in name for ids in split.parts.values() for name in ids)
    piece = "block" if blocks else "recording"
    found = {
        "BOLD of the training group (mean, deviation, by voxel; brings the output to BOLD units)": (
            f"the training {piece}s alone"
        ),
        "BOLD of one recording (scales the targets that train and validate)": (
            f"each training and validation {piece}'s own volumes; the output for a test {piece} is never scaled by its "
            "own BOLD"
        ),
        "weights, penalties, gains, baselines": (
            f"training {piece}s; what is chosen, on validation {piece}s, or with one subject of both left out in turn"
        ),
        "interval widths (recalibration)": f"validation {piece}s",
        "brain mask of a test recording": "its own BOLD: which voxels are scored, no more",
        "range of a test recording's BOLD": f"the test {piece} itself: the unit of SSIM and PSNR, no more",
    }
    if pairs.eeg == "amplitude":
        whitening = "the recording's own EEG, never its BOLD, as for any new recording"
        if blocks:
            whitening += "; its whitening is of the whole recording, test minutes included, its scale of the block"
        found["recentring of the EEG"] = whitening
    elif pairs.eeg == "rows":
        scaling = "the recording's own EEG, never its BOLD, as for any new recording"
        if blocks:
            scaling += "; its whitening is of the whole recording, test minutes included, its scale of the block"
        found["scaling of the EEG features"] = scaling
    elif pairs.eeg == "raw":
        found["level of the EEG"] = "the mean of each electrode in the recording's first volume, never its BOLD"
    elif pairs.eeg_scaling == "electrodes":
        found["scaling of the EEG"] = "each volume's own EEG, over electrodes"
    return found


def _outside(store: Store, view: Store, split: Split) -> Iterator[Problem]:
    for recording in view.recordings:
        origin, first = view.origin(recording.id)
        n_volumes = store.recordings[store.index(origin)].n_volumes
        if (
            first + recording.n_volumes > n_volumes
            or recording.n_volumes < 1
            or recording.n_volumes != len(recording.onsets)
        ):
            yield Problem("a block reaches beyond its recording", recording.id, f"{n_volumes} volumes", hint=HINT)


def _people(view: Store, split: Split) -> Iterator[Problem]:
    """Subjects and sessions as the store knows them: ids are names, and names can be wrong."""
    facts = {recording.id: recording for recording in view.recordings}
    for part, seen, tested in _pairs_that_share(split, {name: one.subject for name, one in facts.items()}):
        if PROTOCOLS[split.protocol].new_people:
            yield Problem("a test subject is known to the model", tested, f"{seen} is in {part}", hint=HINT)
        elif split.protocol == "across-sessions" and facts[seen].session == facts[tested].session:
            yield Problem("a test session is known to the model", tested, f"{seen} is in {part}", hint=HINT)


def _copies(view: Store, split: Split) -> Iterator[Problem]:
    """Measurements that stand in the store twice, under two names."""
    names = [name for ids in split.parts.values() for name in ids]
    origin = {name: view.origin(name)[0] for name in names}
    for file in MEASURED:
        digests = {name: view.digest(name, file) for name in names}
        for part, seen, tested in _pairs_that_share(split, digests):
            if digests[tested] and origin[seen] != origin[tested]:
                yield Problem(
                    "a test recording is a copy of one that the model has seen",
                    tested,
                    f"{file} of {seen}, which is in {part}",
                    "measurements of its own",
                    "remove one of the two from the data set and prepare it again",
                )


def _rows(view: Store, split: Split, pairs: PairConfig) -> Iterator[Problem]:
    """Volumes on disk that a test pair reads and a training or validation pair, or a statistic of theirs, reads too."""
    origin = {name: view.origin(name)[0] for ids in split.parts.values() for name in ids}
    for part, seen, tested in _pairs_that_share(split, origin):
        rows, own = _read(view, seen, pairs), _read(view, tested, pairs)
        both = np.intersect1d(rows, own)
        if both.size:
            yield Problem(
                "windows, targets or statistics of the test part overlap those that the model has seen",
                f"{tested} and {seen} ({part})",
                f"{both.size} volumes, {both[0]} to {both[-1]}",
                "none",
                HINT,
            )
        elif (apart := int(np.abs(rows[:, None] - own).min()) - 1) < split.gap:
            yield Problem(
                "a test window is too near to what the model has seen",
                f"{tested} and {seen} ({part})",
                f"{apart} volumes between them",
                f"at least {split.gap}",
                HINT,
            )


def _pairs_that_share(split: Split, key: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Give part, seen and tested ids wherever a training or validation recording has the key of a test recording."""
    tested_by: dict[str, list[str]] = {}
    for name in split.test:
        tested_by.setdefault(key[name], []).append(name)
    for part in ("train", "validation"):
        for seen in split.parts[part]:
            for tested in tested_by.get(key[seen], ()):
                yield part, seen, tested


def _read(view: Store, name: str, pairs: PairConfig) -> np.ndarray:
    """Volumes on disk that are read: by pairs, over the whole extent of the windows, and by statistics."""
    n_volumes, (_, first) = view.recordings[view.index(name)].n_volumes, view.origin(name)
    starts, targets = pair_index(n_volumes, view.tr, pairs, where=name)
    windows = (starts[:, None] + np.arange(pairs.window)).ravel()
    statistics = np.arange(n_volumes)
    read: np.ndarray = first + np.unique(np.concatenate([windows, targets, statistics]))
    return read
