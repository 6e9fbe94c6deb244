"""Estimate the memory and the disk that a simulation will need."""

from __future__ import annotations

from math import prod
from pathlib import Path

from eeg2fmri.core.disk.room import check_disk, check_memory
from eeg2fmri.simulate.config import SimulationConfig

FEWER = "ask for fewer volumes, voxels, electrodes or recordings, or a lower sampling rate"


def check_room(out: Path, config: SimulationConfig, recordings: int) -> None:
    """Refuse a data set that does not fit into memory or on the disk.

    One recording is in memory at a time: its samples as 64-bit numbers, its volumes as 32-bit ones; on the disk both
    take two bytes a number or more, volumes half of that where they compress well.

    Parameters
    ----------
    out : Path
        Data set to write.
    config : SimulationConfig
    recordings : int

    Raises
    ------
    InputError
    """
    electrodes = config.electrodes if isinstance(config.electrodes, int) else len(config.electrodes)
    samples = electrodes * config.sfreq * (config.lead_in + config.volumes * config.tr + config.tail)
    voxels = prod(config.grid) * config.volumes
    check_memory(8 * samples + 4 * voxels, "a simulated recording", str(out), FEWER)
    check_disk(out, recordings * (2 * samples + voxels), FEWER)
