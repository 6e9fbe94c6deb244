"""A store made of arrays that are in memory already: no files of EEG or BOLD needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.digest import CONTENT
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.format import META
from eeg2fmri.data.store.recording import Recording
from eeg2fmri.data.store.writer import StoreWriter, write_array, write_meta
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume


@dataclass(frozen=True, eq=False)
class RecordingArrays:
    """A recording that is in memory already, for `write_store`.

    Attributes
    ----------
    id : str
        BIDS name, for example ``sub-01_ses-2_task-rest_run-1``; labels are taken from it.
    eeg : array, shape (volume, channel, freq)
        Unscaled magnitudes, V.
    bold : array, shape (volume, x, y, z)
        BOLD units.
    mask : bool array, shape (x, y, z), optional
        Voxels that vary over time by default.
    onsets : array, shape (volume,), optional
        s; one TR apart from 0 by default.
    sfreq : float
        Hz.
    quality : dict
        See `Recording`.
    amplitude : array, shape (volume, channel, band), optional
        Recentred band amplitudes; see `Store.amplitude`.
    nuisance : mapping of name to array, shape (volume,)
        Motion, task, pulse and breathing; see `Store.nuisance`.
    data_set : str
        See `Recording`.
    affine : array, shape (4, 4), optional
        Of a recording that lies elsewhere than the first, voxel indices to mm; that of the store by default.
    """

    id: str
    eeg: np.ndarray
    bold: np.ndarray
    mask: np.ndarray | None = None
    onsets: np.ndarray | None = None
    sfreq: float = 250.0
    quality: dict[str, Any] = field(default_factory=dict)
    amplitude: np.ndarray | None = None
    nuisance: Mapping[str, np.ndarray] = field(default_factory=dict)
    data_set: str = ""
    affine: np.ndarray | None = None


def write_store(
    path: str | Path,
    recordings: Iterable[RecordingArrays],
    *,
    electrodes: Sequence[str],
    frequencies: Sequence[float] | np.ndarray,
    tr: float,
    affine: np.ndarray | None = None,
    space: str = "native",
    config: PrepareConfig | None = None,
    regions: Sequence[int] = (),
    elements: str = "",
    notes: Sequence[str] = (),
) -> Path:
    """Write a store of arrays, without files of EEG or BOLD, and give its path.

    Raises
    ------
    StoreError
        As `StoreWriter`.
    InputError
        If EEG and BOLD of a recording differ in length, or shapes differ from the facts given.
    """
    affine = np.eye(4) if affine is None else np.asarray(affine, float)
    files: dict[str, dict[str, dict[str, Any]]] = {}
    grid: tuple[int, int, int] | None = None
    with StoreWriter(path) as writer:
        for recording in recordings:
            grid = grid or (recording.bold.shape[1], recording.bold.shape[2], recording.bold.shape[3])
            expected = (len(recording.bold), len(electrodes), len(frequencies))
            if recording.eeg.shape != expected or recording.bold.shape[1:] != grid:
                raise InputError(
                    "the arrays of a recording do not fit together or differ from the first recording's",
                    where=recording.id,
                    got=f"EEG {recording.eeg.shape}, BOLD {recording.bold.shape}",
                    expected=f"EEG {expected}, BOLD (volume, {grid})",
                )
            files[recording.id] = _write_recording(writer.folder(recording.id), recording, tr, affine)
        if grid is None:
            raise InputError("there is no recording to store", where=str(path))
        writer.finish(
            files,
            config=config or PrepareConfig(),
            sources=[
                {"path": f"{id}/{name}", CONTENT: written[name][CONTENT]}
                for id, written in files.items()
                for name in ("eeg.npy", "bold.npy")
            ],
            electrodes=electrodes,
            frequencies=frequencies,
            tr=tr,
            grid=grid,
            affine=affine,
            space=space,
            regions=regions,
            elements=elements,
            notes=notes,
        )
    return Path(path)


def _write_recording(
    folder: Path, recording: RecordingArrays, tr: float, affine: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Write the files of one recording; give size and digest of each."""
    bold = np.asarray(recording.bold, np.float32)  # as it is stored: what is constant there varies by no rounding
    steady = bold[min(first_steady_volume(tr), len(bold) - 2) :]
    voxel_std = steady.std(axis=0, dtype=np.float64)
    arrays = {
        "eeg.npy": recording.eeg,
        "bold.npy": bold,
        "mask.npy": voxel_std > 0 if recording.mask is None else recording.mask,
        "voxel_mean.npy": steady.mean(axis=0, dtype=np.float64),
        "voxel_std.npy": voxel_std,
        **({} if recording.amplitude is None else {"amplitude.npy": recording.amplitude}),
        **({"nuisance.npy": np.stack([*recording.nuisance.values()], axis=1)} if recording.nuisance else {}),
    }
    written = {name: write_array(folder / name, array) for name, array in arrays.items()}
    labels = dict(part.split("-", 1) for part in recording.id.split("_") if "-" in part)
    meta = Recording(
        id=recording.id,
        subject=labels.get("sub", recording.id),
        session=labels.get("ses", ""),
        task=labels.get("task", ""),
        run=labels.get("run", ""),
        n_volumes=len(recording.bold),
        onsets=np.arange(len(recording.bold)) * tr if recording.onsets is None else recording.onsets,
        sfreq=recording.sfreq,
        affine=affine if recording.affine is None else recording.affine,
        quality=recording.quality,
        nuisance=tuple(recording.nuisance),
        data_set=recording.data_set,
    )
    return {**written, META: write_meta(folder, meta)}
