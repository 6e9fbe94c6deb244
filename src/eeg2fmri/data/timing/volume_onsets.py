"""One clock: when each volume starts, on the clock of the EEG, from the markers that the scanner sets.

A marker is expected at the start of every volume. What does not fit (missing, doubled, late, too few, too
many) is an error that names index and time, because a shift by one volume would go unnoticed ever after; it is
mended only where the user asks for it, and then reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.settings.first_volume import FirstMarker, onsets_from_first
from eeg2fmri.data.timing.check_markers import doubled_markers, listed, marker_problems
from eeg2fmri.data.timing.choose_marker import find_marker
from eeg2fmri.data.timing.repair_markers import mend

#: Drift (ppm) above which the user is told; unsynchronised quartz clocks differ by some tens of ppm.
NOTED_DRIFT_PPM = 50.0


@dataclass(frozen=True, eq=False)
class Alignment:
    """When the volumes are.

    Attributes
    ----------
    onsets : array, shape (volume,)
        Start of each volume, s after the first EEG sample.
    marker : str or None
        Description of the marker used; None where the user gave the time of the first volume.
    jitter_s : float or None
        Standard deviation of the markers about a regular sequence, s.
    drift_ppm : float or None
        Mean interval of the markers against the TR, parts per million.
    notes : tuple of str
        What the user should know.
    first : int
        Volume of the BOLD run that has the first onset; later ones follow.
    """

    onsets: np.ndarray
    marker: str | None = None
    jitter_s: float | None = None
    drift_ppm: float | None = None
    notes: tuple[str, ...] = ()
    first: int = 0


def volume_onsets(
    markers: Mapping[str, np.ndarray],
    n_volumes: int | None,
    tr: float,
    sfreq: float,
    *,
    marker: str | None = None,
    first_volume_s: float | None = None,
    first_marker: str | FirstMarker | None = None,
    faults: Literal["error", "repair", "trim"] = "error",
    where: str = "",
) -> Alignment:
    """Find the start of every volume.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s, rising) of all markers of the EEG file by their description.
    n_volumes : int or None
        Volumes of the BOLD run; None where there is no BOLD, and every marker is a volume.
    tr : float
        s.
    sfreq : float
        Of the EEG, Hz: the resolution of the markers.
    marker : str, optional
        Description of the volume marker; found by name and regularity by default.
    first_volume_s : float, optional
        Time of the first volume; used instead of markers.
    first_marker : str or FirstMarker, optional
        A marker from which the time of the first volume is known; the others follow every TR.
    faults : {"error", "repair", "trim"}
        What becomes of markers that do not fit; see `eeg2fmri.data.timing.repair_markers`.
    where : str
        EEG file, for the errors.

    Raises
    ------
    InputError
        If there is no volume marker, several could be it, or the markers do not fit volumes and TR.
    """
    if first_volume_s is not None:
        if n_volumes is None:
            raise ValueError("the number of volumes is needed where there are no markers")
        return Alignment(first_volume_s + np.arange(n_volumes) * tr)
    if first_marker is not None:
        if n_volumes is None:
            raise ValueError("the number of volumes is needed where only the first is marked")
        first = FirstMarker(name=first_marker) if isinstance(first_marker, str) else first_marker
        onsets, name, told = onsets_from_first(markers, first, n_volumes, tr, where)
        return Alignment(onsets, name, notes=told)
    name = find_marker(markers, tr, marker, where)
    times = np.asarray(markers[name], float)
    problems = list(marker_problems(times, n_volumes, tr, f"{where}, marker {name!r}"))
    if problems and faults != "error" and _interval_fits(times, tr):
        return _mended(times, n_volumes, tr, sfreq, faults, name, problems)
    if problems:
        raise InputError.of(problems)
    if len(times) == 1:
        return Alignment(times, name)
    interval, start = np.polyfit(np.arange(len(times)), times, 1)
    drift_ppm = float(interval / tr - 1) * 1e6
    jitter = float(np.std(times - start - interval * np.arange(len(times))))
    return Alignment(times, name, jitter, drift_ppm, _drift_notes(drift_ppm, tr, len(times), sfreq))


def _drift_notes(drift_ppm: float, tr: float, n_volumes: int, sfreq: float) -> tuple[str, ...]:
    resolution_ppm = 2e6 / (sfreq * tr * n_volumes)
    if abs(drift_ppm) <= max(NOTED_DRIFT_PPM, resolution_ppm):
        return ()
    lost = drift_ppm / 1e6 * tr * (n_volumes - 1)
    return (
        f"the clocks of EEG and scanner drift by {drift_ppm:.0f} ppm, {lost * 1e3:.0f} ms over the run; "
        "volumes follow the markers",
    )


def _interval_fits(times: np.ndarray, tr: float) -> bool:
    single = np.delete(times, doubled_markers(times, tr))
    return len(single) > 1 and abs(float(np.median(np.diff(single))) / tr - 1) <= 0.1


def _mended(
    times: np.ndarray,
    n_volumes: int | None,
    tr: float,
    sfreq: float,
    how: Literal["repair", "trim"],
    name: str,
    problems: Sequence[Problem],
) -> Alignment:
    doubled = doubled_markers(times, tr)
    single = np.delete(times, doubled)
    onsets, first, notes = mend(single, n_volumes, how)
    if doubled.size:
        notes = (f"doubled volume markers left out: {listed(doubled, times)}", *notes)
    if len(onsets) < 2:
        raise InputError.of(problems)
    interval, start = np.polyfit(np.arange(len(onsets)), onsets, 1)
    jitter = float(np.std(onsets - start - interval * np.arange(len(onsets))))
    found = tuple(f"{problem.what} ({problem.got})" for problem in problems)
    told = tuple(f"triggers, {how}: {note}" for note in (*found, *notes))
    drift_ppm = float(interval / tr - 1) * 1e6
    told += _drift_notes(drift_ppm, tr, len(onsets), sfreq)
    return Alignment(onsets, name, jitter, drift_ppm, told, first)
