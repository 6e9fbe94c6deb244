"""Hold, write and read what a cross-validation found over subjects, where volumes are in one template space.

Beside the scores of all folds stand, as NIfTI images that are NaN where no subject has a score,

- ``group_desc-meanr_map.nii.gz``: mean temporal r over subjects,
- ``group_desc-t_map.nii.gz``: its t value over subjects,
- ``group_desc-pmax_map.nii.gz``: its p value, corrected for all voxels by the largest mean (signs of subjects flipped),

and with an atlas ``group_regions.tsv``: name, mean r, t and corrected p of each region, and r of each subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_csv
from eeg2fmri.results.files import as_float, cell, defined, reading
from eeg2fmri.results.images import open_image, write_map
from eeg2fmri.results.scores.method import SIGNIFICANT

#: Key among the facts of a cross-validation, and the table of its regions.
GROUP, TABLE = "group", "group_regions.tsv"
AGAIN = "put the folds together again: the same crossvalidate command"


@dataclass(frozen=True, eq=False)
class Places:
    """Scores of voxels or regions over subjects.

    Attributes
    ----------
    mean, t, p : array, shape (place,)
        Mean r, its t value, its p value corrected for all places by the largest mean.
    """

    mean: np.ndarray
    t: np.ndarray
    p: np.ndarray

    @property
    def significant(self) -> float:
        """Share of the places that are significant (family-wise)."""
        return float(np.mean(self.p <= SIGNIFICANT))


@dataclass(frozen=True, eq=False)
class GroupRegions:
    """Regions that every recording has, the highest mean r first.

    Attributes
    ----------
    names : tuple of str, length region
    scores : Places
    of_subjects : array, shape (subject, region)
    """

    names: tuple[str, ...]
    scores: Places
    of_subjects: np.ndarray


@dataclass(frozen=True, eq=False)
class Group:
    """Maps and regions over subjects.

    Attributes
    ----------
    subjects : tuple of str
    affine : array, shape (4, 4)
        Voxel indices to mm.
    common : bool array, shape (x, y, z)
        Voxels that every subject has.
    voxels : Places
        Of these.
    regions : GroupRegions or None
        With an atlas.
    """

    subjects: tuple[str, ...]
    affine: np.ndarray
    common: np.ndarray
    voxels: Places
    regions: GroupRegions | None = None

    def volume(self, values: np.ndarray) -> np.ndarray:
        """Put values of the common voxels back into the volume (x, y, z), NaN elsewhere."""
        found = np.full(self.common.shape, np.nan)
        found[self.common] = values
        return found

    @property
    def peak_mm(self) -> tuple[float, ...]:
        """Place of the highest mean r, mm."""
        at = np.argwhere(self.common)[int(np.argmax(self.voxels.mean))]
        return tuple(float(x) for x in self.affine[:3, :3] @ at + self.affine[:3, 3])

    def write(self, folder: Path) -> dict[str, Any]:
        """Write maps and the table of regions, and give the facts for ``scores.json``."""
        for name, values in (("meanr", self.voxels.mean), ("t", self.voxels.t), ("pmax", self.voxels.p)):
            write_map(_map(folder, name), self.volume(values), self.affine, undefined=np.nan)
        facts: dict[str, Any] = {
            "subjects": list(self.subjects),
            "voxels": int(self.common.sum()),
            "significant": self.voxels.significant,
            "highest_r": float(self.voxels.mean.max()),
            "highest_at_mm": list(self.peak_mm),
        }
        if self.regions is not None:
            columns = [self.regions.scores.mean, self.regions.scores.t, self.regions.scores.p]
            head = ["region", "mean_r", "t", "p_max", *(f"r_sub-{subject}" for subject in self.subjects)]
            rows = np.column_stack([*columns, *self.regions.of_subjects])
            table = [[name, *map(cell, row.tolist())] for name, row in zip(self.regions.names, rows, strict=True)]
            write_csv(folder / TABLE, head, table, delimiter="\t")
            keys = ("mean_r", "t", "p_max")
            facts["regions"] = {
                name: {key: defined(float(value)) for key, value in zip(keys, row, strict=False)}
                | {"r": [defined(float(value)) for value in row[3:]]}
                for name, row in zip(self.regions.names, rows, strict=True)
            }
        return {GROUP: facts}

    @classmethod
    def read(cls, folder: str | Path, facts: Mapping[str, Any]) -> Self | None:
        """Read what `write` wrote, by the facts of ``scores.json``; None where there is no group.

        Raises
        ------
        ResultError
            If a map is absent or damaged.
        """
        if not facts.get(GROUP):
            return None
        folder, content = Path(folder), facts[GROUP]
        with reading(_map(folder, "meanr"), "the maps over subjects", AGAIN):
            images = [open_image(_map(folder, name)) for name in ("meanr", "t", "pmax")]
            mean, t, p = (np.asarray(image.dataobj, np.float64) for image in images)
            common = np.isfinite(mean)
            voxels = Places(mean[common], t[common], p[common])
            subjects = tuple(str(subject) for subject in content["subjects"])
            return cls(subjects, np.asarray(images[0].affine), common, voxels, _regions(content.get("regions")))


def _map(folder: Path, name: str) -> Path:
    return folder / f"group_desc-{name}_map.nii.gz"


def _regions(content: Mapping[str, Any] | None) -> GroupRegions | None:
    if not content:
        return None
    columns = ([as_float(one[key]) for one in content.values()] for key in ("mean_r", "t", "p_max"))
    of_subjects = np.array([[as_float(r) for r in one["r"]] for one in content.values()]).T
    return GroupRegions(tuple(map(str, content)), Places(*map(np.array, columns)), of_subjects)
