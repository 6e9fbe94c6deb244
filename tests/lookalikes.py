"""Small look-alikes of the public data sets of EEG alone: their layout, format, channels and traps.

Signals are given by the caller, or noise; nothing of the data sets themselves is here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pybv

from eeg2fmri.core.random import generator

#: Gives the signal of a recording (channel, time), V, of its name, channels, and number of samples.
Signal = Callable[[str, Sequence[str], int], np.ndarray]

#: 19 electrodes of ds004504, by their old names.
TEN_TWENTY = "Fp1 F3 C3 P3 O1 F7 T3 T5 Fz Fp2 F4 C4 P4 O2 F8 T4 T6 Cz Pz".split()  # noqa: SIM905
#: 32 electrodes of a BioSemi cap with names of the 10-20 system, as ds002778 has.
BIOSEMI_32 = (  # noqa: SIM905
    "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz O2 PO4 P4 P8 CP6 CP2 C4 T8 FC6 FC2 F4 F8 AF4 Fp2 Fz Cz"
).split()
#: 128 electrodes of a BioSemi cap with names of its own, as ds004000 has.
BIOSEMI_128 = [f"{letter}{number}" for letter in "ABCD" for number in range(1, 33)]


def noise(name: str, channels: Sequence[str], n_samples: int) -> np.ndarray:
    """White noise of 20 uV, other in every recording."""
    return generator(0, "look-alike", name).standard_normal((len(channels), n_samples)) * 2e-5


def description(root: Path, **more: Any) -> None:
    """Write dataset_description.json."""
    root.mkdir(parents=True, exist_ok=True)
    facts = {"Name": "look-alike", "BIDSVersion": "1.2.1", "License": "CC0", **more}
    (root / "dataset_description.json").write_text(json.dumps(facts))


def alzheimer(
    root: Path, groups: Mapping[str, str], written: Any, *, signal: Signal = noise, seconds: float = 6
) -> Path:
    """Ds004504: EEGLAB, 19 electrodes with old names at 500 Hz, column Group, copies under derivatives.

    Parameters
    ----------
    root : Path
    groups : mapping
        A, C or F of each subject's label.
    written : module
        The fixture `written_eeg`.
    """
    description(root, BIDSVersion="v1.2.1")
    rows = [f"sub-{subject}\tF\t60\t{group}\t20" for subject, group in groups.items()]
    (root / "participants.tsv").write_text("participant_id\tGender\tAge\tGroup\tMMSE\n" + "\n".join(rows) + "\n")
    for subject in groups:
        name = f"sub-{subject}_task-eyesclosed"
        folder = root / f"sub-{subject}" / "eeg"
        folder.mkdir(parents=True)
        data = signal(name, TEN_TWENTY, round(500 * seconds))
        file = written.write_eeglab(folder / f"{name}_eeg.set", data, TEN_TWENTY, 500.0)
        lines = ["name\ttype\tunits", *(f"{channel}\tEEG\tmicroV" for channel in TEN_TWENTY)]
        (folder / f"{name}_channels.tsv").write_text("\n".join(lines) + "\n")
        copy = root / "derivatives" / f"sub-{subject}" / "eeg"
        copy.mkdir(parents=True)
        shutil.copy(file, copy)
    return root


def parkinson(
    root: Path,
    controls: Sequence[str],
    patients: Sequence[str],
    written: Any,
    *,
    signal: Signal = noise,
    seconds: float = 6,
) -> Path:
    """Ds002778: BDF of 41 channels at 512 Hz, 8 of them called EEG that are none, groups told by sessions alone."""
    description(root, BIDSVersion="1.2.2")
    names = [*(f"hc{label}" for label in controls), *(f"pd{label}" for label in patients)]
    (root / "participants.tsv").write_text(
        "participant_id\tgender\tage\n" + "".join(f"sub-{name}\tf\t60\n" for name in names)
    )
    external = [f"EXG{number}" for number in range(1, 9)]
    for name in names:
        for session in ("hc",) if name.startswith("hc") else ("off", "on"):
            stem = f"sub-{name}_ses-{session}_task-rest"
            folder = root / f"sub-{name}" / f"ses-{session}" / "eeg"
            folder.mkdir(parents=True)
            scalp = signal(stem, BIOSEMI_32, round(512 * seconds))
            data = np.vstack([scalp, noise(f"{stem} external", external, scalp.shape[1]) * 3])
            status = np.zeros(scalp.shape[1], np.int64)
            status[700:710] = 1
            channels = [*BIOSEMI_32, *external]
            written.write_edf(folder / f"{stem}_eeg.bdf", data, channels, 512, bdf=True, status=status)
            lines = ["name\ttype\tunits", *(f"{channel}\tEEG\tuV" for channel in channels), "Status\tTRIG\tn/a"]
            (folder / f"{stem}_channels.tsv").write_text("\n".join(lines) + "\n")
            facts = {"TaskName": "rest", "SamplingFrequency": 512.0, "EEGChannelCount": 40, "TriggerChannelCount": 1}
            (folder / f"{stem}_eeg.json").write_text(json.dumps(facts))
    return root


def schizophrenia(root: Path, groups: Mapping[str, str], *, signal: Signal = noise, seconds: float = 3) -> Path:
    """Ds004000: BrainVision of 132 channels at 2048 Hz with BioSemi's names, two tasks a subject; 042 was renamed.

    There is no table of channels: ``electrodes.tsv`` names them, without a place for the external ones.
    """
    description(root, BIDSVersion="v1.6.0", Name="Unnamed Dataset")
    rows = [f"sub-{subject}\t{group}" for subject, group in groups.items()]
    (root / "participants.tsv").write_text("participant_id\tgroup\n" + "\n".join(rows) + "\n")
    external = ["EXG1", "EXG2", "EXG7", "EXG8"]
    places = mne.channels.make_standard_montage("biosemi128").get_positions()["ch_pos"]
    for subject in groups:
        folder = root / f"sub-{subject}" / "eeg"
        folder.mkdir(parents=True)
        lines = ["name\tx\ty\tz", *("\t".join([name, *map(str, places[name])]) for name in BIOSEMI_128)]
        lines += [f"{channel}\tn/a\tn/a\tn/a" for channel in external]
        (folder / f"sub-{subject}_electrodes.tsv").write_text("\n".join(lines) + "\n")
        for task in ("proposer", "responder"):
            stem = f"sub-{subject}_task-{task}_run-1"
            scalp = signal(stem, BIOSEMI_128, round(2048 * seconds))
            pybv.write_brainvision(
                data=np.vstack([scalp, noise(f"{stem} external", external, scalp.shape[1]) * 3]),
                sfreq=2048,
                ch_names=[*BIOSEMI_128, *external],
                fname_base=f"{stem}_eeg",
                folder_out=folder,
                fmt="binary_float32",
            )
            if subject == "042":
                header = folder / f"{stem}_eeg.vhdr"
                text = header.read_text(encoding="utf-8")
                header.write_text(text.replace(f"={stem}_eeg.", f"=019_{task[0].upper()}1."), encoding="utf-8")
    return root
