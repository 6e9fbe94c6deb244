"""What is wrong with the volume markers of a recording: missing, doubled, late, too few, too many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eeg2fmri.core.errors import Problem, first_of

#: Largest deviation of the mean interval of markers from the TR (relative) that can be clock drift.
LARGEST_DRIFT = 5e-3
#: Largest deviation of one marker from a regular sequence, in TRs.
LARGEST_DEVIATION_TR = 0.1


def marker_problems(times: np.ndarray, n_volumes: int | None, tr: float, where: str) -> Iterator[Problem]:
    """Find what is wrong with volume markers.

    Parameters
    ----------
    times : array, shape (marker,)
        s, rising.
    n_volumes : int or None
        Volumes of the BOLD run; None where there is no BOLD to count against.
    tr : float
        s.
    where : str
        File and marker.
    """
    doubled = doubled_markers(times, tr)
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
            listed(doubled, times),
            f"intervals of {tr:g} s",
            "remove the surplus markers from the marker file, or set triggers: repair",
        )
    gaps = np.flatnonzero(np.diff(single) > 1.5 * tr)
    if gaps.size:
        lost = int(np.sum(np.round(np.diff(single)[gaps] / tr) - 1))
        yield Problem(
            "1 volume marker is missing" if lost == 1 else f"{lost} volume markers are missing",
            where,
            "gaps after " + listed(gaps, single),
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


def doubled_markers(times: np.ndarray, tr: float) -> np.ndarray:
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
            first_of((f"index {k} at {times[k]:.3f} s by {deviation[k] * 1e3:+.0f} ms" for k in late), 5),
            f"within {LARGEST_DEVIATION_TR * tr * 1e3:.0f} ms of a regular sequence",
            "correct the marker file, give 'first_volume_s', or set triggers: repair",
        )


def listed(indices: np.ndarray, times: np.ndarray) -> str:
    """Name some markers by index and time."""
    return first_of((f"index {k} at {times[k]:.3f} s" for k in indices), 5)
