"""One clock: when each volume starts, on the clock of the EEG, from the markers that the scanner sets.

A marker is expected at the start of every volume. What does not fit (missing, doubled, late, too few, too
many) is an error that names index and time, because a shift by one volume would go unnoticed ever after; it is
mended only where the user asks for it, and then reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.align_repair import mend

#: Volume markers by the names that recorders give them, most usual first.
KNOWN_MARKERS = ("R128", "R149", "T1", "Scan Start", "Volume", "TR")

#: Largest deviation of the mean interval of markers from the TR (relative) that can be clock drift.
LARGEST_DRIFT = 5e-3
#: Drift (ppm) above which the user is told; unsynchronised quartz clocks differ by some tens of ppm.
NOTED_DRIFT_PPM = 50.0
#: Largest deviation of one marker from a regular sequence, in TRs.
LARGEST_DEVIATION_TR = 0.1


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
    first_marker: str | None = None,
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
    first_marker : str, optional
        Description of a marker that is set once, when the first volume starts; the others follow every TR.
    faults : {"error", "repair", "trim"}
        What becomes of markers that do not fit; see `eeg2fmri.data.align_repair`.
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
        return _from_first(markers, first_marker, n_volumes, tr, where)
    name = find_marker(markers, tr, marker, where)
    times = np.asarray(markers[name], float)
    problems = list(_problems(times, n_volumes, tr, f"{where}, marker {name!r}"))
    if problems and faults != "error" and _interval_fits(times, tr):
        return _mended(times, n_volumes, tr, faults, name, problems)
    if problems:
        raise InputError.of(problems)
    if len(times) == 1:
        return Alignment(times, name)
    interval, start = np.polyfit(np.arange(len(times)), times, 1)
    drift_ppm = float(interval / tr - 1) * 1e6
    jitter = float(np.std(times - start - interval * np.arange(len(times))))
    resolution_ppm = 2e6 / (sfreq * tr * len(times))
    notes: tuple[str, ...] = ()
    if abs(drift_ppm) > max(NOTED_DRIFT_PPM, resolution_ppm):
        lost = (interval - tr) * (len(times) - 1)
        notes = (
            f"the clocks of EEG and scanner drift by {drift_ppm:.0f} ppm, {lost * 1e3:.0f} ms over the run; "
            "volumes follow the markers",
        )
    return Alignment(times, name, jitter, drift_ppm, notes)


def _from_first(
    markers: Mapping[str, np.ndarray], first_marker: str, n_volumes: int | None, tr: float, where: str
) -> Alignment:
    name = find_marker(markers, tr, first_marker, where)
    times = np.asarray(markers[name], float)
    if n_volumes is None:
        raise ValueError("the number of volumes is needed where only the first is marked")
    if len(times) != 1:
        raise InputError(
            "the marker of the first volume occurs several times",
            where=f"{where}, marker {name!r}",
            got=f"{len(times)} markers, the first at {times[0]:.3f} s, the last at {times[-1]:.3f} s",
            expected="one",
            hint="if it marks every volume, name it with 'marker'; otherwise give 'first_volume_s'",
        )
    return Alignment(times[0] + np.arange(n_volumes) * tr, name)


def _interval_fits(times: np.ndarray, tr: float) -> bool:
    single = np.delete(times, _doubled(times, tr))
    return len(single) > 1 and abs(float(np.median(np.diff(single))) / tr - 1) <= 0.1


def _mended(
    times: np.ndarray,
    n_volumes: int | None,
    tr: float,
    how: Literal["repair", "trim"],
    name: str,
    problems: Sequence[Problem],
) -> Alignment:
    doubled = _doubled(times, tr)
    single = np.delete(times, doubled)
    onsets, first, notes = mend(single, n_volumes, how)
    if doubled.size:
        notes = (f"doubled volume markers left out: {_listed(doubled, times)}", *notes)
    if len(onsets) < 2:
        raise InputError.of(problems)
    interval, start = np.polyfit(np.arange(len(onsets)), onsets, 1)
    jitter = float(np.std(onsets - start - interval * np.arange(len(onsets))))
    found = tuple(f"{problem.what} ({problem.got})" for problem in problems)
    told = tuple(f"triggers, {how}: {note}" for note in (*found, *notes))
    return Alignment(onsets, name, jitter, float(interval / tr - 1) * 1e6, told, first)


def find_marker(markers: Mapping[str, np.ndarray], tr: float, wanted: str | None, where: str = "") -> str:
    """Find the description of the volume marker.

    Raises
    ------
    InputError
        If the wanted marker is absent, none looks like a volume marker, or several do.
    """
    present = ", ".join(f"{name!r} ({len(times)})" for name, times in markers.items()) or "no markers at all"
    if wanted is not None:
        found = [name for name in markers if _same_name(name, wanted)]
        if not found:
            raise InputError("the volume marker does not occur", where=where, got=present, expected=repr(wanted))
        return found[0]
    known = _known(markers)
    regular = [name for name, times in markers.items() if _is_regular(np.asarray(times), tr)]
    best = [name for name in known if name in regular] or regular or known
    if not best:
        raise InputError(
            "there are no volume markers in the EEG",
            where=where,
            got=present,
            expected=f"a marker every {tr:g} s, such as {KNOWN_MARKERS[0]}",
            hint="name the marker with 'marker', or give the time of the first volume with 'first_volume_s'",
        )
    if len(best) > 1 and best[0] not in known:
        raise InputError(
            "several markers could be the volume marker",
            where=where,
            got=", ".join(f"{name!r} ({len(markers[name])})" for name in best),
            hint="name the right one with 'marker'",
        )
    return best[0]


def has_volume_marker(markers: Mapping[str, np.ndarray], tr: float) -> bool:
    """Tell whether a marker has the name or the regularity of a volume marker."""
    return bool(_known(markers)) or any(_is_regular(np.asarray(times), tr) for times in markers.values())


def _known(markers: Mapping[str, np.ndarray]) -> list[str]:
    return [name for label in KNOWN_MARKERS for name in markers if _same_name(name, label)]


def _same_name(description: str, wanted: str) -> bool:
    """Compare without case and spaces, with or without the type that BrainVision puts before the slash."""
    full, name = (_plain(text) for text in (description, description.rsplit("/", 1)[-1]))
    return _plain(wanted) in (full, name)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_regular(times: np.ndarray, tr: float) -> bool:
    """Tell whether most of three or more markers follow each other after one TR."""
    return len(times) >= 3 and float(np.mean(np.abs(np.diff(times) / tr - 1) < 0.01)) > 0.5


def _problems(times: np.ndarray, n_volumes: int | None, tr: float, where: str) -> Iterator[Problem]:
    doubled = _doubled(times, tr)
    single = np.delete(times, doubled)
    interval = float(np.median(np.diff(single))) if len(single) > 1 else tr
    if abs(interval / tr - 1) > 0.1:
        yield Problem(
            "the interval of the volume markers is not the TR",
            where,
            f"{float(np.median(np.diff(times))):.4g} s",
            f"TR {tr:g} s",
            "check the TR in sidecar and header; if the marker is set for each slice, name another or give "
            "'first_volume_s'",
        )
        return
    if doubled.size:
        yield Problem(
            "volume markers are doubled",
            where,
            _listed(doubled, times),
            f"intervals of {tr:g} s",
            "remove the surplus markers from the marker file, or set triggers: repair",
        )
    gaps = np.flatnonzero(np.diff(single) > 1.5 * tr)
    if gaps.size:
        lost = int(np.sum(np.round(np.diff(single)[gaps] / tr) - 1))
        yield Problem(
            "1 volume marker is missing" if lost == 1 else f"{lost} volume markers are missing",
            where,
            "gaps after " + _listed(gaps, single),
            f"intervals of {tr:g} s",
            "add the missing markers to the marker file, give 'first_volume_s', or set triggers: repair",
        )
    if n_volumes is not None and len(single) != n_volumes and not (gaps.size and len(single) < n_volumes):
        few = len(single) < n_volumes
        yield Problem(
            "there are fewer volume markers than volumes" if few else "there are more volume markers than volumes",
            where,
            f"{len(single)} markers, the first at {single[0]:.3f} s, the last at {single[-1]:.3f} s",
            f"{n_volumes} volumes",
            "check that both files are of the same run and complete"
            + (
                "; cut the BOLD to the volumes that have EEG"
                if few
                else "; say where the first volume starts with 'first_volume_s', or remove the surplus markers"
            ),
        )
    if not doubled.size and not gaps.size and len(single) > 2:
        yield from _irregular(single, tr, where)


def _doubled(times: np.ndarray, tr: float) -> np.ndarray:
    """Find the indices of markers that follow the last good one within half a TR."""
    doubled = []
    last = -np.inf
    for index, time in enumerate(times):
        if time - last < 0.5 * tr:
            doubled.append(index)
        else:
            last = time
    return np.array(doubled, int)


def _irregular(times: np.ndarray, tr: float, where: str) -> Iterator[Problem]:
    steps = np.arange(len(times))
    interval = float(np.median(np.diff(times)))
    deviation = times - interval * steps
    deviation -= np.median(deviation)
    late = np.flatnonzero(np.abs(deviation) > LARGEST_DEVIATION_TR * tr)
    mean_interval = float((times[-1] - times[0]) / (len(times) - 1))
    if abs(mean_interval / tr - 1) > LARGEST_DRIFT:
        yield Problem(
            "the mean interval of the volume markers is not the TR",
            where,
            f"{mean_interval:.6g} s, {(mean_interval / tr - 1) * 1e6:.0f} ppm off",
            f"TR {tr:g} s, within {LARGEST_DRIFT * 1e6:.0f} ppm",
            "check the TR in sidecar and header",
        )
    elif late.size:
        yield Problem(
            "volume markers are early or late",
            where,
            ", ".join(f"index {k} at {times[k]:.3f} s by {deviation[k] * 1e3:+.0f} ms" for k in late[:5])
            + (f" and {late.size - 5} more" if late.size > 5 else ""),
            f"within {LARGEST_DEVIATION_TR * tr * 1e3:.0f} ms of a regular sequence",
            "correct the marker file, give 'first_volume_s', or set triggers: repair",
        )


def _listed(indices: np.ndarray, times: np.ndarray) -> str:
    shown = ", ".join(f"index {k} at {times[k]:.3f} s" for k in indices[:5])
    return shown + (f" and {len(indices) - 5} more" if len(indices) > 5 else "")
