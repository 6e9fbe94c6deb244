"""Set how the regressions of the recommended synthesiser are regularised."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from eeg2fmri.core.config import Config
from eeg2fmri.models.regression.leave_out import PENALTIES

Positive = Annotated[float, Field(gt=0)]

#: Shortest period of drifts where the settings name none, s.
DRIFT_S = 256.0


class ClosedFormConfig(Config):
    """How the regressions are regularised.

    Attributes
    ----------
    penalties : tuple of float
        Variance of a voxel's noise over that of the sum of all its weights, to choose from.
    widths_mm : tuple of float or None
        Widths of the prior around an electrode, mm, to choose from; None is a plain ridge regression, always tried.
    floor : float
        Prior deviation of far electrodes relative to near ones.
    shifted : float
        Prior deviation of the weights of shifted responses relative to those of the first response.
    cell_mm : float
        Edge of the cubes of voxels that share a prior, mm.
    drift_s : float or None
        Shortest period of drifts, s. None: drifts slower than `DRIFT_S` are taken out, unless the EEG tells the slow
        changes of people who are left out (`eeg2fmri.models.recommended.slow`).
    """

    penalties: Annotated[tuple[Positive, ...], Field(min_length=1)] = PENALTIES
    widths_mm: Annotated[tuple[Positive | None, ...], Field(min_length=1)] = (35.0, None)
    floor: Annotated[float, Field(ge=0)] = 0.1
    shifted: Annotated[float, Field(ge=0)] = 0.3
    cell_mm: Positive = 36.0
    drift_s: Positive | None = None
