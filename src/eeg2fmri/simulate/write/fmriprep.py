"""Write what fMRIPrep would have made of a simulated recording under ``derivatives/fmriprep``.

Its registration is perfect: where a point of the template lies in a subject is known. Realignment is nearly so.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.core.random import generator
from eeg2fmri.simulate.head.anatomy import Grid, average, make_grid, template_voxels
from eeg2fmri.simulate.head.common_space import SPACE, TEMPLATE_HEAD, Registration, common_grid
from eeg2fmri.simulate.head.template import template
from eeg2fmri.simulate.recording.simultaneous import SimulatedRecording
from eeg2fmri.simulate.recording.study import Participant, Study
from eeg2fmri.simulate.write.bids import BIDS_VERSION, write_json, write_table
from eeg2fmri.simulate.write.confounds import brain_of, confounds
from eeg2fmri.simulate.write.images import write_bold, write_image
from eeg2fmri.simulate.write.names import Recording

FOLDER = Path("derivatives", "fmriprep")
#: Error of the estimated motion, mm (rotations: 0.01 of it in rad).
MOTION_ERROR_MM = 0.01


def write_description(root: Path) -> None:
    """Write what describes the derivatives as a whole."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    write_json(
        folder / "dataset_description.json",
        {
            "Name": "Simulated counterpart of fMRIPrep's derivatives",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "derivative",
            "License": "CC0",
            "GeneratedBy": [
                {
                    "Name": "eeg2fmri simulate",
                    "Version": __version__,
                    "Description": "Files as fMRIPrep names them; fMRIPrep itself was not run. Coordinates are those "
                    f"of the ICBM152 templates: {SPACE} and its symmetric sibling share them.",
                }
            ],
        },
    )


def tissues_on(grid: Grid) -> dict[str, np.ndarray]:
    """Fractions of grey matter, white matter and fluid in the voxels of a grid in common space: the same for all."""
    return _tissues(grid.shape, tuple(map(tuple, grid.affine.tolist())))


@functools.lru_cache(maxsize=2)
def _tissues(shape: tuple[int, int, int], affine: tuple[tuple[float, ...], ...]) -> dict[str, np.ndarray]:
    grid, anatomy = Grid(shape, np.array(affine)), template()
    voxels = template_voxels(TEMPLATE_HEAD, grid, anatomy, spacing=3.0)
    of = {"grey": anatomy.grey, "white": anatomy.white, "csf": anatomy.csf}
    return {name: average(values, voxels, grid.shape) for name, values in of.items()}


def write_anatomy(root: Path, participant: Participant, first: Recording, t1w: np.ndarray, source: Grid) -> None:
    """Write the T1-weighted image in the subject's and in common space, with masks and tissues."""
    folder = first.folder(root / FOLDER) / "anat"
    folder.mkdir(parents=True)
    size = float(source.affine[0, 0])
    grid = make_grid(source.shape, (size, size, size), (0.0, -18.0, 20.0))
    registered = Registration.of(participant.anatomy, grid).bring(t1w, source, order=1)
    tissues = tissues_on(grid)
    stem = f"{first.place}_space-{SPACE}"
    write_image(folder / f"{first.place}_desc-preproc_T1w.nii.gz", t1w, source.affine)
    write_image(folder / f"{stem}_desc-preproc_T1w.nii.gz", registered.round().astype(np.int16), grid.affine, "mni")
    for name, label in (("grey", "GM"), ("white", "WM"), ("csf", "CSF")):
        write_image(folder / f"{stem}_label-{label}_probseg.nii.gz", tissues[name], grid.affine, "mni")
    mask = brain_of(tissues).astype(np.uint8)
    write_image(folder / f"{stem}_desc-brain_mask.nii.gz", mask, grid.affine, "mni")
    for name in (f"{first.place}_desc-preproc_T1w", f"{stem}_desc-preproc_T1w"):
        write_json(folder / f"{name}.json", {"SkullStripped": False})
    write_json(folder / f"{stem}_desc-brain_mask.json", {"Type": "Brain"})


def write_run(
    root: Path, study: Study, participant: Participant, recording: Recording, simulated: SimulatedRecording
) -> None:
    """Write the BOLD of a recording in common space, its mask, its mean, and the confounds."""
    config, grid = study.config, common_grid(study.config)
    folder = recording.folder(root / FOLDER) / "func"
    folder.mkdir(parents=True, exist_ok=True)
    motion = _estimated(study, recording, simulated)
    registration = Registration.of(participant.anatomy, grid)
    volumes = np.empty((*grid.shape, config.volumes), np.int16)
    for v in range(config.volumes):
        moved = motion[v] if simulated.motion is not None else None
        volume = registration.bring(simulated.bold.data[..., v], participant.space.grid, moved)
        volumes[..., v] = np.rint(volume.clip(0, 32767))
    tissues = tissues_on(grid)
    stem = f"{recording.id}_space-{SPACE}"
    sidecar = {"TaskName": recording.task, "RepetitionTime": config.tr}
    write_bold(folder / f"{stem}_desc-preproc_bold.nii.gz", volumes, grid.affine, config, "mni")
    write_json(
        folder / f"{stem}_desc-preproc_bold.json", sidecar | {"SkullStripped": False, "SliceTimingCorrected": False}
    )
    mask = brain_of(tissues).astype(np.uint8)
    write_image(folder / f"{stem}_desc-brain_mask.nii.gz", mask, grid.affine, "mni")
    write_json(folder / f"{stem}_desc-brain_mask.json", {"Type": "Brain"})
    write_image(folder / f"{stem}_boldref.nii.gz", volumes.mean(axis=-1).astype(np.float32), grid.affine, "mni")
    columns, about = confounds(volumes, motion, tissues, config.tr)
    rows = zip(*([_cell(value) for value in column] for column in columns.values()), strict=True)
    write_table(folder / f"{recording.id}_desc-confounds_timeseries.tsv", tuple(columns), rows)
    write_json(folder / f"{recording.id}_desc-confounds_timeseries.json", about)


def _estimated(study: Study, recording: Recording, simulated: SimulatedRecording) -> np.ndarray:
    """Motion as a realignment finds it, (volume, 6)."""
    rng = generator(study.config.seed, "realignment", recording.id)
    error = MOTION_ERROR_MM * np.array([1, 1, 1, 0.01, 0.01, 0.01])
    found: np.ndarray = rng.standard_normal((study.config.volumes, 6)) * error
    return found if simulated.motion is None else found + simulated.motion


def _cell(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.8g}"
