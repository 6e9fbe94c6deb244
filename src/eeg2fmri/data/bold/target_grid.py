"""From the voxels of an image to those of a store: another grid, other places in mm, or regions of an atlas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.bold.headers import load_nifti
from eeg2fmri.data.bold.regrid import Grid, regrid, regrid_affine
from eeg2fmri.data.bold.spaces import nearest_on

if TYPE_CHECKING:
    from nibabel import Nifti1Image

    from eeg2fmri.data.bold.elements import Elements
    from eeg2fmri.data.bold.image import BoldImage


@dataclass(frozen=True, eq=False)
class Target:
    """What the volumes of a store are.

    Attributes
    ----------
    grid : (int, int, int)
    affine : array, shape (4, 4), or None
        Voxel indices to mm, the same for every recording; None keeps each recording's field of view.
    atlas : Atlas or None
        Regions in place of voxels.
    sources : tuple of Path
        Images that decided it, beside those of the recordings.
    elements : Elements or None
        Grayordinates, parcels or vertices in place of voxels.
    """

    grid: Grid
    affine: np.ndarray | None = None
    atlas: Atlas | None = None
    sources: tuple[Path, ...] = ()
    elements: Elements | None = None


@dataclass(frozen=True, eq=False)
class Atlas:
    """Numbered regions.

    Attributes
    ----------
    path : Path
    labels : array, shape (x, y, z)
        Number of the region of each voxel; 0 is none.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    numbers : array, shape (region,)
        Numbers that occur, rising.
    image : Nifti1Image
        It says in which space it is.
    notes : tuple of str
        What was mended in its header, and which of its affines counts.
    """

    path: Path
    labels: np.ndarray
    affine: np.ndarray
    numbers: np.ndarray
    image: Nifti1Image
    notes: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path) -> Atlas:
        """Read an atlas.

        Raises
        ------
        InputError
            If it is no 3-D image of whole numbers.
        """
        notes: list[str] = []
        image = load_nifti(path, notes)
        if len(image.shape) != 3 or np.prod(image.shape, dtype=object) > 2**28:
            raise InputError("the atlas is not a 3-D image", where=str(path), got=str(image.shape))
        try:
            values = np.asarray(image.dataobj)
        except Exception as error:
            raise InputError(
                "the atlas cannot be read", where=str(path), got=f"{type(error).__name__}: {error}"
            ) from None
        whole = np.isfinite(values).all() and np.array_equal(values, np.round(values)) and values.min() >= 0
        numbers = np.unique(values).astype(int) if whole else np.array([], int)
        numbers = numbers[numbers > 0]
        if not numbers.size:
            raise InputError(
                "the atlas does not number regions", where=str(path), expected="whole numbers from 1 on, 0 outside"
            )
        return cls(path, values.astype(int), np.asarray(image.affine, float), numbers, image, tuple(notes))

    def regions_on(self, affine: np.ndarray, shape: Grid) -> np.ndarray:
        """Place of the region (in `numbers`, from 1) of each voxel of another image; 0 is none."""
        found = nearest_on(self.labels, self.affine, affine, shape)
        return np.where(found > 0, np.searchsorted(self.numbers, found) + 1, 0)


class Projection:
    """Brings the volumes of one recording to the target.

    Parameters
    ----------
    bold : BoldImage
        The recording.
    target : Target
        Grid, places or regions.

    Attributes
    ----------
    affine : array, shape (4, 4)
        Of the volumes that come out.
    same : bool
        Whether volumes come out as they are.

    Raises
    ------
    InputError
        If the image has no voxel in some region, or no voxel in the target.
    """

    def __init__(self, bold: BoldImage, target: Target) -> None:
        self.grid = target.grid
        self._regions: np.ndarray | None = None
        self._matrix: np.ndarray | None = None
        if target.atlas is not None:
            self.affine = np.eye(4)
            regions = target.atlas.regions_on(bold.affine, bold.shape).ravel()
            self._counts = np.bincount(regions, minlength=len(target.atlas.numbers) + 1)[1:]
            if not self._counts.all():
                absent = target.atlas.numbers[self._counts == 0]
                raise InputError(
                    "regions of the atlas have no voxel of the BOLD image",
                    where=str(bold.path),
                    got=first_of(absent, 8),
                    expected=f"all {len(self._counts)} regions of {target.atlas.path}",
                    hint="check that both are in the same space, or use a coarser atlas",
                )
            self._regions = regions
        elif target.affine is not None:
            self.affine = target.affine
            self._matrix = np.linalg.inv(bold.affine) @ target.affine
            corners = np.array([[x, y, z, 1] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
            corners[:, :3] *= np.array(self.grid) - 1
            places = (corners @ self._matrix.T)[:, :3]
            if (places.max(axis=0) < 0).any() or (places.min(axis=0) > np.array(bold.shape) - 1).any():
                raise InputError(
                    "the BOLD image lies outside the grid that volumes are brought to",
                    where=str(bold.path),
                    hint="bring the recordings to a common space, or use resample: dct",
                )
        else:
            self.affine = regrid_affine(bold.affine, bold.shape, self.grid)
        self.same = self._regions is None and self._matrix is None and bold.shape == tuple(self.grid)

    def __call__(self, volume: np.ndarray, *, order: int = 3) -> np.ndarray:
        """Bring a volume (x, y, z) to the target, float32; `order` is that of the splines in world coordinates."""
        if self._regions is not None:
            sums = np.bincount(self._regions, weights=volume.ravel(), minlength=len(self._counts) + 1)[1:]
            return (sums / self._counts).astype(np.float32).reshape(self.grid)
        if self._matrix is not None:
            from scipy.ndimage import affine_transform

            return affine_transform(
                volume, self._matrix[:3, :3], self._matrix[:3, 3], self.grid, np.float32, order, mode="grid-constant"
            )
        return regrid(volume, self.grid)
