"""Keep in files whether the intervals of a model hold what they claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.results.files import as_float, defined

#: Coverages that are told in a sentence.
TOLD = (0.5, 0.8, 0.95)
UNITS = "BOLD units; half widths in claimed standard deviations; likelihood in nats"
RECALIBRATION = (
    "split conformal on the validation recordings, one half width for each level; covers what it claims where "
    "test values are exchangeable with validation values"
)


@dataclass(frozen=True, eq=False)
class IntervalScores:
    """How the intervals of a model hold on test recordings.

    Attributes
    ----------
    distribution : str
        Shape that the claimed intervals assume.
    levels : array, shape (level,)
        Claimed coverage, 0 to 1.
    observed : array, shape (level,)
        Share of measured values inside.
    recalibrated : array, shape (level,)
        The same for intervals that were widened or narrowed on the validation recordings.
    half_widths : array, shape (level,)
        Half widths after recalibration, in claimed deviations; infinite where no interval is wide enough.
    sharpness : float
        Mean claimed standard deviation, BOLD units.
    sharpness_recalibrated : float
        Mean half width of the recalibrated interval of about one deviation (level .7), BOLD units.
    negative_log_likelihood : float
        Of a voxel, nats.
    passes : int
        Monte Carlo passes through the model.
    crps : float
        Continuous ranked probability score of a voxel, BOLD units; NaN in files that have none.
    energy_score : float
        Of a volume, over the root of its number of voxels, BOLD units.
    """

    distribution: str
    levels: np.ndarray
    observed: np.ndarray
    recalibrated: np.ndarray
    half_widths: np.ndarray
    sharpness: float
    sharpness_recalibrated: float
    negative_log_likelihood: float
    passes: int
    crps: float = float("nan")
    energy_score: float = float("nan")

    def error(self, observed: np.ndarray) -> float:
        """Mean absolute distance of an observed coverage (level,) from the claimed one."""
        return float(np.abs(observed - self.levels).mean())

    def to_dict(self) -> dict[str, Any]:
        """Give all as JSON values."""
        return {
            "distribution": self.distribution,
            "passes": self.passes,
            "levels": self.levels.tolist(),
            "observed_coverage": self.observed.tolist(),
            "recalibrated_coverage": self.recalibrated.tolist(),
            "recalibrated_half_widths": [defined(width) for width in self.half_widths],
            "sharpness": defined(self.sharpness),
            "sharpness_recalibrated": defined(self.sharpness_recalibrated),
            "negative_log_likelihood": defined(self.negative_log_likelihood),
            "crps": defined(self.crps),
            "energy_score": defined(self.energy_score),
            "unit": UNITS,
            "recalibration": RECALIBRATION,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> IntervalScores:
        """Read what `to_dict` gave.

        Raises
        ------
        ValueError
            If a curve does not fit the claimed coverages.
        """
        names = ("levels", "observed_coverage", "recalibrated_coverage")
        levels, observed, recalibrated = (np.array([as_float(value) for value in content[name]]) for name in names)
        curves = np.stack([observed, recalibrated])
        if curves.shape[1:] != levels.shape or not ((curves >= 0) & (curves <= 1)).all():
            raise ValueError("observed coverage does not fit the claimed one")
        widths = content.get("recalibrated_half_widths") or [None] * len(levels)
        return cls(
            distribution=str(content["distribution"]),
            levels=levels,
            observed=observed,
            recalibrated=recalibrated,
            half_widths=np.array([np.inf if width is None else float(width) for width in widths]),
            sharpness=as_float(content["sharpness"]),
            sharpness_recalibrated=as_float(content.get("sharpness_recalibrated")),
            negative_log_likelihood=as_float(content["negative_log_likelihood"]),
            passes=int(content["passes"]),
            crps=as_float(content.get("crps")),
            energy_score=as_float(content.get("energy_score")),
        )

    @property
    def note(self) -> str:
        """Say in a sentence how the intervals hold."""
        at = [self.levels.tolist().index(level) for level in TOLD]
        claimed = ", ".join(f"{level:.0%}" for level in TOLD)
        held, again = (", ".join(f"{curve[k]:.1%}" for k in at) for curve in (self.observed, self.recalibrated))
        return (
            f"Intervals that claim to hold {claimed} of the measured values hold {held} of them, and {again} once they "
            f"are recalibrated on the validation recordings; mean claimed deviation {self.sharpness:.3g} BOLD units."
        )
