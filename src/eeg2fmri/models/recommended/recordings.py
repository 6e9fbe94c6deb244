"""Pairs of a training group as rows of EEG and volumes, grouped by who is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended.haemodynamic import drifts

#: Groups at most that are left out in turn; more subjects share them.
MOST_GROUPS = 20
#: Blocks of time that are left out in turn where there is one recording alone.
BLOCKS = 4
#: Pairs that a block has at least, if possible.
SHORTEST = 8
#: Volumes that are kept in memory rather than read again, bytes.
KEPT_BYTES = 300_000_000


#: Dataset and pairs of a run, by which its volumes are kept.
_Place = tuple[int, range]


@dataclass(frozen=True, eq=False)
class Run:
    """Pairs of one recording that follow each other without a gap.

    Attributes
    ----------
    group : str
        Who is left out with it.
    rows : array of float32, shape (row, channel, column)
        Rows of EEG; pair p has the window of `n_rows` rows from p on.
    pairs : range
        Its pairs in the dataset.
    dataset : Dataset
    slow : array, shape (pair, drift)
        Orthonormal drifts.
    """

    group: str
    recording: int
    rows: np.ndarray
    pairs: range
    dataset: Dataset[Any]
    slow: np.ndarray

    def without_drift(self, values: np.ndarray) -> np.ndarray:
        """Take the drifts, means among them, out of (pair, ...) values; float32."""
        slow = self.slow.astype(np.float32)
        return np.asarray(values - slow @ (slow.T @ values), np.float32)


class Recordings:
    """Runs of a training group, and their volumes as often as they are needed.

    Parameters
    ----------
    runs : sequence of Run
    inside : int array, shape (voxel,)
        Places in the flattened grid of the voxels to synthesise.
    """

    def __init__(self, runs: Sequence[Run], inside: np.ndarray) -> None:
        self.runs, self.inside = list(runs), inside
        self.groups = list(dict.fromkeys(run.group for run in runs))
        size = sum(len(run.pairs) for run in runs) * len(inside) * 4
        self._kept: dict[_Place, np.ndarray] | None = {} if size <= KEPT_BYTES else None
        self._means: dict[_Place, np.ndarray] = {}

    def volumes(self, run: Run) -> np.ndarray:
        """Give the volumes (pair, voxel) of a run, float32, as they are."""
        key = id(run.dataset), run.pairs
        if self._kept is not None and key in self._kept:
            return self._kept[key]
        found = np.empty((len(run.pairs), len(self.inside)), np.float32)
        for place, k in enumerate(run.pairs):
            found[place] = run.dataset[k].y.numpy().reshape(-1)[self.inside]
        self._means[key] = found.mean(axis=0, dtype=np.float64)
        if self._kept is not None:
            self._kept[key] = found
        return found

    def mean(self) -> np.ndarray:
        """Mean volume (voxel,) of the runs that have been read, each weighing the same."""
        return np.asarray(np.mean(list(self._means.values()), axis=0))

    def of(self, group: str) -> list[Run]:
        """Give the runs of a group."""
        return [run for run in self.runs if run.group == group]

    def drifts_from(self, tr: float, drift_s: float) -> Recordings:
        """Give the same recordings with other drifts (shortest period in s); volumes that are kept are shared."""
        runs = [replace(run, slow=drifts(len(run.pairs), tr, drift_s)) for run in self.runs]
        found = Recordings(runs, self.inside)
        found._kept, found._means = self._kept, self._means
        return found


def gather(
    datasets: Iterable[Dataset[Any]],
    subjects: Mapping[int, str],
    inside: np.ndarray,
    tr: float,
    drift_s: float,
) -> tuple[Recordings, str]:
    """Read the EEG of every pair, and decide who is left out in turn.

    Parameters
    ----------
    datasets : iterable of Dataset of Pair
        Pairs of a recording follow each other in the order of time.
    subjects : mapping of int to str
        Position of a recording to its subject; a recording that is not named is a subject of its own.
    inside : int array, shape (voxel,)
    tr : float
        s.
    drift_s : float
        Shortest period of drifts, s.

    Returns
    -------
    recordings : Recordings
    left_out : str
        What is left out in turn: ``subjects``, ``recordings`` of one subject, or ``blocks of time`` of one recording.

    Raises
    ------
    InputError
        If there is no pair, or a single recording of less than four.
    """
    runs = runs_of(datasets, subjects, tr, drift_s)
    left_out = "subjects"
    if len({run.group for run in runs}) == 1:
        left_out = "recordings"
        runs = [replace(run, group=str(run.recording)) for run in runs]
    if len({run.group for run in runs}) == 1:
        left_out = "blocks of time"
        runs = [block for run in runs for block in blocks_of(run, tr, drift_s)]
    names = list(dict.fromkeys(run.group for run in runs))
    if len(names) > MOST_GROUPS:
        shared = {name: str(k % MOST_GROUPS) for k, name in enumerate(names)}
        runs = [replace(run, group=shared[run.group]) for run in runs]
    return Recordings(runs, inside), left_out


def runs_of(datasets: Iterable[Dataset[Any]], subjects: Mapping[int, str], tr: float, drift_s: float) -> list[Run]:
    """Read the EEG of every pair; the group of a run is its subject. Arguments and errors as those of `gather`."""
    runs = [
        _run(dataset, pairs, recording, subjects.get(recording, str(recording)), tr, drift_s)
        for dataset in datasets
        for pairs, recording in _unbroken(dataset)
    ]
    if not runs:
        raise InputError("there is no recording to fit")
    return runs


def _unbroken(dataset: Dataset[Any]) -> Iterator[tuple[range, int]]:
    """Give pairs of one recording whose volumes follow each other, and the recording."""
    first, last = 0, None
    known = getattr(dataset, "recording", None), getattr(dataset, "target", None)
    for k in range(size := len(cast(Any, dataset))):
        if known[0] is not None and known[1] is not None:
            at = int(known[0][k]), int(known[1][k])
        else:
            at = int(dataset[k].recording), int(dataset[k].volume)
        if last is not None and at != (last[0], last[1] + 1):
            yield range(first, k), last[0]
            first = k
        last = at
    if last is not None:
        yield range(first, size), last[0]


def _run(dataset: Dataset[Any], pairs: range, recording: int, group: str, tr: float, drift_s: float) -> Run:
    first = torch.as_tensor(dataset[pairs[0]].x).permute(2, 0, 1)
    rest = [torch.as_tensor(dataset[k].x)[:, :, -1] for k in pairs[1:]]
    rows = torch.cat([first, *(row[None] for row in rest)]).float().numpy()
    return Run(group, recording, rows, pairs, dataset, drifts(len(pairs), tr, drift_s))


def blocks_of(run: Run, tr: float, drift_s: float) -> list[Run]:
    """Cut a run into blocks; pairs of a window's length between two are not used, so that none reaches into the next.

    A run that is too short for it is cut into fewer blocks, at last into halves that touch.
    """
    n_pairs, window = len(run.pairs), len(run.rows) - len(run.pairs) + 1
    count, gap = BLOCKS, window
    while count > 2 and (n_pairs + gap) // count - gap < max(window, SHORTEST):
        count -= 1
    if (n_pairs + gap) // count - gap < SHORTEST:
        gap = 0
    length = (n_pairs + gap) // count - gap
    if length < 2:
        raise InputError("there is one recording, and it is too short to be fitted", got=f"{n_pairs} pairs")
    found = []
    for number in range(count):
        start = number * (length + gap)
        pairs = run.pairs[start : start + length]
        rows = run.rows[start : start + length + window - 1]
        found.append(
            replace(run, group=f"block {number + 1}", rows=rows, pairs=pairs, slow=drifts(length, tr, drift_s))
        )
    return found
