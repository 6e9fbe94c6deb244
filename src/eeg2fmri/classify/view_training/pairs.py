"""Pairs of windows with equal and with different labels, balanced, drawn inside one training set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eeg2fmri.core.errors import InputError


class WindowPairs(NamedTuple):
    """Indices of the two windows of every pair, and whether they have one label; all shape (pair,)."""

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray


def draw_pairs(
    labels: np.ndarray, n_pairs: int, rng: np.random.Generator, groups: np.ndarray | None = None
) -> WindowPairs:
    """Draw pairs: half with one label, half with two, and as many windows of each class.

    A class is drawn first, then a subject of it, then a window of the subject: subjects with long recordings, and
    classes with many subjects, weigh no more than others. The two windows of a pair with one label come from different
    subjects where the class has two, or the pair would teach who somebody is.

    Parameters
    ----------
    labels : array of 0 and 1, shape (window,)
        Of the training windows alone; nothing else can be drawn.
    n_pairs : int
    rng : numpy Generator
    groups : array, shape (window,), optional
        Subject of each window; every window is its own by default.

    Raises
    ------
    InputError
        If a class is absent.
    """
    labels = np.asarray(labels)
    owners = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    members = [
        [np.flatnonzero((labels == label) & (owners == owner)) for owner in np.unique(owners[labels == label])]
        for label in (0, 1)
    ]
    if not all(members):
        raise InputError("pairs need windows of both classes", got=f"{int(labels.sum())} of {len(labels)} positive")
    # kinds in turn: (0, 0), (0, 1), (1, 1), (1, 0), in random order
    kind = np.resize(np.arange(4), n_pairs)
    rng.shuffle(kind)
    a, b = np.array([0, 0, 1, 1])[kind], np.array([0, 1, 1, 0])[kind]
    first, second = np.empty(n_pairs, int), np.empty(n_pairs, int)
    for k in range(n_pairs):
        one = int(rng.integers(len(members[a[k]])))
        other = int(rng.integers(len(members[b[k]])))
        if a[k] == b[k] and len(members[a[k]]) > 1:
            other = (one + 1 + int(rng.integers(len(members[a[k]]) - 1))) % len(members[a[k]])
        first[k] = rng.choice(members[a[k]][one])
        second[k] = rng.choice(members[b[k]][other])
    return WindowPairs(first, second, a == b)
