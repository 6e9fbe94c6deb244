"""Hold what a store knows of one recording beside its arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import read_json, texts
from eeg2fmri.data.store.format import META, damaged


@dataclass(frozen=True, eq=False)
class Recording:
    """What a store knows of one recording.

    Attributes
    ----------
    id : str
        Folder of the recording in the store, for example ``sub-01_task-rest``.
    subject, session, task, run : str
        BIDS labels without their prefix; empty where the data set has none.
    n_volumes : int
        Volumes, and rows of the EEG.
    onsets : array, shape (volume,)
        Time of each volume after the start of the EEG file, s.
    sfreq : float
        Sampling rate of the EEG, Hz.
    affine : array, shape (4, 4)
        Voxel indices of the stored volumes to mm.
    sources : tuple of str
        Files that it was made from, relative to the BIDS folder.
    quality : dict
        Trigger jitter (s) and drift (ppm), median tSNR, flat and bad electrodes, warnings.
    nuisance : tuple of str
        Names of the columns of `Store.nuisance`: motion, task, pulse and breathing, as far as they are known.
    data_set : str
        Store that it comes from, where several were joined (`eeg2fmri.data.join`); else empty.
    """

    id: str
    subject: str
    session: str
    task: str
    run: str
    n_volumes: int
    onsets: np.ndarray
    sfreq: float
    affine: np.ndarray
    sources: tuple[str, ...] = ()
    quality: dict[str, Any] = field(default_factory=dict)
    nuisance: tuple[str, ...] = ()
    data_set: str = ""


def read_recording(folder: Path) -> Recording:
    """Read ``meta.json`` of the recording in a folder.

    Raises
    ------
    StoreError
        If it is absent or damaged.
    """
    try:
        meta = read_json(folder / META)
        return Recording(
            id=folder.name,
            **{key: str(meta[key]) for key in ("subject", "session", "task", "run")},
            n_volumes=int(meta["n_volumes"]),
            onsets=np.array(meta["onsets"], float),
            sfreq=float(meta["sfreq"]),
            affine=np.array(meta["affine"], float),
            sources=tuple(texts(meta["sources"])),
            quality=_quality(meta["quality"]),
            nuisance=tuple(texts(meta.get("nuisance", []))),
            data_set=str(meta.get("data_set", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(folder / META, f"{type(error).__name__}: {error}") from None


def _quality(values: object) -> dict[str, Any]:
    """Take what is known of the quality; lists of words and numbers have to be that."""
    if not isinstance(values, dict):
        raise TypeError(f"quality: {type(values).__name__}")
    for name in ("warnings", "bad_electrodes", "cleaned"):
        texts(values.get(name, []))
    for name in ("trigger_jitter_s", "drift_ppm", "eeg_std_v", "tsnr_median"):
        if values.get(name) is not None:
            float(values[name])
    return dict(values)
