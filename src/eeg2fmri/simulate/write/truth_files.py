"""Write what is true of a simulated data set under ``derivatives/truth``; `eeg2fmri.simulate.write.truth` reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.simulate.head.common_space import SPACE, common_atlas, common_grid
from eeg2fmri.simulate.recording.simultaneous import SimulatedRecording
from eeg2fmri.simulate.recording.study import Cap, Participant, Study
from eeg2fmri.simulate.worlds.catalogue import POWERS
from eeg2fmri.simulate.write.bids import BIDS_VERSION, write_json
from eeg2fmri.simulate.write.images import write_image
from eeg2fmri.simulate.write.names import Recording

FOLDER = Path("derivatives", "truth")
FORMAT = 1
#: Regions in common space, where there are derivatives in it; as `RecordingTruth.atlas` has them.
COMMON_ATLAS = Path("group", f"space-{SPACE}_atlas.nii.gz")


def write_group(root: Path, study: Study, recordings: list[Recording]) -> None:
    """Write settings, recordings and what subjects share."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    write_json(
        folder / "dataset_description.json",
        {
            "Name": "Truth of simulated simultaneous EEG-fMRI",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "eeg2fmri simulate", "Version": __version__}],
        },
    )
    write_json(
        folder / "truth.json",
        {
            "format": FORMAT,
            "config": study.config.model_dump(mode="json"),
            "bands": [{"name": r.name, "low_hz": r.low, "high_hz": r.high} for r in study.world.rhythms],
            "recordings": [
                {"id": r.id, "subject": r.subject, "session": r.session, "task": r.task, "run": r.run}
                for r in recordings
            ],
            **({} if study.world is POWERS else {"bold_follows": study.world.follows}),
        },
    )
    if study.config.derivatives == "fmriprep":
        (folder / "group").mkdir()
        atlas = common_atlas(study.config, study.sources)
        write_image(folder / COMMON_ATLAS, atlas, common_grid(study.config).affine, "mni")
    _save(
        folder / "group",
        region_centres=study.sources.centres,
        coupled=study.group.coupled,
        weights=study.group.weights,
        delay=study.group.delay,
        times=study.clock.envelopes,
        **_beyond_powers(study, stretch=study.group.stretch, source=study.group.source),
    )


def _beyond_powers(study: Study, **arrays: np.ndarray) -> dict[str, np.ndarray]:
    """Keep what a world has beside that of powers, whose files have always been the same."""
    return {} if study.world is POWERS else arrays


def write_subject(root: Path, study: Study, participant: Participant) -> None:
    """Write a subject's coupling, responses and anatomy."""
    subject, space = participant.subject, participant.space
    folder = root / FOLDER / f"sub-{subject.label}" / "subject"
    _save(
        folder,
        weights=subject.weights,
        delay=subject.delay,
        gain=subject.gain,
        peak=subject.peak,
        **_beyond_powers(study, stretch=subject.stretch),
        voxel_indptr=space.weights.indptr.astype(np.int64),
        voxel_region=space.weights.indices.astype(np.int32),
        voxel_weight=space.weights.data.astype(np.float32),
    )
    largest = np.zeros(space.weights.shape[0], np.int16)
    filled = np.flatnonzero(np.diff(space.weights.indptr))
    largest[filled] = space.weights[filled].argmax(axis=1).ravel() + 1
    grey = space.grey.ravel() > 0.3
    atlas = np.where(grey, largest, 0).astype(np.int16).reshape(space.grid.shape)
    write_image(folder / "atlas.nii.gz", atlas, space.grid.affine)
    write_image(folder / "baseline.nii.gz", space.baseline, space.grid.affine)
    write_image(folder / "grey.nii.gz", space.grey, space.grid.affine)


def write_recording(
    root: Path,
    recording: Recording,
    simulated: SimulatedRecording,
    cap: Cap,
    electrodes: tuple[str, ...],
    affine: np.ndarray,
) -> None:
    """Write envelopes, regional BOLD, lead field and explainable fraction of a recording.

    The names of its electrodes are written where they are not the `electrodes` of the study.
    """
    folder = root / FOLDER / f"sub-{recording.subject}" / recording.id
    _save(
        folder,
        power=simulated.neural.power,
        regional_bold=simulated.neural.bold,
        regional_bold_from_eeg=simulated.neural.bold_from_eeg,
        lead_field=cap.projection.lead_field,
        moment=cap.projection.moment,
        background=cap.projection.background,
        electrode_positions=cap.positions,
    )
    beside = {"motion": simulated.motion, "synchrony": simulated.neural.synchrony}
    for name, array in beside.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)
    if cap.electrodes.names != electrodes:
        write_json(folder / "electrodes.json", {"names": list(cap.electrodes.names)})
    write_image(folder / "explainable.nii.gz", simulated.bold.explainable, affine)


def _save(folder: Path, **arrays: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
