"""Markers of an EEG recording as times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mne


def markers_of(raw: mne.io.BaseRaw) -> dict[str, np.ndarray]:
    """Collect the times of all markers by their description.

    Returns
    -------
    dict of str to array, shape (marker,)
        s after the first sample, rising, on the grid of samples.
    """
    import mne

    names = {str(name): code for code, name in enumerate(sorted(set(raw.annotations.description)), 1)}
    if not names:
        return {}
    events, _ = mne.events_from_annotations(raw, event_id=names, regexp=None, verbose="error")
    samples = events[:, 0] - raw.first_samp
    return {name: np.sort(samples[events[:, 2] == code]) / raw.info["sfreq"] for name, code in names.items()}
