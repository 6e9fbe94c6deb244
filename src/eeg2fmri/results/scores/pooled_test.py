"""A score averaged over recordings, tested against surrogates of the predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eeg2fmri.results.files import as_float, defined


@dataclass(frozen=True, eq=False)
class PooledTest:
    """Test of a score averaged over recordings.

    Attributes
    ----------
    observed : float
        Average of the predictions themselves.
    p_value : float
        One-sided.
    distinct : int
        Surrogates that exist, as far as it matters; p cannot be below 1 / distinct.
    mean, low, high : float
        Of the null distribution: its mean, its 2.5 and 97.5 percentile.
    draws : int
        Averages that it is made of.
    p_below : float
        One-sided, that the score is below chance.
    effect : float
        Distance of the observed score from the mean of the null, in standard deviations of the null.
    null : array, shape (draw,), or None
        Averages of surrogates; files keep those of the model alone.
    """

    observed: float
    p_value: float
    distinct: int
    mean: float
    low: float
    high: float
    draws: int
    effect: float
    p_below: float = 1.0
    null: np.ndarray | None = None

    @classmethod
    def of(cls, observed: float, null: np.ndarray, p_value: float, distinct: int, p_below: float = 1.0) -> PooledTest:
        """Describe a null distribution (draw,) beside the observed score."""
        low, high = np.percentile(null, [2.5, 97.5])
        spread, mean = float(null.std()), float(null.mean())
        effect = (observed - mean) / spread if spread > 0 else 0.0
        return cls(observed, p_value, distinct, mean, float(low), float(high), len(null), effect, p_below, null)

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the null distribution as JSON values."""
        return {
            "observed": defined(self.observed),
            "p_value": defined(self.p_value),
            "p_below": defined(self.p_below),
            "null_mean": defined(self.mean),
            "null_low": defined(self.low),
            "null_high": defined(self.high),
            "null_draws": self.draws,
            "distinct_surrogates": self.distinct,
            "effect_in_null_deviations": defined(self.effect),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PooledTest:
        """Read what `to_dict` gave."""
        return cls(
            observed=as_float(content["observed"]),
            p_value=as_float(content["p_value"]),
            distinct=int(content["distinct_surrogates"]),
            mean=as_float(content["null_mean"]),
            low=as_float(content["null_low"]),
            high=as_float(content["null_high"]),
            draws=int(content["null_draws"]),
            effect=as_float(content["effect_in_null_deviations"]),
            p_below=as_float(content["p_below"]),
        )

    def with_null(self, null: np.ndarray) -> PooledTest:
        """Add the null distribution (draw,) that stands in a file of its own.

        Raises
        ------
        ValueError
            If it is not the one that was described.
        """
        if null.shape != (self.draws,) or null.dtype.kind != "f":
            raise ValueError(f"the null distribution has the shape {null.shape}, the scores name {self.draws} draws")
        return replace(self, null=null)
