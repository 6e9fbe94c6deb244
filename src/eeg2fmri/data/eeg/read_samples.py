"""Read samples of an EEG recording by channel name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError

if TYPE_CHECKING:
    import mne
    import numpy as np

#: Samples (of all channels together) that are in memory at once: 4 MB.
BLOCK = 500_000


def read_samples(raw: mne.io.BaseRaw, electrodes: Sequence[str], start: int, stop: int) -> np.ndarray:
    """Read samples `start` to `stop` of channels by name: (channel, time), V.

    Raises
    ------
    InputError
        If MNE cannot read them.
    """
    try:
        return raw.get_data(picks=list(electrodes), start=start, stop=stop, verbose="error")
    except Exception as error:
        raise InputError(
            "the EEG samples cannot be read",
            where=name_of(raw),
            got=f"{type(error).__name__}: {error}",
            hint="copy the file again",
        ) from None


def name_of(raw: mne.io.BaseRaw) -> str:
    """Name the file of a recording, for messages."""
    return str((raw.filenames or ("",))[0] or "the EEG recording")
