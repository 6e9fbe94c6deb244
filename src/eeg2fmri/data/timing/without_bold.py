"""Find when volumes start in EEG whose BOLD is not there: at its markers, or every TR from a first one on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import ClockConfig, FirstMarker
from eeg2fmri.data.timing.choose_marker import has_volume_marker
from eeg2fmri.data.timing.pauses import Span, listed_pauses
from eeg2fmri.data.timing.volume_onsets import Volumes, volume_onsets


class Times(TypedDict, total=False):
    """When volumes start, as a user says it: see `Clock`."""

    onsets: np.ndarray | None
    first_volume_s: float | None
    marker: str | None


@dataclass(frozen=True, eq=False)
class Clock:
    """What is said of when volumes start; where nothing is, markers are looked for.

    Attributes
    ----------
    onsets : array, shape (volume,), or None
        s after the first sample.
    first_volume_s : float or None
        Start of the first volume, s; the others follow every TR to the end of the EEG.
    marker : str, tuple of str or None
        Description of the volume marker, or of several that mark the volumes together.
    first_marker : str, FirstMarker or None
        Marker of the first volume alone.
    faults : {"error", "repair", "trim"}
        What becomes of markers that do not fit.
    """

    onsets: np.ndarray | None = None
    first_volume_s: float | None = None
    marker: str | tuple[str, ...] | None = None
    first_marker: str | FirstMarker | None = None
    faults: Literal["error", "repair", "trim"] = "error"

    def marks_volumes(self, markers: Mapping[str, np.ndarray], tr: float) -> bool:
        """Tell whether it is known when volumes start: not only taken to be with the first sample."""
        said = (self.onsets, self.first_volume_s, self.marker, self.first_marker)
        return any(one is not None for one in said) or has_volume_marker(markers, tr)


def onsets_without_bold(
    markers: Mapping[str, np.ndarray], span: Span, sfreq: float, tr: float, clock: Clock, where: str, notes: list[str]
) -> np.ndarray:
    """Find the start of every volume that has a whole TR of EEG after it.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s, rising) by description.
    span : Span
        Length of the EEG and pauses in it.
    sfreq, tr : float
        Hz, s.
    clock : Clock
    where : str
        EEG file, for the errors.
    notes : list of str
        What the user should know is appended.

    Returns
    -------
    array, shape (volume,)
        s after the first sample.

    Raises
    ------
    InputError
        If markers do not fit, the EEG is shorter than one TR, or it was paused between the first volume and the last.
    """
    if clock.onsets is not None:
        times = np.asarray(clock.onsets, float)
        if times.ndim != 1 or not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise InputError("the onsets are not rising times", where=where, got=str(times.shape), expected="(volume,)")
        return times
    window, n_times, told = round(tr * sfreq), round(span.duration_s * sfreq), list[str]()
    if clock.first_volume_s is not None or clock.first_marker is not None or clock.marks_volumes(markers, tr):
        regular = clock.first_volume_s is not None or clock.first_marker is not None
        alignment = volume_onsets(
            markers,
            Volumes(math.ceil(n_times / sfreq / tr) if regular else None, tr),
            sfreq,
            ClockConfig(
                marker=clock.marker,
                first_volume_s=clock.first_volume_s,
                first_marker=clock.first_marker,
                triggers=clock.faults,
            ),
            where=where,
        )
        times = alignment.onsets
        told += alignment.notes
    else:
        told.append("no volume markers: the first volume was taken to start with the EEG, the others every TR")
        times, regular = np.arange(math.ceil(n_times / sfreq / tr)) * tr, True
    starts = np.round(times * sfreq)
    inside = (starts >= 0) & (starts + window <= n_times + 1)
    if not regular and not inside.all():
        told.append(f"volume markers without a whole TR of EEG after them, left out: {np.sum(~inside)}")
    if not inside.any():
        raise InputError(
            "the EEG is shorter than one volume",
            where=where,
            got=f"{n_times / sfreq:.3f} s",
            expected=f"at least {tr:g} s after the start of the first volume",
        )
    paused = span.between(times[inside][0], times[inside][-1] + tr)
    if paused:
        raise InputError(
            "the EEG was paused between the first volume and the last",
            where=where,
            got=listed_pauses(paused),
            expected="EEG without a break",
            hint="cut the recording at the pause and use each part by itself, or give the onsets of the volumes",
        )
    notes += told
    return times[inside]
