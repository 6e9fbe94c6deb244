"""Write pulse and breathing beside a BOLD run as BIDS has them: ``_physio.tsv.gz`` and its JSON."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.physiology import Physiology
from eeg2fmri.simulate.write.bids import write_json
from eeg2fmri.simulate.write.names import Recording

#: Samples per second.
SFREQ = 50.0


def write_physio(folder: Path, recording: Recording, physiology: Physiology, clock: Clock) -> None:
    """Write the pulse wave, the breathing belt, and the trigger of each volume.

    Parameters
    ----------
    folder : Path
        ``func`` of the recording.
    recording : Recording
    physiology : Physiology
        A heartbeat, or the start of a breath, at every multiple of 2 pi of a phase.
    clock : Clock
        Samples go from the first of the EEG to the last.
    """
    n_samples = int(clock.n_samples / clock.sfreq * SFREQ)
    times = clock.first_sample + np.arange(n_samples) / SFREQ

    def at(course: np.ndarray) -> np.ndarray:
        return np.interp(times, clock.envelopes, course)

    pulse = np.exp(5 * (np.cos(at(physiology.heart)) - 1))  # a narrow peak once a beat
    belt = -np.cos(at(physiology.breathing)) * np.exp(0.3 * at(physiology.vascular))
    trigger = np.zeros(n_samples, int)
    trigger[np.round((clock.volumes - clock.first_sample) * SFREQ).astype(int)] = 1
    rows = (f"{a:.5f}\t{b:.5f}\t{c}\n" for a, b, c in zip(pulse, belt, trigger, strict=True))
    stem = folder / f"{recording.id}_physio"
    with (
        stem.with_name(stem.name + ".tsv.gz").open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,  # no name, no time: the same bytes
    ):
        packed.write("".join(rows).encode())
    write_json(
        stem.with_name(stem.name + ".json"),
        {
            "SamplingFrequency": SFREQ,
            "StartTime": clock.first_sample,
            "Columns": ["cardiac", "respiratory", "trigger"],
            "cardiac": {"Description": "Simulated pulse wave", "Units": "a.u."},
            "respiratory": {"Description": "Simulated breathing belt", "Units": "a.u."},
            "trigger": {"Description": "1 at the start of each volume", "Units": "arbitrary"},
        },
    )
