"""Scores of the regions of an atlas in one test recording."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import write_csv
from eeg2fmri.results.files import as_float, cell, defined
from eeg2fmri.results.scores.method import SIGNIFICANT

#: Table of the regions of all test recordings of a run.
REGIONS = "regions.tsv"


@dataclass(frozen=True, eq=False)
class RegionScores:
    """Temporal r of the mean courses of regions, with p values, and how alike the functional connectivities are.

    Attributes
    ----------
    recording, atlas : str
        Its id; the file of the labels.
    labels : tuple of str, length region
        Names, where the atlas has some.
    numbers : int array, shape (region,)
        In the image of the atlas; of maps their places, from 1.
    r, p_value, p_corrected : array, shape (region,)
        Temporal r; p value against surrogates, of the region by itself and corrected for all regions by the largest r.
        NaN where they are not defined.
    median, p_of_median : float
        Median r over regions, and its p value.
    connectivity : float
        Correlation between the measured and the predicted functional connectivity; NaN where it is not defined.
    connectivity_beyond : float
        The same with the mean connectivity of other people, of the training group, regressed out of both.
    """

    recording: str
    atlas: str
    labels: tuple[str, ...]
    numbers: np.ndarray
    r: np.ndarray
    p_value: np.ndarray
    p_corrected: np.ndarray
    median: float
    p_of_median: float
    connectivity: float
    connectivity_beyond: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Give all but the recording as JSON values."""
        columns = zip(self.labels, self.numbers, self.r, self.p_value, self.p_corrected, strict=True)
        return {
            "atlas": self.atlas,
            "temporal_r": defined(self.median),
            "p_value": defined(self.p_of_median),
            "connectivity_similarity": defined(self.connectivity),
            "connectivity_beyond_template": defined(self.connectivity_beyond),
            "regions": {
                label: {"index": int(number), "r": defined(r), "p_value": defined(p), "p_corrected": defined(corrected)}
                for label, number, r, p, corrected in columns
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
            numbers=np.array([int(one.get("index", k)) for k, one in enumerate(regions.values(), 1)], int),
            r=r,
            p_value=p_value,
            p_corrected=p_corrected,
            median=as_float(content["temporal_r"]),
            p_of_median=as_float(content["p_value"]),
            connectivity=as_float(content["connectivity_similarity"]),
            connectivity_beyond=as_float(content.get("connectivity_beyond_template")),
        )


@dataclass(frozen=True)
class RegionMean:
    """A region over recordings: its name, mean r, in how many it has one, and in how many that is significant."""

    name: str
    r: float
    recordings: int
    significant: int

    @property
    def mostly_significant(self) -> bool:
        """Whether it is significant, corrected for all regions, in more than half of the recordings."""
        return 2 * self.significant > self.recordings


def over_recordings(found: Iterable[RegionScores]) -> list[RegionMean]:
    """Average regions over the recordings that have them, the highest mean r first."""
    scores: dict[str, list[tuple[float, bool]]] = {}
    for one in found:
        for name, r, p in zip(one.labels, one.r, one.p_corrected, strict=True):
            if np.isfinite(r):
                scores.setdefault(name, []).append((float(r), bool(p <= SIGNIFICANT)))
    means = [
        RegionMean(name, sum(r for r, _ in own) / len(own), len(own), sum(passed for _, passed in own))
        for name, own in scores.items()
    ]
    return sorted(means, key=lambda one: -one.r)


def write_regions(path: Path, found: Iterable[RegionScores]) -> None:
    """Write a row a region and recording, separated by tabs: recording, index, name, r and its p values."""
    rows = [
        [one.recording, int(number), label, cell(float(r)), cell(float(p)), cell(float(corrected))]
        for one in found
        for label, number, r, p, corrected in zip(
            one.labels, one.numbers, one.r, one.p_value, one.p_corrected, strict=True
        )
    ]
    write_csv(path, ["recording", "index", "name", "r", "p_value", "p_corrected"], rows, delimiter="\t")
