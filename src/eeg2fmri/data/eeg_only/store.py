"""EEG-only recordings with a label for each subject: a BIDS folder to a store of signals.

The signal itself is kept, not a spectrogram: which windows and frequencies are needed depends on the synthesiser that
will look at them, and a covariance needs the phase. See `eeg2fmri.data.eeg_only.spectrogram` for what is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from eeg2fmri.core.config import Config
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import ConfigError, StoreError
from eeg2fmri.data.settings.eeg import ChannelType
from eeg2fmri.data.store.format import MANIFEST, META, content_problems, damaged, file_problems, read_manifest

FORMAT = "eeg2fmri EEG-only store"
VERSION = 2
SIGNAL = "signal.npy"
#: Files of every recording.
FILES = frozenset({SIGNAL, META})
#: Folder and files of what is true of simulated groups; not part of the data, and in no digest.
TRUTH, TRUTH_FILES = "truth", ("groups.json", "groups.npz")


class EegOnlyConfig(Config):
    """How EEG-only recordings become a store.

    Attributes
    ----------
    label : str
        Column of participants.tsv that is to be told from the EEG.
    label_from : {"participants", "session"}
        ``session``: the session of a recording is its class (``ses-hc``, ``ses-off``), and `label` is not used.
    classes : tuple of str
        Values of the label that are kept, in order; empty: all of them, sorted. The last of two is the positive one.
    channels : {"intersection", "same"}
        ``intersection``: the electrodes that all recordings have, by name; what is left out is reported. ``same``:
        every recording must have the same electrode names.
    exclude : tuple of str
        Channels to leave out of every recording.
    types : dict of str to str
        Type of channels by name or pattern (``EXG*: misc``); goes before what channels.tsv and the file say.
    channels_tsv, links
        See `eeg2fmri.data.settings.eeg.EegConfig`.
    montage : str
        Name of the MNE montage that has the electrodes; ``auto`` is the 10-05 system. Electrodes that it does not
        have are kept, but cannot take part in an interpolation.
    sfreq : float
        Recordings that were sampled faster are resampled to this rate, Hz; slower ones are kept as they are.
    """

    label: str = "group"
    label_from: Literal["participants", "session"] = "participants"
    classes: tuple[str, ...] = ()
    channels: Literal["intersection", "same"] = "intersection"
    exclude: tuple[str, ...] = ()
    types: dict[str, ChannelType] = Field(default_factory=dict)
    channels_tsv: Literal["use", "ignore"] = "use"
    links: Literal["header", "same name"] = "header"
    montage: str = "auto"
    sfreq: float = 250.0


@dataclass(frozen=True, eq=False)
class EegRecording:
    """What the store knows of one recording.

    Attributes
    ----------
    id : str
        Folder of the recording in the store.
    subject, session, task, run : str
        BIDS labels without prefix; empty where there is none.
    label : str
        Class of the subject.
    sfreq : float
        Of the stored signal, Hz.
    source_sfreq : float
        Of the file, Hz.
    n_samples : int
    participant : dict
        Row of participants.tsv.
    notes : tuple of str
        What was done to it.
    """

    id: str
    subject: str
    session: str
    task: str
    run: str
    label: str
    sfreq: float
    source_sfreq: float
    n_samples: int
    participant: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class EegStore:
    """EEG-only recordings on disk, opened read-only.

    Attributes
    ----------
    path : Path
    hash : str
        Of the settings and the content of the sources.
    config : EegOnlyConfig
    electrodes : tuple of str
    positions : array, shape (channel, 3)
        In the head frame of MNE, m; NaN where the montage does not have the electrode.
    classes : tuple of str
    recordings : tuple of EegRecording
    notes : tuple of str
    """

    path: Path
    hash: str
    config: EegOnlyConfig
    electrodes: tuple[str, ...]
    positions: np.ndarray
    classes: tuple[str, ...]
    recordings: tuple[EegRecording, ...]
    notes: tuple[str, ...]

    @classmethod
    def open(cls, path: str | PathLike[str]) -> EegStore:
        """Open a store and check that it is complete.

        Raises
        ------
        StoreError
            If it is absent, incomplete, damaged, or no EEG-only store.
        """
        path = Path(path)
        manifest = _read_manifest(path)
        try:
            entries = manifest["recordings"]
            problems = [one for entry in entries for one in file_problems(path / entry["id"], entry["files"], FILES)]
            if problems:
                raise StoreError.of(problems)
            return cls(
                path=path,
                hash=manifest["hash"],
                config=EegOnlyConfig.make(manifest["config"], where=str(path / MANIFEST)),
                electrodes=tuple(manifest["electrodes"]),
                positions=np.array(
                    [[np.nan] * 3 if place is None else place for place in manifest["positions"]], float
                ).reshape(-1, 3),
                classes=tuple(manifest["classes"]),
                recordings=tuple(_read_recording(path / entry["id"]) for entry in entries),
                notes=tuple(manifest["notes"]),
            )
        except ConfigError as error:
            raise damaged(path / MANIFEST, str(error)) from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(path / MANIFEST, f"{type(error).__name__}: {error}") from None

    def __fspath__(self) -> str:
        """Folder of the store: whatever takes the path of a store takes the store."""
        return fspath(self.path)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Subjects in the order of the recordings, each once."""
        return tuple(dict.fromkeys(recording.subject for recording in self.recordings))

    def truth(self) -> Path | None:
        """Folder with what is true of simulated groups; None where nothing is known."""
        folder = self.path / TRUTH
        return folder if all((folder / name).is_file() for name in TRUTH_FILES) else None

    def signal(self, recording: int) -> np.ndarray:
        """Read-only memory map of the EEG of a recording (channel, time), float32, V."""
        known = self.recordings[recording]
        file = self.path / known.id / SIGNAL
        try:
            array = np.load(file, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # a damaged header of an array raises SyntaxError and TokenError too
            raise damaged(file, str(error)) from None
        expected = (len(self.electrodes), known.n_samples)
        if array.shape != expected or array.dtype != np.float32:
            raise damaged(file, f"{array.shape} {array.dtype}, expected {expected} float32")
        return array

    def verify(self) -> None:
        """Read every file and compare its content with the digest taken when it was written.

        Raises
        ------
        StoreError
            Naming every file that has changed.
        """
        problems = [
            one
            for entry in _read_manifest(self.path)["recordings"]
            for one in content_problems(self.path / entry["id"], entry["files"], FILES)
        ]
        if problems:
            raise StoreError.of(problems)


def _read_manifest(path: Path) -> dict[str, Any]:
    return read_manifest(path, FORMAT, VERSION, "eeg2fmri prepare BIDS STORE --eeg-only --label COLUMN")


def _read_recording(folder: Path) -> EegRecording:
    try:
        meta = read_json(folder / META)
        return EegRecording(
            id=folder.name,
            **{key: str(meta[key]) for key in ("subject", "session", "task", "run", "label")},
            sfreq=float(meta["sfreq"]),
            source_sfreq=float(meta["source_sfreq"]),
            n_samples=int(meta["n_samples"]),
            participant=dict(meta["participant"]),
            notes=tuple(meta["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(folder / META, f"{type(error).__name__}: {error}") from None
