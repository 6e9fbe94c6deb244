"""Every setting of a simulated data set, with its unit and default."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config, Seed
from eeg2fmri.simulate.worlds.catalogue import POWERS, WORLDS

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[str, Field(pattern="^[0-9a-zA-Z]+$")]


def _is_zero(value: float) -> bool:
    return value == 0


def _is_none(value: str) -> bool:
    return value == "none"


class EegConfig(Config):
    """Amplitudes of the EEG; each subject's own values scatter around them.

    The scalp EEG of an awake adult at rest is 10 to 50 uV rms, the alpha rhythm 20 to 60 uV peak to peak
    (Niedermeyer and Lopes da Silva, Electroencephalography, 5th ed., 2005; Nunez and Srinivasan, Electric
    Fields of the Brain, 2nd ed., 2006). The power of the background falls as 1/f to the power 1 to 2
    (Donoghue et al., Nature Neuroscience 23, 2020, doi:10.1038/s41593-020-00744-x).

    Attributes
    ----------
    rhythm_uv : float
        Median over electrodes of the rms of the alpha and beta rhythms together, uV.
    background_uv : float
        Median over electrodes of the rms of the 1/f background, uV.
    exponent : float
        Exponent of the background: its power falls as 1 / frequency ** exponent.
    sensor_noise : float
        White noise of electrode and amplifier, uV per square root of hertz.
    gradient_uv : float
        Rms of what is left of the scanner's gradient artefact after correction, uV; 0 for none. A few uV after
        average artefact subtraction (Allen et al., NeuroImage 12, 2000, doi:10.1006/nimg.2000.0599).
    pulse_uv : float
        Rms of what is left of the pulse (ballistocardiogram) artefact, uV; 0 for none. Uncorrected it reaches
        some 50 uV at 3 T (Debener et al., Int J Psychophysiol 67, 2008, doi:10.1016/j.ijpsycho.2007.05.015).
    drift : float
        Standard deviation of the slow drift of the logarithm of each electrode's gain; 0 for none.
    """

    rhythm_uv: Positive = 10.0
    background_uv: Positive = 14.0
    exponent: Annotated[float, Field(ge=0.5, le=2.5)] = 1.2
    sensor_noise: NotNegative = 0.05
    gradient_uv: NotNegative = 0.0
    pulse_uv: NotNegative = 0.0
    drift: Annotated[NotNegative, Field(exclude_if=_is_zero)] = 0.0


class BoldConfig(Config):
    """Amplitudes of the BOLD signal, in per cent of the baseline.

    BOLD fluctuates by 0.5 to 3 % of its baseline in grey matter (Ogawa et al., Biophys J 64, 1993,
    doi:10.1016/S0006-3495(93)81441-3; Biswal et al., Magn Reson Med 34, 1995, doi:10.1002/mrm.1910340409); the
    temporal signal-to-noise ratio of grey matter is 40 to 100 at 3 T and voxels of 2 to 4 mm (Triantafyllou et al.,
    NeuroImage 26, 2005, doi:10.1016/j.neuroimage.2005.01.007; Murphy et al., NeuroImage 34, 2007,
    doi:10.1016/j.neuroimage.2006.09.032).

    Attributes
    ----------
    signal : float
        Standard deviation of the noiseless signal of a grey matter region, %.
    thermal : float
        Standard deviation of the thermal noise in the median grey matter voxel, %.
    drift : float
        Standard deviation of slow drifts, %.
    cardiac, respiratory : float
        Standard deviation of the signal locked to heartbeat and breathing in grey matter, %.
    vascular : float
        Standard deviation of the slow global signal of varying breathing depth and heart rate, %.
    motion : float
        Standard deviation of head shifts, mm (rotations: the same number in units of 0.01 rad per mm); 0 for none.
    unsteady : int
        Volumes at the beginning that are brighter, before magnetisation is steady: the first by 30 %.
    """

    signal: Positive = 1.5
    thermal: NotNegative = 1.1
    drift: NotNegative = 0.5
    cardiac: NotNegative = 0.4
    respiratory: NotNegative = 0.4
    vascular: NotNegative = 0.4
    motion: NotNegative = 0.0
    unsteady: Annotated[int, Field(ge=0, le=10, exclude_if=_is_zero)] = 0


class SimulationConfig(Config):
    """Settings of a simulated data set.

    Attributes
    ----------
    subjects, sessions, runs : int
        How many; one session or one run leaves its label out of the file names.
    tasks : tuple of str
        Labels of the tasks; every task is recorded in every session and run. They differ in nothing but the draws.
    volumes : int
        BOLD volumes a recording.
    tr : float
        Repetition time, s.
    grid : tuple of int
        Voxels (x, y, z) of a volume; slices are along z.
    voxel_size : tuple of float or None
        Size of a voxel, mm; None lets the grid cover the brain.
    t1w_voxel_mm : float
        Edge of a voxel of the T1-weighted images, mm.
    slice_order : {"interleaved", "ascending", "descending"}
        Order in which slices are acquired.
    multiband : int
        Slices acquired at the same time; divides their number.
    sfreq : float
        Sampling rate of the EEG, Hz.
    electrodes : int or tuple of str
        How many electrodes, or their names in the 10-05 system.
    reference : str
        Name of the recording reference, which is not itself recorded, or ``"average"``.
    lead_in, tail : float
        EEG before the first volume and after the end of the last, s.
    regions : int
        Parcels of grey matter, each with a rhythm of its own per band and a BOLD signal of its own.
    coupling : float
        Correlation of the neural signal behind the BOLD of a coupled region with the EEG envelopes of that region;
        0 makes the modalities independent.
    coupled : float
        Fraction of the regions that are coupled; the neural signal of the others is independent of the EEG.
    shared : float
        Correlation of what a region's envelopes do to BOLD in a subject with what they do in the group.
    seed : int
        Same seed, same settings: same files, byte for byte.
    eeg, bold : EegConfig, BoldConfig
        Amplitudes.
    world : str
        What BOLD follows and what the EEG shows of it; see `eeg2fmri.simulate.worlds.catalogue`. A world brings other
        defaults for some settings.
    derivatives : {"none", "fmriprep"}
        ``fmriprep`` writes what fMRIPrep would have made as well: BOLD in a common space, brain masks, confounds,
        registered anatomy.
    physio : {"none", "bids"}
        ``bids`` writes pulse and breathing beside each BOLD image.

    Examples
    --------
    >>> SimulationConfig(coupling=0.0).subjects
    4
    """

    subjects: Annotated[int, Field(ge=1, le=9999)] = 4
    sessions: Annotated[int, Field(ge=1, le=99)] = 1
    tasks: Annotated[tuple[Label, ...], Field(min_length=1)] = ("rest",)
    runs: Annotated[int, Field(ge=1, le=99)] = 1
    volumes: Annotated[int, Field(ge=2)] = 150
    tr: Annotated[float, Field(ge=0.2, le=20)] = 2.16
    grid: tuple[Annotated[int, Field(ge=4)], Annotated[int, Field(ge=4)], Annotated[int, Field(ge=2)]] = (64, 64, 30)
    voxel_size: tuple[Positive, Positive, Positive] | None = None
    t1w_voxel_mm: Annotated[float, Field(ge=1, le=20)] = 2.0
    slice_order: Literal["interleaved", "ascending", "descending"] = "interleaved"
    multiband: Annotated[int, Field(ge=1)] = 1
    sfreq: Annotated[float, Field(ge=100, le=20000)] = 250.0
    electrodes: Annotated[int, Field(ge=4, le=300)] | Annotated[tuple[str, ...], Field(min_length=4)] = 64
    reference: str = "FCz"
    lead_in: NotNegative = 10.0
    tail: NotNegative = 5.0
    regions: Annotated[int, Field(ge=2, le=1000)] = 120
    coupling: Fraction = 1.0
    coupled: Fraction = 0.6
    shared: Fraction = 0.9
    seed: Seed = 0
    eeg: EegConfig = EegConfig()
    bold: BoldConfig = BoldConfig()
    world: Annotated[str, Field(exclude_if=lambda name: name == POWERS.name)] = POWERS.name
    derivatives: Annotated[Literal["none", "fmriprep"], Field(exclude_if=_is_none)] = "none"
    physio: Annotated[Literal["none", "bids"], Field(exclude_if=_is_none)] = "none"

    @model_validator(mode="before")
    @classmethod
    def _of_world(cls, values: Any) -> Any:
        """Fill in what the world has of its own, beneath what is given."""
        world = WORLDS.get(str(values.get("world", POWERS.name))) if isinstance(values, dict) else None
        if world is None:
            return values
        filled = {**world.settings, **values}
        for name, own in world.settings.items():
            if isinstance(own, Mapping) and name in values:
                given = values[name]
                given = given.model_dump(exclude_unset=True) if isinstance(given, Config) else given
                filled[name] = {**own, **given} if isinstance(given, Mapping) else given
        return filled

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.world not in WORLDS:
            near = difflib.get_close_matches(self.world, WORLDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no world {self.world!r}: one of {', '.join(WORLDS)}{meant}")
        if self.grid[2] % self.multiband:
            raise ValueError(f"multiband {self.multiband} does not divide the {self.grid[2]} slices")
        if len(set(self.tasks)) != len(self.tasks):
            raise ValueError("tasks are named twice")
        if not isinstance(self.electrodes, int):
            if len(set(self.electrodes)) != len(self.electrodes):
                raise ValueError("electrodes are named twice")
            if self.reference in self.electrodes:
                raise ValueError(
                    f"the reference {self.reference} is among the electrodes; it records nothing but zeros: "
                    "leave it out or name another reference"
                )
        return self

    def voxel_size_mm(self) -> tuple[float, float, float]:
        """Size of a voxel, mm: as set, or such that the grid covers the brain."""
        if self.voxel_size is not None:
            return self.voxel_size
        in_plane = round(208 / max(self.grid[:2]), 2)
        return (in_plane, in_plane, round(144 / self.grid[2], 2))


def small_config(**changes: Any) -> SimulationConfig:
    """Return settings of a data set that is written in about a second, for tests and examples.

    3 subjects, 40 volumes of 16 x 18 x 14 voxels, 16 electrodes, 100 Hz, 10 regions. Everything else is as in a full
    data set: the same models, files and truth.

    Parameters
    ----------
    **changes
        Settings of `SimulationConfig` that replace these.

    Raises
    ------
    ConfigError
        If a setting is unknown or wrong.
    """
    small: dict[str, Any] = {
        "subjects": 3,
        "volumes": 40,
        "grid": (16, 18, 14),
        "electrodes": 16,
        "sfreq": 125.0,
        "regions": 10,
        "tr": 2.0,
        "t1w_voxel_mm": 8.0,
    }
    return SimulationConfig.make(small | changes)
