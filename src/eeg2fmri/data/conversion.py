"""One recording from its files to its folder in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.agreement import Common
from eeg2fmri.data.brain import brain_mask
from eeg2fmri.data.config import PrepareConfig
from eeg2fmri.data.eeg import eeg_files, read_raw
from eeg2fmri.data.inspection import Collector, Plan
from eeg2fmri.data.raw_spectrogram import spectrogram_blocks
from eeg2fmri.data.regrid import regrid, regrid_affine
from eeg2fmri.data.sidecars import sidecars
from eeg2fmri.data.signal_checks import SignalChecks
from eeg2fmri.data.store import Recording
from eeg2fmri.data.store_format import META, digest
from eeg2fmri.data.store_writer import ArrayWriter, write_array, write_meta
from eeg2fmri.data.windows import first_steady_volume


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
        Path (relative to the BIDS folder), size and digest of each source.
    problems : tuple of Problem
        Empty where all went well.
    """

    id: str
    affine: np.ndarray
    files: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    problems: tuple[Problem, ...] = ()


class VoxelStatistics:
    """Mean and population deviation over volumes, one volume at a time, in float64."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._count = 0
        self._offset: np.ndarray | None = None
        self._sum = np.zeros(shape)
        self._square = np.zeros(shape)

    def update(self, volume: np.ndarray) -> None:
        """Take in a volume (x, y, z)."""
        if self._offset is None:
            self._offset = volume.astype(float)  # deviations from it lose no digits to the baseline
        deviation = volume - self._offset
        self._count += 1
        self._sum += deviation
        deviation *= deviation
        self._square += deviation

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the volumes so far, float32 (x, y, z)."""
        if self._offset is None:
            raise ValueError("there was no volume")
        mean = self._sum / self._count
        variance = np.maximum(self._square / self._count - mean**2, 0)
        return (self._offset + mean).astype(np.float32), np.sqrt(variance).astype(np.float32)


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
    collect = Collector()
    affine = regrid_affine(plan.bold.affine, plan.bold.shape, common.grid)
    files: dict[str, dict[str, Any]] = {}
    eeg = collect(lambda: _write_eeg(plan, common, folder, files))
    bold = collect(lambda: _write_bold(plan, common, config, affine, folder, files))
    if eeg is None or bold is None:
        return Converted(plan.files.id, affine, files, [], tuple(collect.problems))
    paths = [*eeg_files(plan.files.eeg), plan.files.bold, *sidecars(plan.files.bold, "bold", ".json")]
    sources = collect(lambda: [_source(path, root) for path in paths])
    if sources is None:
        return Converted(plan.files.id, affine, files, [], tuple(collect.problems))
    recording = Recording(
        id=plan.files.id,
        subject=plan.files.subject,
        session=plan.files.session,
        task=plan.files.task,
        run=plan.files.run,
        n_volumes=plan.bold.n_volumes,
        onsets=plan.alignment.onsets,
        sfreq=plan.sfreq,
        affine=affine,
        sources=tuple(str(source["path"]) for source in sources),
        quality={
            "marker": plan.alignment.marker,
            "trigger_jitter_s": plan.alignment.jitter_s,
            "drift_ppm": plan.alignment.drift_ppm,
            "bad_electrodes": list(plan.bads),
            **eeg,
            **bold,
            "warnings": [*plan.notes, *common.notes[plan.files.id]],
        },
    )
    files[META] = write_meta(folder, recording)
    return Converted(plan.files.id, affine, files, sources)


def _write_eeg(plan: Plan, common: Common, folder: Path, files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    raw = read_raw(plan.files.eeg)
    checks = SignalChecks(common.electrodes, plan.sfreq)
    n_bins = len(common.frequencies)
    shape = (plan.bold.n_volumes, len(common.electrodes), n_bins)
    with ArrayWriter(folder / "eeg.npy", shape) as writer:
        for block in spectrogram_blocks(raw, common.electrodes, plan.alignment.onsets, common.tr, n_bins, checks):
            writer.append(block)
    problems = checks.problems(str(plan.files.eeg))
    if problems:
        raise InputError.of(problems)
    files["eeg.npy"] = writer.facts()
    return {"eeg_std_v": float(np.median(checks.std()))}


def _write_bold(
    plan: Plan,
    common: Common,
    config: PrepareConfig,
    affine: np.ndarray,
    folder: Path,
    files: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    skip = first_steady_volume(common.tr)
    statistics = VoxelStatistics(common.grid)
    n_volumes = plan.bold.n_volumes
    with ArrayWriter(folder / "bold.npy", (n_volumes, *common.grid)) as writer:
        for index, volume in enumerate(plan.bold.volumes()):
            moved = regrid(volume, common.grid)
            writer.append(moved[None])
            if index >= skip:
                statistics.update(moved)
    mean, std = statistics.result()
    mask = brain_mask(mean, std, affine, config.mask, str(plan.files.bold))
    files["bold.npy"] = writer.facts()
    for name, array in (("mask.npy", mask), ("voxel_mean.npy", mean), ("voxel_std.npy", std)):
        files[name] = write_array(folder / name, array)
    return {
        "statistics_from_volume": skip,
        "tsnr_median": float(np.median(mean[mask] / std[mask])),
        "brain_voxels": int(mask.sum()),
    }


def _source(path: Path, root: Path) -> dict[str, Any]:
    try:
        return {"path": _relative(path, root), "size": path.stat().st_size, "sha256": digest(path)}
    except OSError as error:
        raise InputError("the file cannot be read", where=str(path), got=str(error.strerror)) from None


def _relative(path: Path, root: Path) -> str:
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return path.name
