"""Open an atlas: numbered regions or maps of probabilities, with the names of its regions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.atlas_names import of_columns, read_names, table_beside, unique
from eeg2fmri.data.bold.headers import load_nifti
from eeg2fmri.data.bold.spaces import refuse_no_overlap, space_problem
from eeg2fmri.evaluate.metrics.regions import Regions

if TYPE_CHECKING:
    from nibabel import Nifti1Image

#: An image, an image and its table of names, or what a fetcher of nilearn gives (`maps`, `labels`, `lut`).
AtlasLike = Any
#: Correlation over voxels from which two maps are no maps of two regions.
ALIKE = 0.9


@dataclass(frozen=True, eq=False)
class Atlas:
    """An atlas as it was given.

    Attributes
    ----------
    place : str
        Its image, for messages and files.
    image : Nifti1Image
        Whole numbers (x, y, z), 0 for none, or a map a region (x, y, z, region).
    names : mapping of int to str
        Of numbers, or of maps counted from 1; those that have none are called by their number.
    """

    place: str
    image: Nifti1Image
    names: Mapping[int, str]
    _kept: dict[Any, Regions] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, given: AtlasLike) -> Atlas:
        """Open an atlas.

        Parameters
        ----------
        given : path, (path, path), or Bunch of nilearn
            Image; image and table of names (`eeg2fmri.data.bold.atlas_names.read_names`), which is otherwise looked for
            beside the image; or what ``nilearn.datasets.fetch_atlas_...`` gave.

        Raises
        ------
        InputError
            If the image is no atlas, or no region of it is in the table.
        """
        if isinstance(given, cls):
            return given
        if hasattr(given, "maps"):
            image, names = given.maps, _of_bunch(given)
        else:
            image, table = given if isinstance(given, tuple) else (given, table_beside(Path(given)))
            names = {} if table is None else read_names(table)
        if isinstance(image, str | Path):
            place, image = str(image), load_nifti(Path(image), [])
        else:
            place = str(image.get_filename() or "atlas")
        numbers = _numbers(place, image)
        if names and not set(names) & set(numbers):
            raise InputError(
                "the table names no region of the atlas",
                where=place,
                got=f"numbers {min(names)} to {max(names)} in the table",
                expected=f"numbers {min(numbers)} to {max(numbers)}",
                hint="give the table that came with this image",
            )
        return cls(place, image, names)

    def on(self, grid: tuple[int, int, int], affine: np.ndarray, space: str = "unknown") -> Regions:
        """Bring the regions to a grid as nilearn's maskers do: numbers by the nearest voxel, maps linearly.

        Parameters
        ----------
        grid : (x, y, z)
        affine : array, shape (4, 4)
            Voxel indices of the grid to mm.
        space : str
            Of the volumes; an atlas that says that it is in another one is refused.

        Raises
        ------
        InputError
            If it is in another space or does not overlap the grid.
        """
        key = (grid, np.asarray(affine, float).tobytes(), space)
        if key not in self._kept:
            problem = space_problem(Path(self.place), self.image, space, "the atlas")
            if problem is not None:
                raise InputError.of([problem])
            self._kept[key] = self._resampled(grid, affine)
        return self._kept[key]

    def _resampled(self, grid: tuple[int, int, int], affine: np.ndarray) -> Regions:
        from nilearn.image import resample_img

        of_maps = len(self.image.shape) == 4
        with warnings.catch_warnings():
            # maps of zeros and ones are no labels
            warnings.filterwarnings("ignore", "Resampling binary images", UserWarning)
            moved = resample_img(
                self.image,
                target_affine=np.asarray(affine, float),
                target_shape=grid,
                interpolation="linear" if of_maps else "nearest",
                copy_header=True,
                force_resample=False,
            )
        values = np.asarray(moved.dataobj, np.float32) if of_maps else np.round(moved.dataobj).astype(np.int64)
        refuse_no_overlap(values, Path(self.place), "the atlas")
        numbers = np.arange(1, values.shape[-1] + 1) if of_maps else np.unique(values[values != 0])
        return Regions(numbers, tuple(self.names.get(int(k), str(k)) for k in numbers), values)


def _numbers(place: str, image: Nifti1Image) -> list[int]:
    """Numbers of the regions of an image; refuses what is no atlas."""
    if len(image.shape) == 4 and image.shape[3] > 1:
        _refuse_recording(place, image)
        return list(range(1, image.shape[3] + 1))
    values = np.asarray(image.dataobj)
    if values.ndim != 3 or not np.array_equal(values, np.round(values)) or not values.any():
        raise InputError(
            "the image is no atlas",
            where=place,
            got=str(values.shape),
            expected="three axes of whole numbers, or a map for each region along a fourth",
        )
    return [int(number) for number in np.unique(values) if number]


def _refuse_recording(place: str, image: Nifti1Image) -> None:
    """Refuse maps that are alike, as volumes of a recording are."""
    first, second = (np.asarray(image.dataobj[..., k], float).ravel() for k in (0, 1))
    flat = not (np.ptp(first) and np.ptp(second))
    if flat or np.corrcoef(first, second)[0, 1] > ALIKE:
        raise InputError(
            "the image is no atlas: its first two maps are alike, as volumes of a recording are",
            where=place,
            got=str(image.shape),
            expected="three axes of whole numbers, or a map for each region along a fourth",
        )


def _of_bunch(given: Any) -> dict[int, str]:
    """Names of what a fetcher of nilearn gave: its look-up table, or its labels in their order."""
    if getattr(given, "lut", None) is not None:
        return unique(of_columns({str(head): list(given.lut[head]) for head in given.lut.columns}))
    labels = getattr(given, "labels", None)
    if labels is None:
        return {}
    if hasattr(labels, "columns"):
        return unique(of_columns({str(head): list(labels[head]) for head in labels.columns}))
    if getattr(given, "indices", None) is not None:
        return unique({int(number): str(name) for number, name in zip(given.indices, labels, strict=True)})
    first = 0 if len(labels) and str(labels[0]) == "Background" else 1
    return unique(dict(enumerate(map(str, labels), first)))
