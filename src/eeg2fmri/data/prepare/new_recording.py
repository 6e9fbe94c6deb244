"""The EEG of a recording as a store would hold it: every step of the settings, on a recording that is new."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.channel_matrix import derive
from eeg2fmri.data.eeg.cleaning import clean
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.choose_marker import has_volume_marker
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.data.timing.volume_onsets import volume_onsets

if TYPE_CHECKING:
    import mne


def prepared_raw(
    path: str | Path, config: PrepareConfig, tr: float | None = None, notes: list[str] | None = None
) -> mne.io.BaseRaw:
    """Read an EEG file and take every step that preparing takes before the spectrogram.

    Parameters
    ----------
    path : path
        EEG file.
    config : PrepareConfig
        Of the store, ``store.config``.
    tr : float, optional
        s; needed to take out the gradient artefact.
    notes : list of str, optional
        What the user should know is appended.

    Returns
    -------
    mne Raw
        In memory, with the electrodes of the store and the markers as annotations, V.

    Raises
    ------
    InputError
        As preparing.
    """
    import mne

    path = Path(path)
    told: list[str] = []
    raw = read_raw(path, told, config.eeg)
    markers = markers_of(raw, config.eeg.trigger_channel)
    onsets = np.array([])
    if config.eeg.clean.gradient != "keep":
        onsets = _volumes(raw, markers, config, tr, str(path), told)
    derivation, more = derive(raw, config.eeg, path, montage=config.montage, exclude=config.exclude)
    cleaned = clean(raw, config.eeg, onsets, tr or 1.0, str(path))
    data = cleaned.get_data(picks=list(derivation.inputs), verbose="error") * derivation.scale
    info = mne.create_info(list(derivation.outputs), cleaned.info["sfreq"], "eeg")
    made = mne.io.RawArray(derivation.apply(data), info, verbose="error")
    times = [(time, name) for name, each in markers.items() for time in each]
    made.set_annotations(mne.Annotations([t for t, _ in times], 0.0, [name for _, name in times]), verbose="error")
    made.filenames = (path,)
    if notes is not None:
        notes += [*told, *more]
    return made


def _volumes(
    raw: mne.io.BaseRaw,
    markers: dict[str, np.ndarray],
    config: PrepareConfig,
    tr: float | None,
    where: str,
    told: list[str],
) -> np.ndarray:
    """Find when volumes started in a recording whose BOLD is not there."""
    clocked = config.first_volume_s is not None or config.first_marker is not None
    if tr is None or not (clocked or config.marker is not None or has_volume_marker(markers, tr)):
        raise InputError(
            "the gradient artefact can only be taken out where volumes are marked",
            where=where,
            got=", ".join(markers) or "no markers",
            hint="name the marker with 'marker'",
        )
    alignment = volume_onsets(
        markers,
        math.ceil(raw.n_times / float(raw.info["sfreq"]) / tr) if clocked else None,
        tr,
        float(raw.info["sfreq"]),
        marker=config.marker,
        first_volume_s=config.first_volume_s,
        first_marker=config.first_marker,
        faults=config.triggers,
        where=where,
    )
    told += alignment.notes
    if clocked:
        told.append("volumes were taken to follow each other to the end of the EEG")
    return alignment.onsets
