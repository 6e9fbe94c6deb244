"""Set the shapes of the recommended synthesiser, and how its regressions are regularised."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.data.features.row_features import row_kinds
from eeg2fmri.models.regression.leave_out import PENALTIES

Size = Annotated[int, Field(ge=1)]
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


class RecommendedConfig(Config):
    """Settings of the recommended synthesiser.

    Attributes
    ----------
    eeg_shape : (channel, column, time)
        Of a window of row features (`eeg2fmri.data.features.row_features`); let it reach back 20 s.
    volume_shape : (x, y, z)
    columns : tuple of (str, int)
        Kinds of row features that stand side by side in a window, and how many columns each has. Empty: all are
        amplitudes of whitened electrodes (`eeg2fmri.data.features.recentring`).
    responses : {"shifts", "rows"}
        ``shifts``: the EEG is seen through the responses of `shifts_s` alone; ``rows``: every row of a window has
        weights of its own, so that families of features may see it in different ways.
    components : int
        Spatial components at most.
    shifts_s : tuple of float
        Responses: Glover's, later by so many seconds. The first one weighs most.
    scale : {"none", "laplace"}
        ``laplace`` gives each voxel the scale of the errors for subjects who were left out of the fit.
    fit : ClosedFormConfig
    seed : int
        Of the weights before the fit.
    """

    kind: Literal["recommended"] = "recommended"
    eeg_shape: tuple[Size, Size, Size]
    volume_shape: tuple[Size, Size, Size]
    columns: tuple[tuple[str, Size], ...] = ()
    responses: Literal["shifts", "rows"] = "shifts"
    components: Size = 48
    shifts_s: Annotated[tuple[float, ...], Field(min_length=1)] = (0.0, -2.0, 2.0)
    scale: Literal["none", "laplace"] = "none"
    fit: ClosedFormConfig = ClosedFormConfig()
    seed: int = 0

    @model_validator(mode="after")
    def _shifts_differ(self) -> RecommendedConfig:
        if len(set(self.shifts_s)) != len(self.shifts_s):
            raise ValueError("two responses have the same shift")
        return self

    @model_validator(mode="after")
    def _columns_fill_the_windows(self) -> RecommendedConfig:
        named = sum(count for _, count in self.columns)
        if self.columns and named != self.eeg_shape[1]:
            raise ValueError(f"the kinds of row features have {named} columns, a window has {self.eeg_shape[1]}")
        return self

    @property
    def n_responses(self) -> int:
        """Weights over time that the filters see the windows through."""
        return self.eeg_shape[2] if self.responses == "rows" else len(self.shifts_s)

    @property
    def n_amplitudes(self) -> int:
        """Amplitudes of whitened electrodes that the windows are made of; at least 1."""
        return self.scaled_kinds().get("whitened", 1) if self.columns else self.eeg_shape[1]

    def scaled_kinds(self) -> dict[str, int]:
        """Kinds of row features that are scaled on the way to a window, and their columns."""
        found = dict(self.columns)
        for kind, count in self.columns:
            base = row_kinds()[kind].PRODUCTS_OF
            if base:
                # n (n + 1) / 2 products of n
                found.setdefault(base, round((np.sqrt(8 * count + 1) - 1) / 2))
        return found

    def places(self) -> dict[str, slice]:
        """Places of each kind of row features among the columns of a window."""
        kinds = self.columns or (("whitened", self.eeg_shape[1]),)
        edges = np.cumsum([0, *[count for _, count in kinds]])
        return {name: slice(int(edges[k]), int(edges[k + 1])) for k, (name, _) in enumerate(kinds)}
