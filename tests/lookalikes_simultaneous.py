"""Small look-alikes of the public data sets of EEG with BOLD: their layout, formats, lengths, tables and traps.

Signals are noise whose place in time can be told: what is expected of a store is computed from them, not by
the package.
Nothing of the data sets themselves is here. Electrodes are a few of the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from scipy.signal import lfilter

from eeg2fmri.core.random import generator

#: Markers: type, description, time (s).
Markers = Iterable[tuple[str, str, float]]
ELECTRODES = ("Fz", "Cz", "Pz", "Oz")
GRID = (7, 8, 6)


@dataclass(frozen=True, eq=False)
class Written:
    """What was written of a recording.

    Attributes
    ----------
    eeg : array, shape (channel, time)
        V; of the electrodes.
    sfreq : float
        Hz.
    bold : array, shape (x, y, z, volume)
    """

    eeg: np.ndarray
    sfreq: float
    bold: np.ndarray

    def check(self, store: Any, index: int, first: int, at_s: float, every: int = 13) -> None:
        """Compare rows of a store with the samples from `at_s` on, where volume `first` was, and with the volumes."""
        recording = store.recordings[index]
        samples = round(store.tr * self.sfreq)
        for row in sorted({*range(0, recording.n_volumes, every), recording.n_volumes - 1}):
            at = round((at_s + row * store.tr) * self.sfreq)
            spectrum = np.abs(np.fft.rfft(self.eeg[:, at : at + samples]))[:, 1 : len(store.frequencies) + 1]
            np.testing.assert_allclose(store.eeg(index)[row], spectrum, rtol=2e-2, atol=2e-6)
            np.testing.assert_allclose(store.bold(index)[row], self.bold[..., first + row], rtol=1e-4)


def eeg(name: str, seconds: float, sfreq: float, channels: Sequence[str] = ELECTRODES) -> np.ndarray:
    """Noise of 10 uV, V, that is other in every recording and at every time: (channel, time)."""
    rng = generator(0, "samples", name)
    white = rng.standard_normal((len(channels), round(seconds * sfreq)), dtype=np.float32)
    return lfilter([1.0], [1.0, -0.9], white, axis=1) * 4.4e-6


def bold(path: Path, volumes: int, tr: float, *, sidecar: dict[str, Any] | None = None) -> np.ndarray:
    """An image of a head whose volumes all differ: (x, y, z, volume)."""
    places = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in GRID), indexing="ij"))
    head = np.where((places**2).sum(0) < 0.8, 1000.0, 20.0)
    noise = generator(0, "volumes", path.name).standard_normal((*GRID, volumes))
    values = (head[..., None] * (1 + 0.01 * noise)).astype(np.float32)
    image = nibabel.Nifti1Image(values, np.diag([-4.0, 4, 4, 1]))
    image.header.set_zooms((4, 4, 4, tr))
    image.header.set_xyzt_units("mm", "sec")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.to_filename(path)
    if sidecar is not None:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(sidecar))
    return values


def brainvision(
    path: Path, data: np.ndarray, names: Sequence[str], sfreq: float, markers: Markers, ext: str = ".eeg"
) -> None:
    """BrainVision by hand, with markers of any type; `path` names the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(ext).write_bytes((data * 1e6).T.astype("<f4").tobytes())
    head = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={path.stem}{ext}",
        f"MarkerFile={path.stem}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(names)}",
        f"SamplingInterval={1e6 / sfreq:g}",
        "[Binary Infos]",
        "BinaryFormat=IEEE_FLOAT_32",
        "[Channel Infos]",
        *(f"Ch{k}={name},,1,µV" for k, name in enumerate(names, 1)),
    ]
    path.write_text("\n".join(head) + "\n", encoding="utf-8")
    lines = ["Brain Vision Data Exchange Marker File, Version 1.0", "[Common Infos]", f"DataFile={path.stem}{ext}"]
    lines += ["[Marker Infos]", "Mk1=New Segment,,1,1,0"]
    placed = sorted((round(t * sfreq) + 1, kind, text) for kind, text, t in markers)
    inside = [each for each in placed if 1 <= each[0] <= data.shape[1]]
    lines += [f"Mk{k}={kind},{text},{at},1,0" for k, (at, kind, text) in enumerate(inside, 2)]
    path.with_suffix(".vmrk").write_text("\n".join(lines) + "\n", encoding="utf-8")


def description(root: Path, **more: Any) -> Path:
    """Write dataset_description.json."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "look-alike", "BIDSVersion": "1.2.0", **more}))
    return root


#: Of XP1 and XP2: TR, volumes, and seconds of the blocks, by task.
XP1 = {"motorloc": (2.0, 166, 320), "eegNF": (2.0, 210, 400), "MIpre": (2.0, 106, 200)}
XP2 = {"MIpre": (1.0, 332, 320), "1dNF": (1.0, 332, 320)}


def neurofeedback(
    root: Path, subject: str, task: str, plan: tuple[float, int, int], *, lasts_s: float, lead_s: float, **trap: Any
) -> Written:
    """A run of XP1 or XP2: blocks of S 99 (rest) and S 2 (task) of 20 s each, from 2 s after the first volume on.

    Parameters
    ----------
    plan : (float, int, int)
        TR (s), volumes, seconds of the blocks.
    lasts_s, lead_s : float
        Length of the cleaned EEG, and time of the first block in it: 0 where it is cut there, -40 at the second.
    trap : keyword arguments
        `stem` of the EEG, `run`, `lost` (blocks whose S 99 is missing), `earlier` (seconds before the scan at which
        another sequence of blocks was begun).
    """
    tr, volumes, blocks_s = plan
    run = f"_run-{trap['run']}" if "run" in trap else ""
    name = f"sub-{subject}_task-{task}{run}"
    starts = [(lead_s + t, t // 40) for t in range(0, blocks_s, 40)]
    if "earlier" in trap:
        starts = [(lead_s - trap["earlier"], 0), *starts]
    marked = [("Stimulus", "S 99", t) for t, block in starts if block not in trap.get("lost", ())]
    marked += [("Stimulus", "S  2", t + 20) for t, _ in starts]
    marked += [("Comment", "R", float(t)) for t in np.arange(0.4, lasts_s, 0.9)]  # heart beats
    data = eeg(name, lasts_s, 200.0)
    header = root / "derivatives" / f"sub-{subject}" / "eeg_pp" / f"{trap.get('stem', name)}_eeg_pp.vhdr"
    brainvision(header, data, ELECTRODES, 200.0, marked, ".dat")
    description(root)
    (root / f"task-{task}_channels.tsv").write_text("name   type   units\n'Fp9'   EEG   microV\n")
    volume = bold(root / f"sub-{subject}" / "func" / f"{name}_bold.nii.gz", volumes, tr)
    return Written(data, 200.0, volume)


def with_gradients(data: np.ndarray, sfreq: float, starts: Iterable[float], tr: float) -> np.ndarray:
    """Add the artefact of the gradients, the same at every volume and a hundred times the EEG."""
    shape = generator(0, "gradient").standard_normal(round(tr * sfreq)) * 1e-3
    found = data.copy()
    for start in starts:
        at = round(start * sfreq)
        found[:, at : at + len(shape)] += shape[: found.shape[1] - at]
    return found
