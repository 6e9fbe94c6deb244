"""Name what is explained: the sum of the synthesised volume, of a region, or one voxel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.bold.elements import Elements, structure_name

Shape3 = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Target:
    """A weighted sum of the voxels of a volume.

    Attributes
    ----------
    name : str
        How results call it; letters and digits, as BIDS labels have them.
    weights : array, shape (x, y, z)
    what : str
        In words.
    """

    name: str
    weights: np.ndarray
    what: str

    @property
    def n_voxels(self) -> int:
        """Voxels with a weight."""
        return int(np.count_nonzero(self.weights))


def whole_volume(grid: Sequence[int]) -> Target:
    """Sum of all voxels of a grid (x, y, z)."""
    return Target("volume", np.ones(tuple(grid), np.float32), "sum of the synthesised volume")


def region(mask: np.ndarray, grid: Sequence[int], name: str = "region") -> Target:
    """Sum of the voxels of a mask.

    Parameters
    ----------
    mask : array, shape (x, y, z)
        Not 0 inside the region.
    grid : (x, y, z)
        Of the volumes.
    name : str
        Of the region; what is neither letter nor digit is left out.

    Raises
    ------
    InputError
        If the mask has another shape, holds no voxel, or values that are not finite.
    """
    inside = np.asarray(mask)
    if inside.shape != tuple(grid):
        raise InputError(
            "the region has another shape than the volumes",
            where=name,
            got=f"shape {inside.shape}",
            expected=str(tuple(grid)),
            hint="bring the mask to the grid of the store",
        )
    if not np.isfinite(inside).all() or not inside.any():
        raise InputError("the region holds no voxel, or values that are not finite", where=name)
    label = "".join(c for c in name if c.isalnum()) or "region"
    weights = (inside != 0).astype(np.float32)
    return Target(label, weights, f"sum of the {int(weights.sum())} voxels of {name}")


def voxel(index: Sequence[int], grid: Sequence[int]) -> Target:
    """One voxel by its indices (x, y, z), counted from 0.

    Raises
    ------
    InputError
        If there are not three indices, or the voxel is outside the grid.
    """
    index, grid = tuple(int(i) for i in index), tuple(grid)
    if len(index) != 3 or any(not 0 <= i < n for i, n in zip(index, grid, strict=False)):
        raise InputError(
            "there is no such voxel",
            where="voxel",
            got=str(index),
            expected=f"three indices from 0 to below {grid}",
        )
    weights = np.zeros(grid, np.float32)
    weights[index] = 1
    return Target("voxel" + "x".join(map(str, index)), weights, f"voxel {index}")


def structure(name: str, elements: Elements) -> Target:
    """Take a structure or parcel of a surface by its name: ``cortex left``, ``thalamus left``, ``7Networks_LH_Vis_1``.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    names = [structure_name(one) for one in elements.axis.name]
    inside = np.array([one == structure_name(name) for one in names])
    if not inside.any():
        raise InputError(
            "the model has no such structure or parcel",
            where="target",
            got=name,
            expected=first_of(list(dict.fromkeys(names)), 24),
            hint="a mask of voxels is for models of volumes",
        )
    return region(inside[:, None, None], (len(names), 1, 1), structure_name(name))


def read_region(path: str | Path, grid: Sequence[int], affine: np.ndarray) -> Target:
    """Read a region from a NIfTI mask on the grid of the volumes.

    Parameters
    ----------
    path : path
        Named as the region is.
    grid : (x, y, z)
    affine : array, shape (4, 4)
        Voxel indices of the volumes to mm.

    Raises
    ------
    InputError
        If the file cannot be read, or is on another grid or at another place.
    """
    import nibabel

    path = Path(path)
    try:
        refuse_pipe(path)
        image: Any = nibabel.load(path)
        mask = np.asarray(image.dataobj)
    except (OSError, ValueError, EOFError, nibabel.filebasedimages.ImageFileError) as error:
        raise InputError(
            "the region cannot be read", where=str(path), got=str(error), expected="a NIfTI mask"
        ) from None
    name = path.name.removesuffix(".gz").removesuffix(".nii")
    found = region(mask.squeeze(), grid, name)
    apart = float(np.abs(np.asarray(image.affine) - np.asarray(affine)).max())
    if apart > 1e-2:
        raise InputError(
            "the region is at another place than the volumes",
            where=str(path),
            got=f"affines differ by up to {apart:.3g} mm",
            expected="the affine of the store",
            hint="resample the mask to the grid of the store",
        )
    return found
