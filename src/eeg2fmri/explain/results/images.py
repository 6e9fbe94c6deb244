"""Relevance of electrodes over time as FIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eeg2fmri.explain.inputs.axes import Axes

#: Positions of electrodes of the 10-05 system.
MONTAGE = "colin27_1005"


def write_evoked(path: Path, relevance: np.ndarray, axes: Axes, tr: float) -> None:
    """Write relevance (channel, time) as an MNE Evoked, time 0 at the onset of the volume.

    The format has times at multiples of the TR: they are those at which each TR of the window starts, not its middle.
    The values are shares without a unit, though the format knows EEG in V alone: its comment says so. Electrodes with a
    name of the 10-05 system get its positions.
    """
    import mne

    info = mne.create_info(list(axes.electrodes), sfreq=1 / tr, ch_types="eeg", verbose="error")
    evoked = mne.EvokedArray(
        np.asarray(relevance, float),
        info,
        tmin=-float(axes.times[0] + tr / 2),
        comment="relevance, share of the absolute sum (no unit)",
        verbose="error",
    )
    evoked.set_montage(MONTAGE, match_case=False, on_missing="ignore", verbose="error")
    evoked.save(path, overwrite=True, verbose="error")
