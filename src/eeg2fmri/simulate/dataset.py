"""Simulate a whole data set and write it as a BIDS folder."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.simulate import bids, images, truth_files
from eeg2fmri.simulate.anatomy import draw_anatomy, draw_t1w, make_grid
from eeg2fmri.simulate.artefacts import add_artefacts
from eeg2fmri.simulate.bold import BoldSpace, make_space, simulate_bold
from eeg2fmri.simulate.clock import Clock, make_clock
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.eeg import Projection, project, simulate_eeg
from eeg2fmri.simulate.electrodes import Electrodes, place_electrodes
from eeg2fmri.simulate.envelopes import envelope_power
from eeg2fmri.simulate.forward import compute_gain
from eeg2fmri.simulate.haemodynamics import drive, regional_bold, responses
from eeg2fmri.simulate.names import Recording, recordings_of, subject_labels
from eeg2fmri.simulate.physiology import draw_motion, draw_physiology
from eeg2fmri.simulate.sources import Parcels, parcels
from eeg2fmri.simulate.subject import Group, Subject, draw_group, draw_subject
from eeg2fmri.simulate.template import template

#: Scatter of electrode positions from session to session, m (Atcherson et al., Brain Topogr 20, 2007: some mm).
PLACEMENT_M = 0.004


@dataclass(frozen=True)
class Study:
    """What all recordings of a data set share."""

    config: SimulationConfig
    sources: Parcels
    electrodes: Electrodes
    group: Group
    clock: Clock


def simulate_dataset(root: str | Path, config: SimulationConfig | None = None, progress: Progress = silent) -> Path:
    """Simulate simultaneous EEG-fMRI and write it as a BIDS folder with its truth under ``derivatives/truth``.

    The data set is written beside `root` under a temporary name and renamed when it is complete.

    Parameters
    ----------
    root : path
        Folder that does not exist yet, or is empty.
    config : SimulationConfig, optional
        All settings.
    progress : Progress
        Told about every recording.

    Returns
    -------
    Path
        `root`.

    Raises
    ------
    InputError
        If `root` exists and is not an empty folder.
    ConfigError
        If electrodes are not in the 10-05 system.
    """
    root = Path(root)
    config = config if config is not None else SimulationConfig()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(
            "the output exists already",
            where=str(root),
            expected="a path that does not exist, or an empty folder",
            hint="choose another path, or remove this one first",
        )
    study = make_study(config)
    root.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        _write(unfinished, study, progress)
        if root.exists():
            root.rmdir()
        unfinished.chmod(0o755)
        unfinished.rename(root)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return root


def make_study(config: SimulationConfig) -> Study:
    """Set up what all recordings share."""
    electrodes = place_electrodes(config.electrodes, config.reference)
    sources = parcels(config.regions)
    return Study(config, sources, electrodes, draw_group(config, sources), make_clock(config))


def _write(root: Path, study: Study, progress: Progress) -> None:
    config = study.config
    labels = subject_labels(config)
    everyone = [recordings_of(config, label) for label in labels]
    total, done = sum(map(len, everyone)), 0
    subjects = []
    truth_files.write_group(root, study.config, study.sources, study.group, study.clock, everyone)
    for label, recordings in zip(labels, everyone, strict=True):
        progress("Simulating", done, total)
        subject = draw_subject(config, study.sources, study.group, label)
        subjects.append(subject)
        space = _write_anatomy(root, study, label, recordings[0])
        truth_files.write_subject(root, subject, space)
        projections: dict[str, tuple[np.ndarray, Projection]] = {}
        for recording in recordings:
            if recording.place not in projections:
                projections[recording.place] = _place_cap(study, subject, recording.place)
            _write_recording(root, study, subject, space, recording, *projections[recording.place])
            done += 1
            progress("Simulating", done, total)
    bids.write_dataset_files(root, config, subjects)


def _write_anatomy(root: Path, study: Study, label: str, first: Recording) -> BoldSpace:
    """Write the T1-weighted image of a subject and lay its BOLD grid."""
    config = study.config
    anatomy = draw_anatomy(config.seed, label)
    rng = generator(config.seed, "image", label)
    folder = first.folder(root) / "anat"
    folder.mkdir(parents=True)
    image, t1w_grid = draw_t1w(anatomy, template(), config.t1w_voxel_mm, rng)
    images.write_image(folder / f"{first.place}_T1w.nii.gz", image, t1w_grid.affine)
    bids.write_t1w_sidecar(folder / f"{first.place}_T1w.json")
    centre = np.round(np.array([0.0, -18.0, 8.0]) + rng.normal(0, 1.5, 3), 1)
    grid = make_grid(config.grid, config.voxel_size_mm(), (float(centre[0]), float(centre[1]), float(centre[2])))
    return make_space(anatomy, grid, template(), study.sources, rng)


def _place_cap(study: Study, subject: Subject, place: str) -> tuple[np.ndarray, Projection]:
    """Put the cap on for a session: true positions, m, and how activity reaches them."""
    rng = generator(study.config.seed, "cap", place)
    nominal = study.electrodes.positions
    positions = nominal + rng.normal(0, PLACEMENT_M, nominal.shape)
    gain = compute_gain(study.electrodes, positions, study.sources)
    return positions, project(gain, subject, study.config.eeg, study.electrodes.mni_to_head)


def _write_recording(
    root: Path,
    study: Study,
    subject: Subject,
    space: BoldSpace,
    recording: Recording,
    positions: np.ndarray,
    projection: Projection,
) -> None:
    config, clock, seed, name = study.config, study.clock, study.config.seed, recording.id
    physiology = draw_physiology(subject, clock, generator(seed, "physiology", name))
    power = _power(study, generator(seed, "envelopes", name))
    coupling = config.coupling * study.group.coupled
    hrf = responses(subject.delay)
    visible = drive(power, subject.weights) * coupling[:, None]
    hidden = drive(_power(study, generator(seed, "hidden envelopes", name)), subject.weights)
    from_eeg = regional_bold(visible, hrf, subject.gain)
    regional = from_eeg + regional_bold(hidden * np.sqrt(1 - coupling**2)[:, None], hrf, subject.gain)

    eeg = simulate_eeg(projection, power, subject, config.eeg, clock, generator(seed, "eeg", name))
    rng = generator(seed, "artefacts", name)
    add_artefacts(eeg, positions, physiology.beats, config.eeg, clock, config.tr, rng)
    folder = recording.folder(root) / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    images.write_brainvision(folder, name, eeg, study.electrodes.names, clock)
    bids.write_eeg_files(folder, recording, config, study.electrodes, clock)

    motion = None
    if config.bold.motion:
        motion = draw_motion(config.volumes, config.bold.motion, generator(seed, "motion", name))
    # Truth is kept in single precision; the data are made from what is kept.
    regional, from_eeg = regional.astype(np.float32), from_eeg.astype(np.float32)
    run = simulate_bold(space, regional, physiology, motion, config.bold, clock, seed, name)
    folder = recording.folder(root) / "func"
    folder.mkdir(parents=True, exist_ok=True)
    images.write_bold(folder / f"{name}_bold.nii.gz", run.data, space.grid.affine, config)
    bids.write_bold_sidecar(folder, recording, config, clock)
    truth_files.write_recording(
        root, recording, power, regional, from_eeg, projection, positions, motion, run.explainable, space.grid.affine
    )


def _power(study: Study, rng: np.random.Generator) -> np.ndarray:
    """Envelope power of every region and band, (region, band, time)."""
    n_times = len(study.clock.envelopes)
    return np.stack([envelope_power(mixing, n_times, rng) for mixing in study.group.mixing], axis=1)
