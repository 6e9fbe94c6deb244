"""One clock: when each volume starts, on the clock of the EEG, from the markers that the scanner sets.

A marker is expected at the start of every volume. What does not fit (missing, doubled, late, too few, too
many, a pause of the recorder) is an error that names index and time, because a shift by one volume would go unnoticed
ever after; it is mended only where the user asks for it, and then reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.data.settings.first_volume import ClockConfig, FirstMarker
from eeg2fmri.data.timing.check_markers import NO_DRIFT, interval_problem, marker_problems, number_markers
from eeg2fmri.data.timing.choose_marker import find_marker
from eeg2fmri.data.timing.first_marker import onsets_from_first
from eeg2fmri.data.timing.pauses import Pause, Span, listed_pauses
from eeg2fmri.data.timing.readings import Reading, Scan, choose_reading
from eeg2fmri.data.timing.repair_markers import left_out, longest, mend
from eeg2fmri.data.timing.trains import find_trains

#: Samples by which intervals of markers may differ where nothing is missing between two files: each is rounded twice.
SEAMLESS = 2.5
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


@dataclass(frozen=True)
class Volumes:
    """The volumes whose onsets are looked for.

    Attributes
    ----------
    count : int or None
        Of the BOLD run; None where there is no BOLD, and every marker is a volume.
    tr : float
        s.
    after_s : float
        Time (s) from the marker of a volume to the time that the volume stands for: 0, or where slices were brought to
        one time that of this time.
    discarded : int or None
        Volumes that were taken out of the image at its beginning, as its sidecar says.
    """

    count: int | None
    tr: float
    after_s: float = 0.0
    discarded: int | None = None


def volume_onsets(
    markers: Mapping[str, np.ndarray],
    volumes: Volumes,
    sfreq: float,
    clock: ClockConfig | None = None,
    span: Span | None = None,
    *,
    where: str = "",
) -> Alignment:
    """Find the start of every volume.

    Parameters
    ----------
    markers : mapping of str to array, shape (marker,)
        Times (s after the first sample, rising) of all markers of the EEG file by their description.
    volumes : Volumes
    sfreq : float
        Of the EEG, Hz: the resolution of the markers.
    clock : ClockConfig, optional
        What the user says of the volumes.
    span : Span, optional
        Length of the EEG and pauses in it; without it, EEG without pauses that has all volumes.
    where : str
        EEG file, for the errors.

    Raises
    ------
    InputError
        If there is no volume marker, several could be it, the markers do not fit volumes and TR, which is the first
        volume is not clear, or the recorder was paused between the first volume and the last.
    """
    clock, span = clock or ClockConfig(), span or Span()
    span, gone_on = _without_pause(markers, volumes, sfreq, clock, span)
    on_clock = {name: span.clock(np.asarray(times, float)) for name, times in markers.items()}
    if clock.first_volume_s is None and clock.first_marker is None:
        found = _marked(on_clock, volumes, sfreq, clock, span, where)
        if clock.triggers == "error":
            found = _sound(found, volumes, sfreq, clock, span, where)
    else:
        if volumes.count is None:
            raise ValueError("the number of volumes is needed where only the first is known")
        if clock.first_volume_s is not None:
            found = Alignment(clock.first_volume_s + np.arange(volumes.count) * volumes.tr + volumes.after_s)
        else:
            given = clock.first_marker
            first = FirstMarker(name=given) if isinstance(given, str) else given
            assert first is not None
            end = float(span.clock(np.array([span.duration_s]))[0])
            onsets, name, told = onsets_from_first(on_clock, first, volumes.count, volumes.tr, end, where)
            found = Alignment(onsets + volumes.after_s, name, notes=told)
        found = _sound(found, volumes, sfreq, clock, span, where)
    start = found.onsets[0] - found.first * volumes.tr
    outside = span.outside(start, start + (volumes.count or len(found.onsets)) * volumes.tr)
    told = (f"the EEG was paused outside the scan: {listed_pauses(outside)}",) if outside else ()
    return replace(found, onsets=span.file(found.onsets), notes=(*gone_on, *found.notes, *told))


def _without_pause(
    markers: Mapping[str, np.ndarray], volumes: Volumes, sfreq: float, clock: ClockConfig, span: Span
) -> tuple[Span, tuple[str, ...]]:
    """Take out joints at which nothing is missing: of unknown length, where the markers go on to the sample.

    Only where there are as many markers as volumes: a pause of whole TRs would have cost some.
    """
    open_ones = [pause for pause in span.pauses if pause.joint and pause.lost_s is None]
    placed = clock.first_volume_s is not None or clock.first_marker is not None
    if not open_ones or placed or volumes.count is None:
        return span, ()
    try:
        times = np.unique(find_marker(markers, volumes.tr, clock.marker, volumes.count).times)
    except InputError:  # the same is said where markers are looked for
        return span, ()
    gone_on = [pause for pause in open_ones if times[0] < pause.start_s <= times[-1]]
    if not gone_on or len(times) != volumes.count or not seamless(times, sfreq):
        return span, ()
    kept = tuple(pause for pause in span.pauses if pause not in gone_on)
    return replace(span, pauses=kept), (seamless_note(gone_on),)


def seamless(times: np.ndarray, sfreq: float) -> bool:
    """Tell whether markers (s) follow each other to the sample."""
    return bool(np.ptp(np.diff(times)) <= SEAMLESS / sfreq)


def seamless_note(joints: Sequence[Pause]) -> str:
    """Say that nothing is missing at the joints of files."""
    at = first_of([f"{joint.start_s:.3f} s" for joint in joints], 4)
    return f"the files follow each other without a pause, at {at}: the markers go on to the sample"


def _sound(found: Alignment, volumes: Volumes, sfreq: float, clock: ClockConfig, span: Span, where: str) -> Alignment:
    """Refuse or cut volumes that have no EEG, where the recorder was paused or the file does not reach."""
    has_eeg = span.has_eeg(found.onsets, volumes.tr, 1 / sfreq)
    if has_eeg.all():
        return found
    if clock.triggers != "trim":
        _refuse_pauses(found.onsets, volumes.tr, has_eeg, span, where)
    if clock.triggers == "error":
        return found  # how much is missing is said where the windows are cut
    first, end = longest(has_eeg)
    if first == end:
        raise InputError.of(_nothing_left(where, has_eeg))
    told = tuple(left_out(has_eeg))
    if end - first < has_eeg.sum():
        told = (f"cut to volumes {first} to {end - 1}: the EEG was paused {listed_pauses(span.pauses)}", *told)
    return replace(found, onsets=found.onsets[first:end], first=found.first + first, notes=(*found.notes, *told))


def _refuse_pauses(onsets: np.ndarray, tr: float, has_eeg: np.ndarray, span: Span, where: str) -> None:
    outside = span.outside(onsets[0], onsets[-1] + tr)
    if len(outside) == len(span.pauses):
        return
    first, end = longest(has_eeg)
    raise InputError(
        "the EEG was paused between the first volume and the last",
        where=where,
        got=listed_pauses(pause for pause in span.pauses if pause not in outside)
        + f"; volumes without EEG: {first_of(np.flatnonzero(~has_eeg), 8)}",
        expected="EEG of every volume",
        hint=f"set triggers: trim to keep volumes {first} to {end - 1}" if end - first > 1 else "leave it out",
    )


def _marked(
    markers: Mapping[str, np.ndarray], volumes: Volumes, sfreq: float, clock: ClockConfig, span: Span, where: str
) -> Alignment:
    """Find the volumes by their markers, on the clock."""
    tr = volumes.tr
    marked = find_marker(markers, tr, clock.marker, volumes.count, where)
    times = np.unique(marked.times)
    same = len(marked.times) - len(times)
    notes = [*marked.notes, *([f"{same} markers at the same samples as others left out"] if same else [])]
    place = f"{where}, marker {marked.name!r}"
    trains = find_trains(times, tr)
    main = trains.longest()
    wrong = None if main is None else interval_problem(times, main, tr, place)
    if main is None or wrong is not None:
        raise InputError.of([wrong or Problem("the volume marker never occurs", place)])
    if volumes.count is None:
        reading, count = Reading(main, 0), main.extent
    else:
        count = volumes.count
        reading, told = choose_reading(trains, Scan(count, tr, span, volumes.discarded), clock, place)
        notes += told
    numbered = number_markers(times, reading, count, tr)
    if numbered.outside:
        kept = reading.train.numbers + reading.first
        start, end = span.file(reading.train.times[(kept >= 0) & (kept < count)][[0, -1]])
        notes.append(
            f"the markers from {start:.3f} s to {end:.3f} s are volumes {numbered.first} to {numbered.last}; "
            f"markers before or after, left out: {numbered.outside}"
        )
    expected = np.where(np.isfinite(numbered.sound), numbered.sound, numbered.regular)
    has_eeg = span.has_eeg(expected + volumes.after_s, tr, 1 / sfreq)
    problems = list(marker_problems(numbered, reading, tr, place, span.file(times)))
    if clock.triggers != "trim" and not has_eeg.all():
        _refuse_pauses(expected + volumes.after_s, tr, has_eeg, span, where)
    if problems and (clock.triggers == "error" or abs(numbered.interval / tr - 1) > NO_DRIFT):
        raise InputError.of(problems)
    if not problems and clock.triggers == "error":
        onsets, first = numbered.sound, 0
    else:
        onsets, first, done = mend(
            numbered, has_eeg, "trim" if clock.triggers == "trim" else "repair", span.file(times)
        )
        found = tuple(f"{problem.what} ({problem.got})" for problem in problems)
        notes += [f"triggers, {clock.triggers}: {note}" for note in (*found, *done)] if problems else done
        if len(onsets) < 2:
            raise InputError.of(problems or _nothing_left(place, has_eeg))
    onsets = onsets + volumes.after_s if volumes.after_s else onsets
    return _described(onsets, first, marked.name, notes, tr, sfreq)


def _nothing_left(where: str, has_eeg: np.ndarray) -> list[Problem]:
    got = f"{int(has_eeg.sum())} of {len(has_eeg)}"
    return [Problem("almost no volume has EEG", where, got, "EEG of the whole scan", "leave this recording out")]


def _described(onsets: np.ndarray, first: int, name: str, notes: Sequence[str], tr: float, sfreq: float) -> Alignment:
    if len(onsets) == 1:
        return Alignment(onsets, name, notes=tuple(notes), first=first)
    interval, start = np.polyfit(np.arange(len(onsets)), onsets, 1)
    drift_ppm = float(interval / tr - 1) * 1e6
    jitter = float(np.std(onsets - start - interval * np.arange(len(onsets))))
    told = _drift_notes(drift_ppm, tr, len(onsets), sfreq)
    return Alignment(onsets, name, jitter, drift_ppm, (*notes, *told), first)


def _drift_notes(drift_ppm: float, tr: float, n_volumes: int, sfreq: float) -> tuple[str, ...]:
    resolution_ppm = 2e6 / (sfreq * tr * n_volumes)
    if abs(drift_ppm) <= max(NOTED_DRIFT_PPM, resolution_ppm):
        return ()
    lost = drift_ppm / 1e6 * tr * (n_volumes - 1)
    return (
        f"the clocks of EEG and scanner drift by {drift_ppm:.0f} ppm, {lost * 1e3:.0f} ms over the run; "
        "volumes follow the markers",
    )
