"""Small pieces of real recordings that ship with the package, to try things on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class StatesSample:
    """Band powers of EEG and states of BOLD of the same volumes.

    Attributes
    ----------
    power : dict of str to array, shape (volume, band)
        Of each subject, as published.
    state : dict of str to array, shape (volume, state)
        Logit of how far the BOLD of each volume looks like each state.
    bands, states : tuple of str
    tr : float
        s.
    source, licence : str
    """

    power: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    bands: tuple[str, ...] = ("slow waves", "delta", "theta", "alpha", "sigma", "beta")
    states: tuple[str, ...] = ("faces", "maze", "before faces", "before a maze", "rest")
    tr: float = 2.1
    source: str = "OpenNeuro ds003574, https://openneuro.org/datasets/ds003574"
    licence: str = "CC0"


def sleep_states() -> StatesSample:
    """Read a thousand volumes each of eight people who fall asleep in the scanner.

    Examples
    --------
    >>> sample = sleep_states()
    >>> len(sample.power), sample.power["01"].shape, sample.licence
    (8, (1000, 6), 'CC0')
    """
    with np.load(Path(__file__).with_name("ds003574_power_and_states.npz")) as found:
        arrays = {name: found[name].astype(np.float64) for name in found.files}
    labels = sorted({name.split("/")[0].removeprefix("sub-") for name in arrays})
    return StatesSample(
        power={label: arrays[f"sub-{label}/power"] for label in labels},
        state={label: arrays[f"sub-{label}/state"] for label in labels},
    )
