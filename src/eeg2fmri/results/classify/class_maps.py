"""Hold what the decisions of a classification came from: voxels of the view, EEG, stability over folds.

``RESULT/explanation/`` holds

- ``class-<name>_desc-view_relevance.nii.gz``: relevance of each voxel of the view, mean over the class's subjects, each
  explained by the classifier that had not seen it, as a share of the subject's absolute sum;
- ``relevance.npz``: ``view`` (class, model, x, y, z), ``eeg`` (class, model, channel, freq, time), ``electrodes``,
  ``frequencies`` in Hz, ``times`` in s before the volume;
- ``electrodes.csv``, ``frequencies.csv``, ``times.csv``: sums of the EEG relevance along the other axes, by class;
- ``summary.json``: stability over folds, conservation errors;
- ``truth.json``, of simulated groups alone: agreement with what is true of them, see
  `eeg2fmri.classify.relevance.explanation_truth`.

With more than two classes each class has a classifier of its own against the rest, and its maps are of that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_csv, write_json
from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.results.explanation import bands_of
from eeg2fmri.results.files import as_float, reading
from eeg2fmri.results.images import open_image, write_map

FOLDER = "explanation"
SUMMARY, ARRAYS = "summary.json", "relevance.npz"
AGAIN = "classify again: eeg2fmri classify RUN STORE RESULT"
#: Tables of the EEG: the name of their first column, and the axes of (class, channel, freq, time) that they add up.
TABLES = {
    "electrodes": ("electrode", (-2, -1)),
    "frequencies": ("frequency_hz", (-3, -1)),
    "times": ("time_before_volume_s", (-3, -2)),
}


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Relevance of decisions, mean over the subjects of each class, as shares of a subject's absolute sum.

    Parameters
    ----------
    content : mapping
        Subjects, stability and conservation errors, as JSON has it.
    arrays : mapping of str to array
        ``view``, ``eeg``, ``classes`` and the axes; see the module.
    affine : array, shape (4, 4), or None
        Voxel indices to mm; None if no image says it.

    Raises
    ------
    ValueError
        If the arrays do not fit their axes.
    """

    content: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    affine: np.ndarray | None

    def __post_init__(self) -> None:
        shape = (len(self.electrodes), len(self.frequencies), len(self.times))
        if self.eeg.shape[1:] != shape or self.view.ndim != 4:
            raise ValueError(f"relevance of shape {self.eeg.shape} does not fit its axes")
        for part in ("subjects", "speaks_for", "stability", "conservation_error", "bands"):
            getattr(self, part)  # whatever they stand on must be there

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(str(name) for name in self.arrays["classes"])

    @property
    def subjects(self) -> int:
        """Subjects that were explained, each by the classifier that had not seen it."""
        return int(self.content["subjects"])

    @property
    def speaks_for(self) -> str:
        """What positive relevance speaks for."""
        return str(self.content["speaks_for"])

    @property
    def view(self) -> np.ndarray:
        """Relevance of the view for each class's own model, shape (class, x, y, z); NaN without subjects of it."""
        return self._own("view")

    @property
    def eeg(self) -> np.ndarray:
        """Relevance of the EEG for each class's own model, shape (class, channel, freq, time)."""
        return self._own("eeg")

    @property
    def electrodes(self) -> tuple[str, ...]:
        """Names of the electrodes, length channel."""
        return tuple(str(name) for name in self.arrays["electrodes"])

    @property
    def frequencies(self) -> np.ndarray:
        """Hz, shape (freq,)."""
        return self.arrays["frequencies"]

    @property
    def times(self) -> np.ndarray:
        """Seconds before the volume, shape (time,)."""
        return self.arrays["times"]

    @property
    def bands(self) -> tuple[tuple[str, float, float], ...]:
        """Name and limits in Hz of each place of the frequency axis; empty where they are no bands."""
        return bands_of(self.arrays)

    @property
    def stability(self) -> Mapping[str, Mapping[str, float]]:
        """Mean correlation of the maps of two folds, by class, of the view and the EEG; NaN where there are no two."""
        found = self.content["stability"]
        return {part: {str(name): as_float(r) for name, r in found[part].items()} for part in ("view", "eeg")}

    @property
    def conservation_error(self) -> Mapping[str, float]:
        """Share of the decision that did not arrive at the view and the EEG: biases keep it."""
        return {part: as_float(self.content["conservation_error"][part]) for part in ("view", "eeg")}

    def _own(self, name: str) -> np.ndarray:
        own = own_models(len(self.classes))
        return np.stack([self.arrays[name][c, model] for c, model in enumerate(own)]).astype(float)

    def write(self, folder: str | Path) -> None:
        """Write images, arrays, tables and the summary into a folder, which is made.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        folder, view, eeg = Path(folder), self.view, self.eeg
        folder.mkdir(exist_ok=True)
        for name, volume in zip(self.classes, view, strict=True):
            if self.affine is not None and np.isfinite(volume).all():
                write_map(folder / f"class-{name}_desc-view_relevance.nii.gz", volume, self.affine)
        save_npz(folder / ARRAYS, self.arrays)
        for axis, (first, others) in TABLES.items():
            values = zip(getattr(self, axis), eeg.sum(others).T.tolist(), strict=True)
            write_csv(folder / f"{axis}.csv", [first, *self.classes], ([value, *row] for value, row in values))
        write_json(folder / SUMMARY, self.content)

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        AbsentResultError
            If the folder holds no relevance.
        ResultError
            If it is damaged.
        """
        folder = Path(folder)
        with reading(folder / SUMMARY, "the relevance of the decisions", AGAIN):
            content, arrays = dict(read_json(folder / SUMMARY)), read_npz(folder / ARRAYS)
            images = sorted(folder.glob("*_desc-view_relevance.nii.gz"))
            return cls(content, arrays, np.asarray(open_image(images[0]).affine) if images else None)


def own_models(classes: int) -> list[int]:
    """Model that each class's maps are of: with two classes one separates them, with more each has its own."""
    return [0, 0] if classes == 2 else list(range(classes))
