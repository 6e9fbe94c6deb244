"""Volume markers that do not fit, mended as the user chooses: a regular sequence again, or the sound part alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, SupportsInt

import numpy as np

from eeg2fmri.core.errors import first_of
from eeg2fmri.data.timing.check_markers import NumberedMarkers, listed


def mend(
    numbered: NumberedMarkers, has_eeg: np.ndarray, how: Literal["repair", "trim"], shown: np.ndarray
) -> tuple[np.ndarray, int, tuple[str, ...]]:
    """Give an onset to each volume that can be kept.

    Parameters
    ----------
    numbered : NumberedMarkers
    has_eeg : bool array, shape (volume,)
        Whether a whole TR of EEG belongs to each volume of the regular sequence.
    how : {"repair", "trim"}
        ``repair``: volumes without a sound marker get the time of the regular sequence. ``trim``: the longest
        stretch of volumes with sound markers. Volumes without EEG are left out either way.
    shown : array, shape (marker,)
        s in the file, of every marker.

    Returns
    -------
    onsets : array, shape (volume,)
        s.
    first : int
        Volume of the BOLD run that has the first onset.
    notes : tuple of str
        What was done.
    """
    sound = np.isfinite(numbered.sound)
    onsets = np.where(sound, numbered.sound, numbered.regular)
    notes = []
    if numbered.extra.size:
        doubled = listed(np.searchsorted(numbered.all, numbered.extra), shown)
        notes.append(f"doubled volume markers left out: {doubled}")
    late = sorted(numbered.late)
    absent = [k for k in np.flatnonzero(~sound) if k not in numbered.late]
    if how == "repair":
        kept = has_eeg
        if absent:
            notes.append(f"volumes without marker, set by the sequence of the others: {_listed(absent)}")
        if late:
            notes.append(f"volumes whose markers are early or late, set by the sequence of the others: {_listed(late)}")
    else:
        kept = sound & has_eeg
    first, end = longest(kept)
    if how == "trim" and end - first < int(has_eeg.sum()):
        notes.append(
            f"cut to volumes {first} to {end - 1} of {len(sound)}: no sound marker for {_listed([*absent, *late])}"
        )
    notes += left_out(has_eeg)
    return onsets[first:end], first, tuple(notes)


def left_out(has_eeg: np.ndarray) -> list[str]:
    """Say which volumes have no EEG."""
    without = np.flatnonzero(~has_eeg)
    return [f"volumes without a whole TR of EEG left out: {_listed(without)}"] if without.size else []


def longest(kept: np.ndarray) -> tuple[int, int]:
    """First volume of the longest stretch of volumes that are kept, and the first after it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])


def _listed(numbers: Iterable[SupportsInt]) -> str:
    return first_of(sorted(int(number) for number in numbers), 8)
