"""A small BIDS folder of simultaneous EEG-fMRI, independent of the simulator, that tests can damage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np
import pybv
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store


@dataclass
class BidsFolder:
    """Writes recordings; shapes are unequal so that swapped axes fail."""

    root: Path
    tr: float = 2.0
    sfreq: float = 100.0
    n_volumes: int = 17
    lead_in_s: float = 1.5
    shape: tuple[int, int, int] = (7, 6, 5)
    electrodes: tuple[str, ...] = ("Fz", "Cz", "Pz", "O1")
    affine: np.ndarray = field(
        default_factory=lambda: np.array([[-3.0, 0, 0, 40], [0, 3.5, 0, -20], [0, 0, 4, 10], [0, 0, 0, 1]])
    )

    def __post_init__(self) -> None:
        self.root.mkdir()
        facts = {"Name": "test", "BIDSVersion": "1.9.0", "DatasetType": "raw"}
        (self.root / "dataset_description.json").write_text(json.dumps(facts))

    def base(self, subject: str, datatype: str, extra: str = "") -> Path:
        """Path without suffix of a recording's files."""
        folder = self.root / f"sub-{subject}" / datatype
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"sub-{subject}_task-rest{extra}"

    def onset_samples(self) -> np.ndarray:
        """Sample of each volume marker."""
        return np.round((self.lead_in_s + np.arange(self.n_volumes) * self.tr) * self.sfreq).astype(int)

    def eeg_signal(self, subject: str, duration_s: float | None = None) -> np.ndarray:
        """Pink-ish noise of about 20 uV (channel, time), V, with one ECG channel at the end."""
        if duration_s is None:
            duration_s = self.lead_in_s + self.n_volumes * self.tr + 0.5
        rng = generator(0, "eeg", subject)
        return rng.standard_normal((len(self.electrodes) + 1, round(duration_s * self.sfreq))) * 2e-5

    def eeg(
        self,
        subject: str,
        *,
        signal: np.ndarray | None = None,
        markers: np.ndarray | None = None,
        name: str = "R128",
        names: tuple[str, ...] | None = None,
        extra: str = "",
        channels_tsv: bool = True,
    ) -> Path:
        """Write BrainVision and its sidecars."""
        signal = self.eeg_signal(subject) if signal is None else signal
        markers = self.onset_samples() if markers is None else markers
        names = (*self.electrodes, "ECG") if names is None else names
        base = self.base(subject, "eeg", extra)
        pybv.write_brainvision(
            data=signal,
            sfreq=self.sfreq,
            ch_names=list(names),
            fname_base=f"{base.name}_eeg",
            folder_out=base.parent,
            events=[
                {"onset": int(sample), "duration": 1, "description": name, "type": "Comment", "channels": "all"}
                for sample in markers
            ],
            fmt="binary_float32",
            overwrite=True,
        )
        facts = {"TaskName": "rest", "SamplingFrequency": self.sfreq}
        base.with_name(f"{base.name}_eeg.json").write_text(json.dumps(facts))
        if channels_tsv:
            rows = [f"{label}\t{'ECG' if label == 'ECG' else 'EEG'}\tµV\tgood" for label in names]
            text = "name\ttype\tunits\tstatus\n" + "\n".join(rows) + "\n"
            base.with_name(f"{base.name}_channels.tsv").write_text(text, encoding="utf-8")
        return base.with_name(f"{base.name}_eeg.vhdr")

    def volumes(self, subject: str) -> np.ndarray:
        """BOLD (x, y, z, volume): a bright brain on a dark ground, 1 % fluctuation."""
        rng = generator(0, "bold", subject)
        baseline = np.full(self.shape, 20.0)
        baseline[1:-1, 1:-1, 1:-1] = 1000 + 100 * rng.random(tuple(size - 2 for size in self.shape))
        noise = rng.standard_normal((*self.shape, self.n_volumes))
        return (baseline[..., None] * (1 + 0.01 * noise)).astype(np.float32)

    def bold(
        self,
        subject: str,
        *,
        volumes: np.ndarray | None = None,
        header_tr: float | None = None,
        sidecar: dict[str, object] | None = None,
        affine: np.ndarray | None = None,
        extra: str = "",
        extension: str = ".nii.gz",
    ) -> Path:
        """Write NIfTI and its sidecar."""
        volumes = self.volumes(subject) if volumes is None else volumes
        base = self.base(subject, "func", extra)
        image = nibabel.Nifti1Image(volumes, self.affine if affine is None else affine)
        image.header.set_xyzt_units("mm", "sec")
        if volumes.ndim == 4:
            image.header.set_zooms((*image.header.get_zooms()[:3], self.tr if header_tr is None else header_tr))
        path = base.with_name(f"{base.name}_bold{extension}")
        image.to_filename(path)
        facts = {"TaskName": "rest", "RepetitionTime": self.tr} if sidecar is None else sidecar
        base.with_name(f"{base.name}_bold.json").write_text(json.dumps(facts))
        return path

    def recording(self, subject: str) -> None:
        """Write both sides of a sound recording."""
        self.eeg(subject)
        self.bold(subject)


@pytest.fixture
def bids(tmp_path: Path) -> BidsFolder:
    """Give an empty BIDS folder."""
    return BidsFolder(tmp_path / "bids")


@pytest.fixture
def two(bids: BidsFolder) -> BidsFolder:
    """Give a BIDS folder with two sound recordings."""
    bids.recording("01")
    bids.recording("02")
    return bids


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a store of four subjects (two recordings of the last) made of arrays."""
    rng = generator(0, "store")
    names = [f"sub-0{k}_task-rest" for k in range(1, 4)] + ["sub-04_task-rest_run-1", "sub-04_task-rest_run-2"]
    baseline = 500 + 100 * rng.random((4, 5, 3))
    recordings = [
        RecordingArrays(
            name,
            eeg=rng.random((14 + k, 3, 6), np.float32) * 1e-3,
            bold=((baseline + 20 * k) * (1 + 0.01 * rng.standard_normal((14 + k, 4, 5, 3)))).astype(np.float32),
            mask=rng.random((4, 5, 3)) < 0.8,
        )
        for k, name in enumerate(names)
    ]
    return Store.open(
        write_store(
            tmp_path / "store",
            recordings,
            electrodes=["Fz", "Cz", "Pz"],
            frequencies=np.arange(1, 7) / 2.0,
            tr=2.0,
            affine=np.diag([3.0, 3.5, 4.0, 1.0]),
        )
    )
