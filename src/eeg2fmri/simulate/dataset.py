"""Simulate a whole data set and write it as a BIDS folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eeg2fmri.core.deprecation import renamed_arguments
from eeg2fmri.core.disk.files import refuse_existing, whole_folder
from eeg2fmri.core.log import Verbose, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.anatomy import draw_t1w
from eeg2fmri.simulate.head.template import template
from eeg2fmri.simulate.recording.room import check_room
from eeg2fmri.simulate.recording.simultaneous import SimulatedRecording, simulate_recording
from eeg2fmri.simulate.recording.study import Cap, Participant, Study, make_participant, make_study, place_cap
from eeg2fmri.simulate.write import bids, fmriprep, images, physio, truth_files
from eeg2fmri.simulate.write.names import Recording, recordings_of, subject_labels


@renamed_arguments(since="0.1", removed="0.3", root="out")
@tells
def simulate_dataset(
    out: str | Path,
    config: SimulationConfig | Mapping[str, Any] | str | Path | None = None,
    progress: Progress = silent,
    verbose: Verbose = None,
) -> Path:
    """Simulate simultaneous EEG-fMRI and write it as a BIDS folder with its truth under ``derivatives/truth``.

    The data set is written beside `out` under a temporary name and renamed when it is complete, so that `out` is
    absent or complete.

    Parameters
    ----------
    out : path
        Folder that does not exist yet, or is empty.
    config : SimulationConfig, mapping or path, optional
        Settings, or a YAML or JSON file with them; the defaults are 4 subjects with 150 volumes of 64 x 64 x 30
        voxels and 64 electrodes.
    progress : Progress
        Told about every recording.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    InputError
        If `out` exists and is not an empty folder, or memory or disk have too little room.
    ConfigError
        If electrodes are not in the 10-05 system.

    Examples
    --------
    >>> config = {"subjects": 1, "volumes": 15, "grid": [6, 7, 5], "electrodes": 8, "regions": 4, "sfreq": 100}
    >>> simulate_dataset("simulated", config).name
    'simulated'
    """
    root = Path(out)
    refuse_existing(root)
    settings = SimulationConfig.take(config)
    labels = subject_labels(settings)
    check_room(root, settings, len(labels) * len(recordings_of(settings, labels[0])))
    study = make_study(settings)
    with whole_folder(root) as unfinished:
        _write(unfinished, study, progress)
    return root


def _write(root: Path, study: Study, progress: Progress) -> None:
    config = study.config
    recordings = [recording for label in subject_labels(config) for recording in recordings_of(config, label)]
    truth_files.write_group(root, study, recordings)
    if config.derivatives == "fmriprep":
        fmriprep.write_description(root)
    subjects = []
    participant, cap, worn = None, None, ""
    progress("Simulating", 0, len(recordings))
    for done, recording in enumerate(recordings, start=1):
        if participant is None or participant.subject.label != recording.subject:
            participant = make_participant(study, recording.subject)
            subjects.append(participant.subject)
            _write_anatomy(root, study, participant, recording)
        if cap is None or worn != recording.place:
            cap, worn = place_cap(study, participant.subject, recording.place), recording.place
        simulated = simulate_recording(study, participant, cap, recording.id)
        _write_recording(root, study, participant, cap, recording, simulated)
        progress("Simulating", done, len(recordings))
    bids.write_dataset_files(root, config, subjects)


def _write_anatomy(root: Path, study: Study, participant: Participant, first: Recording) -> None:
    """Write the subject's T1-weighted image, in the first session, and what is true of the subject."""
    config = study.config
    folder = first.folder(root) / "anat"
    folder.mkdir(parents=True)
    rng = generator(config.seed, "t1w", first.subject)
    image, grid = draw_t1w(participant.anatomy, template(), config.t1w_voxel_mm, rng)
    images.write_image(folder / f"{first.place}_T1w.nii.gz", image, grid.affine)
    bids.write_t1w_sidecar(folder / f"{first.place}_T1w.json")
    if config.derivatives == "fmriprep":
        fmriprep.write_anatomy(root, participant, first, image, grid)
    truth_files.write_subject(root, study, participant)


def _write_recording(
    root: Path,
    study: Study,
    participant: Participant,
    cap: Cap,
    recording: Recording,
    simulated: SimulatedRecording,
) -> None:
    config, clock, affine = study.config, study.clock, participant.space.grid.affine
    eeg, func = recording.folder(root) / "eeg", recording.folder(root) / "func"
    eeg.mkdir(parents=True, exist_ok=True)
    func.mkdir(parents=True, exist_ok=True)
    images.write_brainvision(eeg, recording.id, simulated.eeg, cap.electrodes.names, clock)
    bids.write_eeg_files(eeg, recording, config, cap.electrodes, clock, cap.reference)
    images.write_bold(func / f"{recording.id}_bold.nii.gz", simulated.bold.data, affine, config)
    bids.write_bold_sidecar(func, recording, config, clock, simulated.neural.task)
    if config.physio == "bids":
        physio.write_physio(func, recording, simulated.physiology, clock)
    if config.derivatives == "fmriprep":
        fmriprep.write_run(root, study, participant, recording, simulated)
    truth_files.write_recording(root, recording, simulated, cap, study.electrodes.names, affine)
