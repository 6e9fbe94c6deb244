"""One recording from its files to its folder in a store."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bids.sidecars import sidecars
from eeg2fmri.data.eeg.cleaning import LOCKED_SHARE, LockedShare, clean
from eeg2fmri.data.eeg.read import eeg_files, read_raw
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.features.band_amplitude import AmplitudeCollector
from eeg2fmri.data.features.rates import rate_factor
from eeg2fmri.data.features.raw_rows import raw_rows
from eeg2fmri.data.features.spectrogram_of_raw import spectrogram_blocks
from eeg2fmri.data.prepare.check_data_set import Common
from eeg2fmri.data.prepare.check_recording import Collector, Plan
from eeg2fmri.data.prepare.nuisance import NuisanceTable, nuisance_table
from eeg2fmri.data.prepare.recorded_markers import clock_files
from eeg2fmri.data.prepare.write_bold import open_bold, write_bold
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.format import META
from eeg2fmri.data.store.origin.sources import source_entry
from eeg2fmri.data.store.store import Recording
from eeg2fmri.data.store.writer import ArrayWriter, write_array, write_meta
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True, eq=False)
class Converted:
    """What came of a recording: its files and sources, or its problems.

    Attributes
    ----------
    id : str
    affine : array, shape (4, 4)
        Of the stored volumes.
    files : dict
        Size and digest of each file by name.
    sources : list of dict
        Path (relative to the BIDS folder), size and digest of each source, and where and when it was looked at.
    problems : tuple of Problem
        Empty where all went well.
    """

    id: str
    affine: np.ndarray
    files: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    problems: tuple[Problem, ...] = ()

    def noted(self) -> dict[str, Any]:
        """Give what is to be known of a complete recording, as JSON."""
        return {"affine": self.affine.tolist(), "files": self.files, "sources": self.sources}

    @classmethod
    def of_noted(cls, recording_id: str, noted: dict[str, Any]) -> Converted:
        """Rebuild from `noted`."""
        return cls(recording_id, np.array(noted["affine"], float), noted["files"], noted["sources"])


def convert(plan: Plan, common: Common, config: PrepareConfig, folder: Path, root: Path) -> Converted:
    """Write the arrays of a recording.

    Parameters
    ----------
    plan : Plan
        The recording.
    common : Common
        Electrodes, frequencies, TR and grid of the store.
    config : PrepareConfig
        Settings.
    folder : Path
        Folder of the recording in the store, empty.
    root : Path
        BIDS folder, to which sources are named.

    Returns
    -------
    Converted
        With the problems of samples and volumes, if any.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    collect, opening = Collector(), Collector()
    opened = opening(lambda: open_bold(plan, common, config))
    paths = [*eeg_files(plan.files.eeg, config.eeg), *plan.bold.files, *sidecars(plan.files.bold, "bold", ".json")]
    paths += clock_files(plan.files, config, root)
    paths += [*common.target.sources, *(() if opened is None else opened.sources)]
    before = collect(lambda: _entries(paths, root))
    raw = collect(lambda: read_raw(plan.files.eeg, config=config.eeg))
    nuisance = collect(lambda: nuisance_table(plan, config, raw)) or NuisanceTable()
    more = [path for path in dict.fromkeys(nuisance.sources) if path not in paths]
    beside = collect(lambda: _entries(more, root))
    # the volumes take about as long as the EEG: a thread for each is faster than threads inside products of matrices,
    # on which the last digits would depend too
    stop = threading.Event()
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as other:
        volumes = None if opened is None else other.submit(write_bold, opened, common.tr, folder, stop)
        digests = other.submit(_digests, list(dict.fromkeys([*paths, *more])))
        try:
            eeg = None if raw is None else collect(lambda: _write_eeg(raw, plan, common, config, folder))
            bold = None if volumes is None else collect(volumes.result)
            # what cannot be read has been told of by then
            content = None if eeg is None or bold is None else collect(digests.result)
        except BaseException:  # the disk is full, or the user has had enough: nobody waits for the rest
            stop.set()
            digests.cancel()
            raise
    collect.problems += opening.problems
    if opened is None or before is None or beside is None or content is None or eeg is None or bold is None:
        return Converted(plan.files.id, plan.bold.affine, {}, [], tuple(collect.problems))
    sources = collect(lambda: _unchanged(root, before | beside, content))
    if sources is None:
        return Converted(plan.files.id, bold.affine, {}, [], tuple(collect.problems))
    files = {**eeg.files, **bold.files}
    if nuisance.columns:
        files["nuisance.npy"] = write_array(folder / "nuisance.npy", nuisance.array())
    notes = (*common.notes[plan.files.id], *opened.notes, *bold.notes, *_gradient_note(eeg.quality), *eeg.notes)
    recording = _recording(plan, {**eeg.quality, **bold.quality}, nuisance, notes, sources, bold.affine)
    files[META] = write_meta(folder, recording)
    return Converted(plan.files.id, bold.affine, files, sources)


def _recording(
    plan: Plan,
    quality: dict[str, Any],
    nuisance: NuisanceTable,
    notes: Sequence[str],
    sources: Sequence[Mapping[str, object]],
    affine: np.ndarray,
) -> Recording:
    """Put together what the store keeps of a recording beside its arrays."""
    return Recording(
        id=plan.files.id,
        subject=plan.files.subject,
        session=plan.files.session,
        task=plan.files.task,
        run=plan.files.run,
        n_volumes=plan.n_volumes,
        onsets=plan.alignment.onsets,
        sfreq=plan.sfreq,
        affine=affine,
        sources=tuple(str(source["path"]) for source in sources),
        quality={
            "marker": plan.alignment.marker,
            "trigger_jitter_s": plan.alignment.jitter_s,
            "drift_ppm": plan.alignment.drift_ppm,
            "bad_electrodes": list(plan.bads),
            **quality,
            **({"no_heart_rate": nuisance.no_heart_rate} if nuisance.no_heart_rate else {}),
            "warnings": [*plan.notes, *notes, *nuisance.notes],
        },
        nuisance=tuple(nuisance.columns),
    )


@dataclass(frozen=True, eq=False)
class _WrittenEeg:
    """What came of the EEG of a recording: see `eeg2fmri.data.prepare.write_bold.WrittenBold`."""

    quality: dict[str, Any]
    files: dict[str, dict[str, Any]]
    notes: list[str]


def _write_eeg(raw: mne.io.BaseRaw, plan: Plan, common: Common, config: PrepareConfig, folder: Path) -> _WrittenEeg:
    onsets, where = plan.alignment.onsets, str(plan.files.eeg)
    raw = clean(raw, config.eeg, onsets, common.tr, where)
    derivation = plan.derivation.pick(common.electrodes)
    checks = SignalChecks(derivation.inputs, plan.sfreq)
    n_bins = len(common.frequencies)
    factor = np.float32(rate_factor(common.tr, plan.sfreq, common.sfreq))
    locked = LockedShare(onsets, common.tr, plan.sfreq)
    amplitude = AmplitudeCollector(plan.sfreq, common.tr)
    with ArrayWriter(folder / "eeg.npy", (plan.n_volumes, len(common.electrodes), n_bins)) as writer:
        for block in spectrogram_blocks(
            raw, common.electrodes, onsets, common.tr, n_bins, checks, derivation, amplitude, locked
        ):
            writer.append(block if factor == 1 else block * factor)
    problems = checks.problems(str(plan.files.eeg))
    if problems:
        raise InputError.of(problems)
    files = {"eeg.npy": writer.facts()}
    recentred = amplitude.recentred(first_steady_volume(common.tr))
    if recentred is not None:
        files["amplitude.npy"] = write_array(folder / "amplitude.npy", recentred)
    if config.raw is not None:
        n_samples = config.raw.samples(common.tr)
        shape = (plan.n_volumes, len(common.electrodes), n_samples)
        with ArrayWriter(folder / config.raw.file, shape) as writer:
            for block in raw_rows(raw, derivation, onsets, common.tr, n_samples, config.raw.kind):
                writer.append(block)
        files[config.raw.file] = writer.facts()
    quality = {
        "eeg_std_v": float(np.median(checks.std())),
        "volume_locked_share": round(locked.share(), 4),
        "cleaned": list(config.eeg.clean.steps),
        **({"no_amplitudes": amplitude.problem} if amplitude.problem else {}),
    }
    return _WrittenEeg(quality, files, checks.notes())


def _gradient_note(quality: dict[str, Any]) -> list[str]:
    share = quality["volume_locked_share"]
    if share < LOCKED_SHARE:
        return []
    return [
        f"{share:.0%} of the EEG is the same in every volume: the gradient artefact seems to be in it; "
        "eeg: {clean: {gradient: average}} takes it out"
    ]


def _entries(paths: Iterable[Path], root: Path) -> dict[Path, dict[str, Any]]:
    return {path: _entry(path, root) for path in paths}


def _entry(path: Path, root: Path) -> dict[str, Any]:
    try:
        return source_entry(path, root)
    except OSError as error:
        raise _unread(path, error) from None


def _digests(paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        try:
            found.append(content_digest(path))
        except OSError as error:
            raise _unread(path, error) from None
    return found


def _unchanged(root: Path, before: dict[Path, dict[str, Any]], digests: list[str]) -> list[dict[str, Any]]:
    """Give what `source_entry` gave before the files were read, and their digests."""
    for path, entry in before.items():
        if _entry(path, root) != entry:
            raise InputError(
                "the file changed while it was read",
                where=str(path),
                hint="wait until nothing writes it, then start again",
            )
    return [{**entry, CONTENT: digest} for entry, digest in zip(before.values(), digests, strict=True)]


def _unread(path: Path, error: OSError) -> InputError:
    return InputError("the file cannot be read", where=str(path), got=str(error.strerror))
