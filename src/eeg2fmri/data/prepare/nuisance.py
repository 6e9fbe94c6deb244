"""Collect what is recorded of a run beside EEG and BOLD: motion, task, pulse and breathing, one row a volume.

It is stored so that an evaluation can ask whether a score is something else than the activity of the brain. Nothing of
it changes EEG or BOLD. What is there and cannot be used is told, and does not stop the preparing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.events import event_regressors, read_events
from eeg2fmri.data.bids.physio import PhysioSignal, physio_files, read_physio
from eeg2fmri.data.bids.sidecars import bids_root, entities, sidecars
from eeg2fmri.data.bold.regressors import OF_IMAGE, TABLES, beside, read_confounds
from eeg2fmri.data.eeg.heart_beats import heart_beats
from eeg2fmri.data.eeg.read_samples import read_samples
from eeg2fmri.data.features.physiology import heart_rate, of_volumes, pulse_beats, respiration_volume
from eeg2fmri.data.prepare.check_recording import Plan
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.choose_marker import has_volume_marker

if TYPE_CHECKING:
    import mne

#: Rigid motion as fMRIPrep writes it: mm and rad.
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
#: Entries in the events of an EEG file that are no stimuli.
_TECHNICAL = ("new segment", "boundary", "sync", "comment", "status")


@dataclass(eq=False)
class NuisanceTable:
    """Columns of numbers, one a volume.

    Attributes
    ----------
    columns : dict of name to array, shape (volume,)
    sources : list of Path
        Files that it was made of, beside those of EEG and BOLD.
    notes : list of str
        What was there and could not be used.
    no_heart_rate : str
        Why there is no heart rate although there is an ECG; empty otherwise.
    """

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    sources: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    no_heart_rate: str = ""

    def attempt(self, read: Callable[[], dict[str, np.ndarray]], *files: Path) -> None:
        """Add the columns that `read` gives of some files, or say why they are left out."""
        try:
            found = {name: values for name, values in read().items() if np.ptp(values) > 0}
        except InputError as error:
            problem = error.problems[0]
            # names alone: a store says the same wherever its data set is
            self.notes.append(f"not used as a control: {problem.what} ({Path(problem.where).name}: {problem.got})")
            return
        self.columns |= found
        if found:
            self.sources += files

    def array(self) -> np.ndarray:
        """Give all columns as (volume, regressor)."""
        return np.stack(list(self.columns.values()), axis=1)


def nuisance_table(plan: Plan, config: PrepareConfig, raw: mne.io.BaseRaw | None) -> NuisanceTable:
    """Collect what is recorded beside EEG and BOLD of a recording of a BIDS folder.

    Columns are ``trans_x`` to ``rot_z`` (mm, rad) of fMRIPrep's confounds; ``task_<kind>_1`` to ``_3`` of the events of
    the run, or else of the EEG; ``heart_rate`` (beats per minute), ``respiration_volume`` and ``respiration`` of
    ``_physio.tsv.gz``; ``heart_rate`` (if there is none yet), ``ecg_power`` and ``eog_power`` (log V^2) of channels of
    the EEG file.

    Parameters
    ----------
    plan : Plan
    config : PrepareConfig
        With a `layout`, names of files say nothing, and only the channels of the EEG file are looked at.
    raw : mne Raw or None
        The EEG file; None where it cannot be read.
    """
    table = NuisanceTable()
    if config.layout is None:
        bold = _raw_bold(plan.files.bold)
        _motion(plan, table)
        _task(plan, bold, table)
        for file in physio_files(bold):
            table.attempt(lambda file=file: _physio(plan, read_physio(file)), file, _sidecar(file))  # type: ignore[misc]
    if raw is not None:
        table.attempt(lambda: _body_channels(plan, raw, table))
    return table


def _times(plan: Plan) -> np.ndarray:
    """Start of each volume that is kept, s after the first volume of the BOLD file."""
    return (plan.alignment.first + np.arange(plan.n_volumes)) * plan.tr


def _raw_bold(bold: Path) -> Path:
    """Name the raw image that a preprocessed one was made of; a raw one stays."""
    labels = entities(bold)
    root = bids_root(bold)
    while root is not None and any(part == "derivatives" for part in root.parts[-3:]):
        above = bids_root(root)
        if above is None:
            break
        root = above
    if root is None or not any(key in labels for key in OF_IMAGE):
        return bold
    folder = root / f"sub-{labels.get('sub', '')}"
    folder = folder / f"ses-{labels['ses']}" if "ses" in labels else folder
    kept = "_".join(f"{key}-{value}" for key, value in labels.items() if key not in OF_IMAGE)
    return folder / "func" / f"{kept}_bold.nii.gz"


def motion_table(bold: Path) -> tuple[Path, Path] | None:
    """Find the confounds that fMRIPrep wrote of an image: the image that they stand beside, and the table.

    They stand beside a preprocessed image; those of a raw one are looked for under ``derivatives/``, in fMRIPrep's own
    folder first.
    """
    root, images = bids_root(bold), [bold]
    if root is not None and (root / "derivatives").is_dir():
        place = Path(os.path.relpath(bold, root))
        folders = sorted((root / "derivatives").iterdir(), key=lambda folder: (folder.name != "fmriprep", folder.name))
        images += [folder / place for folder in folders]
    found = ((image, beside(image, TABLES, OF_IMAGE)) for image in images)
    return next(((image, table) for image, table in found if table is not None), None)


def _motion(plan: Plan, table: NuisanceTable) -> None:
    found = motion_table(plan.files.bold)
    if found is None:
        return
    image, file = found

    def read() -> dict[str, np.ndarray]:
        values = read_confounds(image, MOTION, plan.bold.n_volumes)[plan.alignment.first :][: plan.n_volumes]
        return dict(zip(MOTION, values.T, strict=True))

    table.attempt(read, file)


def _task(plan: Plan, raw_bold: Path, table: NuisanceTable) -> None:
    """Take the events of the BOLD run; where it has none, those of the EEG that are no markers of the scanner."""
    middle = plan.tr / 2
    files = sidecars(raw_bold, "events", ".tsv")[-1:] if raw_bold.parent.is_dir() else []
    if files:
        table.attempt(lambda: event_regressors(read_events(files[0]), _times(plan) + middle), files[0])
        return
    of_eeg = sidecars(plan.files.eeg, "events", ".tsv")[-1:]
    if of_eeg:
        table.attempt(lambda: event_regressors(_stimuli(of_eeg[0], plan), plan.alignment.onsets + middle), of_eeg[0])


def _stimuli(file: Path, plan: Plan) -> dict[str, np.ndarray]:
    def technical(kind: str, events: np.ndarray) -> bool:
        known = kind.lower().startswith(_TECHNICAL) or kind == plan.alignment.marker
        return known or has_volume_marker({kind: events[:, 0]}, plan.tr)

    return {kind: some for kind, some in read_events(file).items() if not technical(kind, some)}


def _sidecar(file: Path) -> Path:
    return file.with_name(file.name.removesuffix(".tsv.gz") + ".json")


def _physio(plan: Plan, signals: list[PhysioSignal]) -> dict[str, np.ndarray]:
    onsets = _times(plan)
    middles, found = onsets + plan.tr / 2, dict[str, np.ndarray]()
    for signal in signals:
        if signal.kind == "respiration":
            volume = respiration_volume(signal.values, signal.sfreq, signal.start, middles)
            if volume is not None:
                found["respiration_volume"] = volume
            found["respiration"] = of_volumes(signal.values, signal.sfreq, signal.start, onsets, plan.tr, power=False)
            continue
        find = heart_beats if signal.kind == "ecg" else pulse_beats
        rate = heart_rate(signal.start + find(signal.values, signal.sfreq) / signal.sfreq, middles)
        if rate is not None:
            found["heart_rate"] = rate
    return found


def _body_channels(plan: Plan, raw: mne.io.BaseRaw, table: NuisanceTable) -> dict[str, np.ndarray]:
    """Read the first ECG and EOG channel of the EEG file, as far as there are any."""
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    onsets, sfreq, found = plan.alignment.onsets, float(raw.info["sfreq"]), dict[str, np.ndarray]()
    for kind in ("ecg", "eog"):
        name = next((name for name, known in kinds.items() if known == kind), None)
        if name is None:
            continue
        signal = read_samples(raw, [name], 0, int(raw.n_times))[0]
        if not np.isfinite(signal).all() or np.ptp(signal) == 0:
            table.notes.append(f"not used as a control: channel {name} is flat or holds values that are not finite")
            continue
        found[f"{kind}_power"] = of_volumes(signal, sfreq, 0.0, onsets, plan.tr, power=True)
        if kind == "ecg" and "heart_rate" not in table.columns:
            rate = heart_rate(heart_beats(signal, sfreq) / sfreq, onsets + plan.tr / 2)
            if rate is None:
                table.no_heart_rate = f"no regular heart beat was found in channel {name}"
            else:
                found["heart_rate"] = rate
    return found
