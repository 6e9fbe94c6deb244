"""Units: EEG is volts in memory, times are seconds, frequencies hertz, lengths millimetres."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.errors import Problem

#: Standard deviation (V) of scalp EEG outside which the unit must be wrong. Published scalp EEG is 10 to 50 uV
#: rms; a cleaned recording may go down to about 1 uV, residual gradient artefacts up to some millivolts.
PLAUSIBLE_EEG_STD_V = (5e-8, 2e-2)


def eeg_unit_problem(std_v: np.ndarray, where: str) -> Problem | None:
    """Return a problem if the amplitude of EEG cannot be volts.

    Parameters
    ----------
    std_v : array, shape (channel,)
        Standard deviation over time of each EEG channel, V.
    where : str
        The file.
    """
    low, high = PLAUSIBLE_EEG_STD_V
    typical = float(np.median(std_v))
    if low <= typical <= high:
        return None
    likely = "microvolts (or another unit) stored as volts" if typical > high else "volts divided twice by 1e6"
    return Problem(
        "the EEG amplitude is implausible for volts",
        where,
        f"median standard deviation {typical:.3g} V over {len(std_v)} channels: looks like {likely}",
        f"between {low:g} V and {high:g} V",
        "say what the numbers are, eeg: {unit: uV} in the file of --config (predict: or --unit uV), or correct the "
        "header (BrainVision: last field of each Ch line); units in channels.tsv count where the header has none",
    )
