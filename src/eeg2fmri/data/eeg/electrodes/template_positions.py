"""Place electrodes of the 10-05 system on a template head."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from eeg2fmri.data.eeg.electrodes.channel_names import plain_name

#: Names of MNE's 10-05 montage on the Colin 27 head, newest first: MNE 1.13 renamed it.
MONTAGES = ("colin27_1005", "standard_1005")


def electrode_positions(names: Sequence[str]) -> np.ndarray:
    """Look up electrodes by name, without case and without what stands around it (``EEG Fp1-REF``).

    Positions on the Colin 27 head, which was registered to MNI305 (Oostenveld and Praamstra, Clin Neurophysiol 112,
    2001): a few mm from where they lie on the MNI152 head.

    Parameters
    ----------
    names : sequence of str
        Electrodes.

    Returns
    -------
    array, shape (channel, 3)
        mm to the right, front and top; NaN for names outside the 10-05 system.
    """
    known = _known()
    unknown = (np.nan, np.nan, np.nan)
    return np.array([known.get(plain_name(name).casefold(), unknown) for name in names], float).reshape(-1, 3)


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[float, float, float]]:
    import mne

    built_in = mne.channels.get_builtin_montages()
    montage = mne.channels.make_standard_montage(next(name for name in MONTAGES if name in built_in))
    places = montage.get_positions()["ch_pos"]
    return {name.casefold(): tuple(1000 * where) for name, where in places.items()}
