"""Scores of the regions of an atlas in one test recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.results.files import as_float, defined


@dataclass(frozen=True, eq=False)
class RegionScores:
    """Temporal r of the mean courses of regions, with p values, and how alike the functional connectivities are.

    Attributes
    ----------
    recording, atlas : str
        Its id; the file of the labels.
    labels : tuple of str, length region
        As in the atlas.
    r, p_value, p_corrected : array, shape (region,)
        Temporal r; p value against surrogates, of the region by itself and corrected for all regions by the largest r.
        NaN where they are not defined.
    median, p_of_median : float
        Median r over regions, and its p value.
    connectivity : float
        Correlation between the measured and the predicted functional connectivity; NaN where it is not defined.
    """

    recording: str
    atlas: str
    labels: tuple[str, ...]
    r: np.ndarray
    p_value: np.ndarray
    p_corrected: np.ndarray
    median: float
    p_of_median: float
    connectivity: float

    def to_dict(self) -> dict[str, Any]:
        """Give all but the recording as JSON values."""
        columns = zip(self.labels, self.r, self.p_value, self.p_corrected, strict=True)
        return {
            "atlas": self.atlas,
            "temporal_r": defined(self.median),
            "p_value": defined(self.p_of_median),
            "connectivity_similarity": defined(self.connectivity),
            "regions": {
                label: {"r": defined(r), "p_value": defined(p), "p_corrected": defined(corrected)}
                for label, r, p, corrected in columns
            },
        }

    @classmethod
    def from_dict(cls, recording: str, content: Mapping[str, Any]) -> RegionScores:
        """Read what `to_dict` gave."""
        regions = content["regions"]
        r, p_value, p_corrected = (
            np.array([as_float(each[name]) for each in regions.values()]) for name in ("r", "p_value", "p_corrected")
        )
        return cls(
            recording=recording,
            atlas=str(content["atlas"]),
            labels=tuple(str(label) for label in regions),
            r=r,
            p_value=p_value,
            p_corrected=p_corrected,
            median=as_float(content["temporal_r"]),
            p_of_median=as_float(content["p_value"]),
            connectivity=as_float(content["connectivity_similarity"]),
        )
