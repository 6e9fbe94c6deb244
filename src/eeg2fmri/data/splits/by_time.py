"""Recordings cut in time: blocks of training, validation and test with a gap between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.pairs.windows import PairConfig, skipped, volumes_needed
from eeg2fmri.data.splits.config import PARTS, SplitConfig
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.data.store.store import Store

#: Pairs that a test block needs, for a test over time.
TEST_PAIRS = 8


@dataclass(frozen=True)
class _Run:
    """Neighbouring pieces of one part: volumes `first` to `last`."""

    part: str
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def gap_volumes(config: SplitConfig, tr: float) -> int:
    """Volumes to leave out between blocks of different parts."""
    return math.ceil(config.gap_s / tr - 1e-9)


def split_in_time(store: Store, config: SplitConfig, pairs: PairConfig, where: str) -> dict[str, list[str]]:
    """Cut every recording into blocks.

    A recording is cut into pieces of equal length, neighbouring pieces of one part are joined, and where two parts
    meet the gap is taken from training or else from validation, so that over all folds every piece is tested whole.

    Parameters
    ----------
    store : Store
    config : SplitConfig
    pairs : PairConfig
    where : str
        Name of the store, for the errors.

    Returns
    -------
    dict of part to list of str
        Names of blocks.

    Raises
    ------
    InputError
        If the parts ask for more blocks than there are, or a recording is too short for a part: all at once.
    """
    labels = _labels(config, where)
    gap = gap_volumes(config, store.tr)
    chosen: dict[str, list[str]] = {part: [] for part in PARTS}
    problems: list[Problem] = []
    for recording in store.recordings:
        runs = _trimmed(_runs(recording.n_volumes, labels), gap)
        made, missing = _named(recording.id, runs, store.tr, pairs, f"{where}: {recording.id}")
        problems += missing
        for part in PARTS:
            chosen[part] += made[part]
    if problems:
        raise InputError.of(problems)
    return chosen


def time_validation(
    store: Store, names: Sequence[str], gap: int, pairs: PairConfig, where: str
) -> tuple[list[str], list[str]]:
    """Cut the last fifth of every training recording off for validation, after a gap.

    Returns
    -------
    train, validation : list of str
        Names of blocks.

    Raises
    ------
    InputError
        If a recording is too short for both: all at once.
    """
    train: list[str] = []
    validation: list[str] = []
    problems: list[Problem] = []
    for name in names:
        recording = store.recordings[store.index(name)]
        runs = _trimmed(_runs(recording.n_volumes, ["train"] * 4 + ["validation"]), gap)
        made, missing = _named(name, runs, store.tr, pairs, f"{where}: {name}", ("train", "validation"))
        problems += missing
        train += made["train"]
        validation += made["validation"]
    if problems:
        raise InputError.of(problems)
    return train, validation


def _labels(config: SplitConfig, where: str) -> list[str]:
    """Part of each piece of a recording, in the order of time."""
    if isinstance(config.folds, int):
        n, test, validation = config.folds, 1, 1 if config.validation is None else int(str(config.validation))
        first = int(config.fold or 1) - 1
        order = [(first + k) % n for k in range(n)]
    else:
        n, fifth = config.blocks, max(1, round(config.blocks / 5))
        test = fifth if config.test is None else int(str(config.test))
        validation = fifth if config.validation is None else int(str(config.validation))
        order = list(range(n))[::-1]
    rest = n - test - validation
    train = rest if config.train is None else int(str(config.train))
    if train < 1 or train > rest:
        raise InputError(
            "the parts of the split ask for more blocks than there are",
            where=where,
            got=f"{n} blocks",
            expected=f"{test} for test, {validation} for validation, {max(1, train)} for training",
            hint="ask for fewer blocks in each part, or set 'blocks' or 'folds' to more",
        )
    parts = ["test"] * test + ["validation"] * validation + ["train"] * train + ["unused"] * (rest - train)
    labels = [""] * n
    for piece, part in zip(order, parts, strict=True):
        labels[piece] = part
    return labels


def _runs(n_volumes: int, labels: Sequence[str]) -> list[_Run]:
    """Join neighbouring pieces of one part."""
    edges = [round(k * n_volumes / len(labels)) for k in range(len(labels) + 1)]
    runs: list[_Run] = []
    for label, first, end in zip(labels, edges, edges[1:], strict=False):
        if runs and runs[-1].part == label:
            runs[-1] = _Run(label, runs[-1].first, end - 1)
        else:
            runs.append(_Run(label, first, end - 1))
    return [run for run in runs if run.part != "unused"]


def _trimmed(runs: list[_Run], gap: int) -> list[_Run]:
    """Take the gap between parts from training where it has a side, else from validation."""
    made = list(runs)
    for k in range(len(made) - 1):
        left, right = made[k], made[k + 1]
        missing = gap - (right.first - left.last - 1)
        if missing <= 0:
            continue
        if PARTS.index(left.part) <= PARTS.index(right.part):
            made[k] = _Run(left.part, left.first, left.last - missing)
        else:
            made[k + 1] = _Run(right.part, right.first + missing, right.last)
    return made


def _named(
    recording: str, runs: list[_Run], tr: float, pairs: PairConfig, where: str, parts: Sequence[str] = PARTS
) -> tuple[dict[str, list[str]], list[Problem]]:
    """Name the blocks that are long enough; a part without one is a problem."""
    shortest = volumes_needed(tr, pairs)
    least = {"train": shortest, "validation": shortest, "test": shortest + TEST_PAIRS - 1}
    made: dict[str, list[str]] = {part: [] for part in PARTS}
    for run in runs:
        if run.length >= least[run.part]:
            made[run.part].append(Block(recording, (run.first, run.last)).id)
    problems = [
        Problem(
            f"the recording is too short for a {part} block",
            where,
            ", ".join(f"{max(0, run.length)} volumes" for run in runs if run.part == part) or "no volumes",
            f"at least {least[part]} volumes after the gap: {skipped(tr, pairs)} skipped, a window of {pairs.window}, "
            f"a lag of {pairs.lag}, {least[part] - shortest + 1} targets",
            "take fewer blocks or folds, a shorter window, or leave this recording out",
        )
        for part in parts
        if not made[part]
    ]
    return made, problems
