"""Volumes of which only the first is marked: the others follow every TR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import FirstMarker
from eeg2fmri.data.timing.choose_marker import named_marker


def onsets_from_first(
    markers: Mapping[str, np.ndarray], first: FirstMarker, n_volumes: int, tr: float, where: str
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Give every volume its time from the marker of the first.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s, rising) by description.
    first : FirstMarker
    n_volumes : int
    tr : float
        s.
    where : str
        EEG file, for the errors.

    Returns
    -------
    onsets : array, shape (volume,)
        s after the first EEG sample; negative for volumes before the EEG.
    name : str
        Description of the marker as the file has it.
    notes : tuple of str

    Raises
    ------
    InputError
        If the marker does not occur, occurs several times where once is expected, or comes too late.
    """
    name = named_marker(markers, first.name, where)
    times = np.asarray(markers[name], float)
    place = f"{where}, marker {name!r}"
    if len(times) != 1 and first.repeats == "error":
        raise InputError(
            "the marker of the first volume occurs several times",
            where=place,
            got=f"{len(times)} markers, the first at {times[0]:.3f} s, the last at {times[-1]:.3f} s",
            expected="one",
            hint="if it marks every volume, name it with 'marker'; if the first one counts, say "
            "first_marker: {name: ..., repeats: first}; otherwise give 'first_volume_s'",
        )
    if first.within_s is not None and times[0] > first.within_s:
        raise InputError(
            "the marker of the first volume comes late: the first one seems to be missing",
            where=place,
            got=f"first at {times[0]:.3f} s",
            expected=f"within {first.within_s:g} s of the start of the EEG",
            hint="add it to the marker file, give 'first_volume_s', or leave the recording out",
        )
    notes = () if len(times) == 1 else (f"volumes follow the first of {len(times)} markers {name!r}",)
    return times[0] - first.after_s + np.arange(n_volumes) * tr, name, notes
