"""Settings of preparing: what decides the content of a store, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from eeg2fmri.data.settings.bold import BoldConfig
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.settings.first_volume import ClockConfig
from eeg2fmri.data.settings.layout import LayoutConfig
from eeg2fmri.data.settings.raw import RawConfig

Size = Annotated[int, Field(ge=1)]


class PrepareConfig(ClockConfig):
    """How a folder of recordings becomes a store; the clock of the volumes as in `ClockConfig`.

    Attributes
    ----------
    grid : (int, int, int) or None
        Voxels along x, y, z of the stored volumes; None keeps the recordings' own grid, which must then
        be the same in all of them.
    tr : float or None
        TR (s) to use instead of what the BOLD sidecar and header say; None reads it.
    n_bins : int or None
        Frequencies to keep above DC, the spacing being 1/TR; None keeps those below a quarter of the
        lowest sampling rate.
    channels : {"intersection", "same", "interpolate"}
        ``intersection``: the electrodes that all recordings have, by name; what is left out is reported.
        ``same``: every recording must have the same electrode names. ``interpolate``: the electrodes of `montage`,
        computed from where each recording's electrodes are on the head (spherical splines; Perrin et al., 1989).
    montage : tuple of str
        Electrodes (10-05 names) of the store with channels: interpolate.
    exclude : tuple of str
        Electrodes to leave out of every recording.
    leave_out : tuple of str
        Recordings to leave out, by their labels or patterns of them: ``sub-xp101_task-motorloc``, ``sub-0[1-3]``,
        ``task-rest*``.
    problems : {"error", "leave out"}
        What becomes of recordings that something is wrong with. ``error``: nothing is prepared. ``leave out``: the
        others are, and the store says which were left out and why.
    mask : {"epi", "varying", "derivatives"}
        ``epi``: nilearn's histogram rule for EPI images on the mean volume. ``varying``: every voxel that
        is not constant over time, for volumes that are already cut to the brain. ``derivatives``: the brain
        mask of fMRIPrep.
    eeg : EegConfig
        How EEG files are read, and cleaned on request.
    bold : BoldConfig
        How BOLD files are read.
    layout : LayoutConfig or None
        Where the files are, in a folder that is not BIDS.
    raw : RawConfig or None
        Whether the EEG itself is kept too, resampled, for models that read raw windows; None keeps the spectrogram
        alone.

    Examples
    --------
    >>> PrepareConfig.make({"n_bins": 30}).n_bins
    30
    """

    grid: tuple[Size, Size, Size] | None = None
    tr: Annotated[float, Field(gt=0)] | None = None
    n_bins: Size | None = None
    channels: Literal["intersection", "same", "interpolate"] = "intersection"
    montage: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    leave_out: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    problems: Literal["error", "leave out"] = "error"
    mask: Literal["epi", "varying", "derivatives"] = "epi"
    eeg: EegConfig = EegConfig()
    bold: BoldConfig = BoldConfig()
    layout: LayoutConfig | None = None
    raw: RawConfig | None = None

    @model_validator(mode="after")
    def _consistent(self) -> PrepareConfig:
        if (self.channels == "interpolate") != bool(self.montage):
            raise ValueError("'montage' and channels: interpolate need each other")
        if (self.mask == "derivatives") and self.bold.derivatives is None:
            raise ValueError("mask: derivatives needs bold: derivatives")
        if self.layout is not None and self.bold.derivatives is not None:
            raise ValueError("give either 'layout' or bold: derivatives")
        if self.bold.space is not None and self.layout is None and self.bold.derivatives is None:
            raise ValueError("bold: 'space' needs 'derivatives' or a 'layout'")
        return self

    @model_serializer(mode="wrap")
    def _without_raw(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave raw EEG out where there is none: a store without it has the name that it always had."""
        values: dict[str, Any] = handler(self)
        return values if self.raw is not None else {name: value for name, value in values.items() if name != "raw"}
