"""Check the headers of one recording, and plan how its arrays are made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from eeg2fmri.core.disk.room import check_memory
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bids.recording_files import RecordingFiles
from eeg2fmri.data.bids.sidecars import entities, read_json_sidecar
from eeg2fmri.data.bids.tables import clock_of
from eeg2fmri.data.bold.element_series import open_bold_series
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.eeg.channel_matrix import Derivation, derive
from eeg2fmri.data.eeg.cleaning import cleaned_rate
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.eeg.read_samples import BLOCK, read_samples
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.features.spectrogram import short_eeg_problem, window_samples, window_starts
from eeg2fmri.data.pairs.windows import PairConfig, length_problem
from eeg2fmri.data.prepare.recorded_markers import recorded_markers
from eeg2fmri.data.settings.eeg import VOLTS, EegConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume
from eeg2fmri.data.timing.pauses import span_of
from eeg2fmri.data.timing.repetition_time import repetition_time
from eeg2fmri.data.timing.slice_time import discarded_volumes, slice_time
from eeg2fmri.data.timing.volume_onsets import Alignment, Volumes, volume_onsets

if TYPE_CHECKING:
    import mne

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Plan:
    """A recording whose headers are sound.

    Attributes
    ----------
    files : RecordingFiles
    electrodes : tuple of str
        Channels that come of the file, in its order.
    bads : tuple of str
        Electrodes marked as bad.
    sfreq, tr : float
        Hz, s.
    bold : BoldImage
    space : str
        BIDS space label, or ``native``.
    alignment : Alignment
    notes : tuple of str
        What the user should know.
    derivation : Derivation
        How the electrodes come of the channels of the file.
    """

    files: RecordingFiles
    electrodes: tuple[str, ...]
    bads: tuple[str, ...]
    sfreq: float
    tr: float
    bold: BoldImage
    space: str
    alignment: Alignment
    notes: tuple[str, ...]
    derivation: Derivation

    @property
    def n_volumes(self) -> int:
        """Volumes that are kept."""
        return len(self.alignment.onsets)


class Collector:
    """Runs steps and keeps their problems, so that one fault does not hide the next."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, step: Callable[[], Result]) -> Result | None:
        """Run a step; give None where it raises `InputError`."""
        try:
            return step()
        except InputError as error:
            self.problems += error.problems
            return None


class _Headers(NamedTuple):
    """What the files of a recording say before their clocks are compared."""

    raw: mne.io.BaseRaw
    bold: BoldImage
    sidecar: dict[str, Any]
    tr: float
    eeg_notes: tuple[str, ...]
    bold_notes: tuple[str, ...]


def inspect(files: RecordingFiles, config: PrepareConfig, root: Path = Path()) -> Plan:
    """Read and check the headers of a recording; tables that the settings name are below `root`.

    Raises
    ------
    InputError
        With every problem of the recording's headers.
    """
    collect = Collector()
    raw, bold, sidecar, tr, eeg_notes, bold_notes = _headers(files, config, collect)
    derived = collect(lambda: derive(raw, config.eeg, files.eeg, montage=config.montage, exclude=config.exclude))
    sliced = collect(lambda: slice_time(sidecar, tr, str(files.bold)))
    after_s, slice_notes = sliced or (0.0, ())
    sfreq = float(raw.info["sfreq"])
    alignment = collect(
        lambda: volume_onsets(
            recorded_markers(raw, files.eeg, config, tr),
            Volumes(bold.n_volumes, tr, after_s, discarded_volumes(sidecar)),
            sfreq,
            clock_of(files, config, root),
            span_of(raw),
            where=str(files.eeg),
        )
    )
    _check_lengths(collect, raw, bold, tr, alignment, files)
    rate = cleaned_rate(sfreq, config.eeg)
    if config.eeg.clean.steps and derived is not None:
        # what is cleaned is in memory as a whole, 64-bit numbers
        needed = 8 * len(derived[0].inputs) * int(raw.n_times) / sfreq * max(rate, sfreq)
        hint = "set a lower rate, eeg: {clean: {resample: HZ}}, or leave this recording out"
        collect(lambda: check_memory(needed, "the cleaned EEG", str(files.eeg), hint))
    if collect.problems or alignment is None or derived is None:
        raise InputError.of(collect.problems)
    derivation, derived_notes = derived
    short = length_problem(len(alignment.onsets), tr, PairConfig().at(tr))
    short_notes = () if short is None else (f"{short.what}: {short.got}, {short.expected}",)
    return Plan(
        files=files,
        electrodes=derivation.outputs,
        bads=tuple(name for name in raw.info["bads"] if name in derivation.outputs),
        sfreq=rate,
        tr=tr,
        bold=bold,
        space=entities(files.bold).get("space")
        or config.bold.space
        or (bold.elements and bold.elements.space)
        or "native",
        alignment=alignment,
        notes=(*eeg_notes, *short_notes, *bold_notes, *slice_notes, *alignment.notes, *derived_notes),
        derivation=derivation,
    )


def _headers(files: RecordingFiles, config: PrepareConfig, collect: Collector) -> _Headers:
    """Open the files; raise what is wrong with any of them."""
    eeg_notes: list[str] = []
    raw = collect(lambda: read_raw(files.eeg, eeg_notes, config.eeg))
    bold = collect(lambda: open_bold_series(files.bold))
    sidecar = collect(lambda: read_json_sidecar(files.bold, "bold"))
    timing = None
    if bold is not None and sidecar is not None:
        header_tr, found = bold.header_tr, sidecar
        timing = collect(lambda: repetition_time(header_tr, found, override=config.tr, where=str(files.bold)))
    if raw is not None and not electrode_names(raw):
        collect.problems.append(
            Problem("the file has no EEG channels", str(files.eeg), ", ".join(raw.ch_names)[:200], "type EEG")
        )
    if raw is None or bold is None or sidecar is None or timing is None or collect.problems:
        raise InputError.of(collect.problems)
    return _Headers(raw, bold, sidecar, timing[0], tuple(eeg_notes), (*bold.notes, *timing[1]))


def _check_lengths(
    collect: Collector,
    raw: mne.io.BaseRaw,
    bold: BoldImage,
    tr: float,
    alignment: Alignment | None,
    files: RecordingFiles,
) -> None:
    """Tell where EEG or BOLD are too short; EEG can be judged without markers."""
    sfreq, n_times = float(raw.info["sfreq"]), int(raw.n_times)
    n_volumes = bold.n_volumes if alignment is None else len(alignment.onsets)
    if alignment is not None:
        collect(lambda: window_starts(alignment.onsets, sfreq, window_samples(tr, sfreq), n_times, str(files.eeg)))
    elif (
        not any("volumes" in problem.what for problem in collect.problems)
        and n_times / sfreq < n_volumes * tr - 0.5 / sfreq
    ):
        ends = np.arange(n_volumes) * tr
        outside = np.flatnonzero(ends + tr > n_times / sfreq)
        collect.problems.append(short_eeg_problem(outside, ends, tr, n_times / sfreq, str(files.eeg)))
    skip = first_steady_volume(tr)
    if n_volumes < skip + 2:
        collect.problems.append(
            Problem(
                "the BOLD run is too short",
                str(files.bold),
                f"{n_volumes} volumes",
                f"at least {skip + 2}, of which the first {skip} are left out of statistics",
                "leave this recording out",
            )
        )


def content_problems(files: RecordingFiles, config: PrepareConfig) -> list[Problem]:
    """Look through samples and volumes for what headers do not tell.

    For the recordings of a data set that cannot be prepared because of its headers: the user sees all
    there is to mend at once. What the headers themselves are wrong about is not repeated.
    """
    collect = Collector()
    opened = Collector()
    raw = opened(lambda: read_raw(files.eeg, config=config.eeg))
    if raw is not None and electrode_names(raw):
        collect.problems += collect(partial(_sample_problems, raw, config.eeg, str(files.eeg))) or []
    bold = opened(lambda: open_bold_series(files.bold))
    if bold is not None:
        collect(partial(deque, bold.volumes(), maxlen=0))
    return collect.problems


def _sample_problems(raw: mne.io.BaseRaw, config: EegConfig, where: str) -> list[Problem]:
    scale = 1.0 if config.unit == "header" else VOLTS[config.unit]
    checks = SignalChecks(electrode_names(raw), float(raw.info["sfreq"]))
    step = max(1, BLOCK // len(raw.ch_names))
    for start in range(0, int(raw.n_times), step):
        block = read_samples(raw, checks.names, start, min(start + step, int(raw.n_times)))
        checks.update(block * scale, start)
    return checks.problems(where)
