"""Settings of preparing: what decides the content of a store, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config

Size = Annotated[int, Field(ge=1)]


class PrepareConfig(Config):
    """How a BIDS folder becomes a store.

    Attributes
    ----------
    grid : (int, int, int) or None
        Voxels along x, y, z of the stored volumes; None keeps the recordings' own grid, which must then
        be the same in all of them.
    marker : str or None
        Description of the marker that the scanner sets at every volume, for example ``R128``; None finds it.
    first_volume_s : float or None
        Time (s) of the first volume after the start of the EEG file, for recordings without volume
        markers; later volumes follow every TR.
    tr : float or None
        TR (s) to use instead of what the BOLD sidecar and header say; None reads it.
    n_bins : int or None
        Frequencies to keep above DC, the spacing being 1/TR; None keeps those below a quarter of the
        lowest sampling rate.
    channels : {"same", "intersection"}
        ``same``: every recording must have the same electrode names. ``intersection``: the electrodes
        that all recordings have.
    exclude : tuple of str
        Electrodes to leave out of every recording.
    mask : {"epi", "varying"}
        ``epi``: nilearn's histogram rule for EPI images on the mean volume. ``varying``: every voxel that
        is not constant over time, for volumes that are already cut to the brain.
    """

    grid: tuple[Size, Size, Size] | None = None
    marker: Annotated[str, Field(min_length=1)] | None = None
    first_volume_s: Annotated[float, Field(ge=0)] | None = None
    tr: Annotated[float, Field(gt=0)] | None = None
    n_bins: Size | None = None
    channels: Literal["same", "intersection"] = "same"
    exclude: tuple[str, ...] = ()
    mask: Literal["epi", "varying"] = "epi"

    @model_validator(mode="after")
    def _one_clock(self) -> PrepareConfig:
        if self.marker is not None and self.first_volume_s is not None:
            raise ValueError("give either 'marker' or 'first_volume_s': the volumes can have one clock only")
        return self
