"""BIDS files around the data: data set, participants, sidecars, events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from eeg2fmri import __version__
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.electrodes import Electrodes
from eeg2fmri.simulate.neural.courses import Task
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.subject import Subject
from eeg2fmri.simulate.worlds.catalogue import POWERS, WORLDS
from eeg2fmri.simulate.write.names import Recording

BIDS_VERSION = "1.9.0"

_MACHINE = {"Manufacturer": "Simulated", "ManufacturersModelName": "eeg2fmri simulate", "SoftwareVersions": __version__}


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write one JSON object, indented."""
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write tab-separated values with a header line."""
    lines = ["\t".join(header), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_dataset_files(root: Path, config: SimulationConfig, subjects: Sequence[Subject]) -> None:
    """Write what describes the data set as a whole."""
    write_json(
        root / "dataset_description.json",
        {
            "Name": "Simulated simultaneous EEG-fMRI",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "License": "CC0",
            "Authors": ["eeg2fmri"],
            "HowToAcknowledge": "Simulated data: no person was recorded.",
            "GeneratedBy": [{"Name": "eeg2fmri simulate", "Version": __version__}],
        },
    )
    text = _README.format(coupling=config.coupling, seed=config.seed)
    if config.world != POWERS.name:
        text += f"World {config.world}: BOLD follows {WORLDS[config.world].follows}.\n"
    (root / "README").write_text(text, encoding="utf-8")
    write_table(
        root / "participants.tsv",
        ("participant_id", "age", "sex"),
        [(f"sub-{s.label}", s.age, s.sex) for s in subjects],
    )
    write_json(
        root / "participants.json",
        {
            "age": {"Description": "Age of the simulated participant", "Units": "year"},
            "sex": {"Description": "Sex of the simulated participant", "Levels": {"F": "female", "M": "male"}},
        },
    )


def _task_description(config: SimulationConfig) -> str:
    course = WORLDS[config.world].course
    return f"Simulated {course} of a task" if course in ("blocks", "events") else "Simulated rest"


_README = """Simulated simultaneous EEG-fMRI, made by eeg2fmri. No person was recorded.

EEG rhythms of grey matter regions reach the electrodes through a spherical head model; the power of their envelopes,
convolved with a haemodynamic response, drives the BOLD signal of the same regions. Coupling between the modalities:
{coupling} of 1. Seed: {seed}. What is true of these data lies under derivatives/truth.
"""


def write_eeg_files(
    folder: Path,
    recording: Recording,
    config: SimulationConfig,
    electrodes: Electrodes,
    clock: Clock,
    reference: str | None = None,
) -> None:
    """Write the sidecars of one EEG file: eeg.json, channels.tsv, events, electrodes.tsv, coordsystem.json.

    The `reference` is that of the settings unless another is given.
    """
    reference = reference or config.reference
    duration = round(clock.n_samples / clock.sfreq, 6)
    write_json(
        folder / f"{recording.id}_eeg.json", _eeg_sidecar(recording, config, len(electrodes.names), reference, duration)
    )
    write_table(
        folder / f"{recording.id}_channels.tsv",
        ("name", "type", "units", "sampling_frequency", "low_cutoff", "high_cutoff", "reference", "status"),
        [(n, "EEG", "µV", config.sfreq, 0.016, config.sfreq / 2, reference, "good") for n in electrodes.names],
    )
    write_table(
        folder / f"{recording.id}_events.tsv",
        ("onset", "duration", "trial_type", "value", "sample"),
        [(f"{s / clock.sfreq:.6f}", "0.0", "Response/R128", 128, s) for s in clock.marker_samples()],
    )
    write_json(folder / f"{recording.id}_events.json", _EVENTS)
    _write_electrodes(folder, recording.place, electrodes)


def _eeg_sidecar(
    recording: Recording, config: SimulationConfig, n_electrodes: int, reference: str, duration: float
) -> dict[str, Any]:
    return {
        "TaskName": recording.task,
        "TaskDescription": _task_description(config),
        "Instructions": "n/a",
        **_MACHINE,
        "CapManufacturer": "Simulated",
        "CapManufacturersModelName": "10-05 positions",
        "SamplingFrequency": config.sfreq,
        "PowerLineFrequency": 50,
        "EEGReference": reference,
        "EEGGround": "n/a",
        "EEGPlacementScheme": "10-05",
        "SoftwareFilters": "n/a",
        "HardwareFilters": {"HighPass": {"TimeConstant (s)": 10}},
        "EEGChannelCount": n_electrodes,
        "EOGChannelCount": 0,
        "ECGChannelCount": 0,
        "EMGChannelCount": 0,
        "MISCChannelCount": 0,
        "TriggerChannelCount": 0,
        "RecordingDuration": duration,
        "RecordingType": "continuous",
    }


_EVENTS = {
    "onset": {"Description": "Start of the acquisition of a BOLD volume, from the first EEG sample", "Units": "s"},
    "duration": {"Description": "A marker has none", "Units": "s"},
    "trial_type": {"Description": "Kind of event", "Levels": {"Response/R128": "volume marker of the scanner"}},
    "value": {"Description": "Code of the marker in the recording"},
    "sample": {"Description": "Sample of the EEG, from 0"},
}


def _write_electrodes(folder: Path, place: str, electrodes: Electrodes) -> None:
    """Write where the electrodes are, and in which coordinates."""
    write_table(
        folder / f"{place}_space-CapTrak_electrodes.tsv",
        ("name", "x", "y", "z", "type"),
        [
            (n, *(f"{v:.6f}" for v in xyz), "ring")
            for n, xyz in zip(electrodes.names, electrodes.positions, strict=True)
        ],
    )
    write_json(
        folder / f"{place}_space-CapTrak_coordsystem.json",
        {
            "EEGCoordinateSystem": "CapTrak",
            "EEGCoordinateUnits": "m",
            "EEGCoordinateSystemDescription": "Origin between the ears; x to the right ear, y to the nose, z up. "
            "Nominal 10-05 positions, not digitised.",
            "AnatomicalLandmarkCoordinates": {
                name: [round(float(v), 6) for v in xyz] for name, xyz in electrodes.landmarks.items()
            },
            "AnatomicalLandmarkCoordinateSystem": "CapTrak",
            "AnatomicalLandmarkCoordinateUnits": "m",
            "AnatomicalLandmarkCoordinateSystemDescription": "As of the electrodes",
        },
    )


def write_bold_sidecar(
    folder: Path, recording: Recording, config: SimulationConfig, clock: Clock, task: Task | None = None
) -> None:
    """Write bold.json and, for tasks other than rest, the events that BIDS asks for."""
    order = {"interleaved": "interleaved", "ascending": "sequential ascending", "descending": "sequential descending"}
    sidecar = {
        "TaskName": recording.task,
        "TaskDescription": _task_description(config),
        "Instructions": "n/a",
        **_MACHINE,
        "MagneticFieldStrength": 3,
        "ScanningSequence": "EP",
        "MRAcquisitionType": "2D",
        "RepetitionTime": config.tr,
        "EchoTime": 0.03,
        "FlipAngle": 90,
        "PulseSequenceType": f"gradient echo EPI, {order[config.slice_order]}",
        "SliceEncodingDirection": "k",
        "SliceTiming": [float(t) for t in clock.slices],
        "PhaseEncodingDirection": "j",
        "MultibandAccelerationFactor": config.multiband,
        "NumberOfVolumesDiscardedByScanner": 0,
        "NumberOfVolumesDiscardedByUser": 0,
    }
    write_json(folder / f"{recording.id}_bold.json", sidecar)
    if "rest" not in recording.task.lower():
        duration = round(config.volumes * config.tr, 6)
        events = [(0.0, duration, recording.task)]
        if task is not None:
            seen = task.onsets[(task.onsets >= 0) & (task.onsets < duration)]
            events = [(round(float(onset), 3), task.duration, recording.task) for onset in seen]
        write_table(folder / f"{recording.id}_events.tsv", ("onset", "duration", "trial_type"), events)


def write_t1w_sidecar(path: Path) -> None:
    """Write T1w.json."""
    write_json(path, {**_MACHINE, "MagneticFieldStrength": 3})
