"""Volumes of which only the first is marked: the others follow every TR."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import FirstMarker
from eeg2fmri.data.timing.choose_marker import named_as, named_marker
from eeg2fmri.data.timing.pauses import UNKNOWN_S

#: The next step where the first marker is not that of the first volume.
_SAY = (
    "say when the first volume was with 'first_volume_s' (negative: before the EEG) or a table 'first_volumes', "
    "or leave the recording out"
)


def onsets_from_first(
    markers: Mapping[str, np.ndarray], first: FirstMarker, count: int, tr: float, end_s: float, where: str
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Give every volume its time from the marker of the first.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s, rising) by description.
    first : FirstMarker
    count : int
        Volumes.
    tr : float
        s.
    end_s : float
        When the EEG ends, s.
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
        If the marker does not occur, occurs several times where once is expected, comes too late, after what follows
        it or after the scan, or the EEG after it is too short.
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
    earlier = [other for other in markers if named_as(other, first.before) and markers[other][0] < times[0] - 1e-9]
    if earlier:
        raise InputError(
            "the marker of the first volume comes after one that follows it: the first one seems to be missing",
            where=place,
            got=f"first at {times[0]:.3f} s, {earlier[0]!r} at {markers[earlier[0]][0]:.3f} s",
            expected=f"{name!r} before any of {', '.join(map(repr, first.before))}",
            hint="add it to the marker file, give 'first_volume_s', or leave the recording out",
        )
    start = float(times[0]) - first.after_s
    end = start + count * tr
    if first.short_s is not None and end - end_s > first.short_s:
        raise InputError(
            "the EEG ends long before the scan: it seems to be cut at a later marker than that of the first volume",
            where=place,
            got=f"{end - end_s:.3f} s before the end of the {count} volumes",
            expected=f"at most {first.short_s:g} s",
            hint=_SAY,
        )
    if ((times > end + tr) & (times < times[0] + UNKNOWN_S / 2)).any():  # not after a pause of unknown length
        raise InputError(
            "the marker of the first volume comes after the scan too: the first one may be that of another scan",
            where=place,
            got=f"{len(times)} markers, the first at {times[0]:.3f} s, the last at {times[-1]:.3f} s",
            expected=f"none after {end:.3f} s, where {count} volumes from the first one on end",
            hint=_SAY,
        )
    notes = () if len(times) == 1 else (f"volumes follow the first of {len(times)} markers {name!r}",)
    return start + tr * np.arange(count), name, notes
