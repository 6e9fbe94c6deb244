"""A subject's own mean BOLD volume, brought to the voxels or regions of a model as its training data were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.headers import load_nifti, orientation
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.target_grid import Atlas, Projection, Target
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume

if TYPE_CHECKING:
    from eeg2fmri.data.settings.prepare import PrepareConfig


def read_mean_volume(
    path: str | Path, grid: Sequence[int], affine: np.ndarray, prepared: PrepareConfig | None = None
) -> np.ndarray:
    """Read a subject's own mean BOLD volume on the grid of a model.

    Parameters
    ----------
    path : path
        3-D mean image, or 4-D run, of which the volumes with steady magnetisation are averaged.
    grid : (int, int, int)
        Voxels of the model; an image of another grid is brought to it as in preparing.
    affine : array, shape (4, 4)
        Of the model. The voxel axes of the image must have the same anatomical directions, unless volumes are sampled
        in world coordinates or as regions.
    prepared : PrepareConfig, optional
        How the recordings of the model were prepared: on their own field of view by default.

    Returns
    -------
    array, shape grid, float32
        BOLD units.

    Raises
    ------
    InputError
        If the image, or the atlas that it has to be brought to, cannot be used.
    """
    path = Path(path)
    image = load_nifti(path, [])
    if len(image.shape) not in (3, 4):
        raise InputError("the mean image is neither 3-D nor 4-D", where=str(path), got=str(image.shape))
    opened = BoldImage.of_image(path, image)
    projection = Projection(opened, _target(opened, grid, affine, prepared))
    skip = 0 if opened.n_volumes == 1 else first_steady_volume(opened.header_tr or 0.0)
    skip = min(skip, opened.n_volumes - 1)
    total = np.zeros(opened.shape, float)
    for volume, values in enumerate(opened.volumes()):
        if volume >= skip:
            total += values
    return projection((total / (opened.n_volumes - skip)).astype(np.float32))


def _target(opened: BoldImage, grid: Sequence[int], affine: np.ndarray, prepared: PrepareConfig | None) -> Target:
    shape = (int(grid[0]), int(grid[1]), int(grid[2]))
    if prepared is not None and prepared.bold.atlas is not None:
        name = Path(prepared.bold.atlas)
        if not name.is_file():
            raise InputError(
                "the atlas is not there whose regions the model predicts",
                where=str(name),
                hint="go to the folder from which this path leads to it, or leave the mean image out",
            )
        atlas = Atlas.open(name)
        if len(atlas.numbers) != shape[0]:
            raise InputError(
                "the atlas has another number of regions than the model",
                where=str(name),
                got=str(len(atlas.numbers)),
                expected=str(shape[0]),
            )
        return Target(shape, atlas=atlas)
    if prepared is not None and prepared.bold.resample == "world":
        return Target(shape, affine)
    found, expected = orientation(opened.affine), orientation(affine)
    if found != expected:
        raise InputError(
            "the voxel axes of the mean image have other directions than the model's",
            where=str(opened.path),
            got=found,
            expected=expected,
            hint="reorient the image",
        )
    return Target(shape)
