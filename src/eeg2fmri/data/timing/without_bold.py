"""Find when volumes start in EEG whose BOLD is not there: at its markers, or every TR from a first one on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.settings.first_volume import ClockConfig, FirstMarker
from eeg2fmri.data.timing.check_markers import LARGEST_DEVIATION_TR, LARGEST_DRIFT
from eeg2fmri.data.timing.choose_marker import has_volume_marker
from eeg2fmri.data.timing.pauses import Span, listed_pauses
from eeg2fmri.data.timing.volume_onsets import Volumes, seamless, seamless_note, volume_onsets


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
        return _checked_onsets(clock.onsets, tr, where)
    if clock.first_volume_s is not None:
        checked_time(clock.first_volume_s, "the start of the first volume", where)
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
    joints = all(pause.joint and pause.lost_s is None for pause in paused)
    if paused and joints and not regular and clock.faults == "error" and seamless(times, sfreq):
        told.append(seamless_note(paused))
    elif paused:
        raise InputError(
            "the EEG was paused between the first volume and the last",
            where=where,
            got=listed_pauses(paused),
            expected="EEG without a break",
            hint="cut the recording at the pause and use each part by itself, or give the onsets of the volumes",
        )
    notes += told
    return times[inside]


def _checked_onsets(given: object, tr: float, where: str) -> np.ndarray:
    """Refuse onsets that are not those of volumes that follow each other: windows are cut by their number."""
    try:
        times = np.asarray(given, float)
    except (TypeError, ValueError):
        raise InputError("the onsets are not numbers", where=where, got=str(given)[:100], expected="s") from None
    if times.ndim != 1 or not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("the onsets are not rising times", where=where, got=str(times.shape), expected="(volume,)")
    steps = np.diff(times)
    mean = float(np.ptp(times)) / max(len(steps), 1) if len(steps) > 10 else tr
    interval = float(np.median(steps)) if len(steps) else tr
    off = np.abs(steps - tr) > LARGEST_DEVIATION_TR * tr
    if abs(interval / tr - 1) > LARGEST_DEVIATION_TR or (not off.any() and abs(mean / tr - 1) > LARGEST_DRIFT):
        raise InputError(
            "the onsets are not a TR apart",
            where=where,
            got=f"{interval if off.any() else mean:.6g} s",
            expected=f"the TR of the training, {tr:g} s",
            hint="give the start of every volume, in s; a model predicts at the TR that it was trained at",
        )
    if off.any():
        raise InputError(
            "the onsets have gaps",
            where=where,
            got=first_of((f"{steps[k]:.6g} s after {times[k]:.6g} s" for k in np.flatnonzero(off)), 5),
            expected=f"{tr:g} s between volumes",
            hint="give the onsets of the volumes without one too, or use each part by itself",
        )
    return times


def checked_time(value: object, what: str, where: str) -> float:
    """Refuse a time that is no finite number of seconds.

    Raises
    ------
    InputError
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
        raise InputError(
            f"{what} is no time", where=where, got=repr(value)[:100], expected="a finite number of seconds"
        )
    return float(value)
