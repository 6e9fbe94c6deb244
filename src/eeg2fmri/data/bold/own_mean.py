"""A subject's own mean BOLD volume, brought to the voxels or regions of a model as its training data were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import entities
from eeg2fmri.data.bold.element_series import open_bold_series
from eeg2fmri.data.bold.elements import Elements
from eeg2fmri.data.bold.headers import load_nifti, orientation
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.regrid import regrid_affine
from eeg2fmri.data.bold.spaces import common, same_places, space_of, space_problem
from eeg2fmri.data.bold.target_grid import Atlas, Projection, Target
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume

#: Share by which fields of view may differ.
FIELD_OF_VIEW = 0.05

if TYPE_CHECKING:
    from eeg2fmri.data.settings.prepare import PrepareConfig


def read_mean_volume(
    path: str | Path,
    grid: Sequence[int],
    affine: np.ndarray,
    prepared: PrepareConfig | None = None,
    *,
    space: str = "native",
    notes: list[str] | None = None,
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
    space : str
        Of the model's volumes. In a space that subjects share the image is placed by its affine; elsewhere its field
        of view has to be that of the model.
    notes : list of str, optional
        What the user should know is appended.

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
    told: list[str] = []
    image = load_nifti(path, told)
    if len(image.shape) not in (3, 4):
        raise InputError("the mean image is neither 3-D nor 4-D", where=str(path), got=str(image.shape))
    named = space_of(path, image) if common(space) or "space" in entities(path) else ""
    if named and (problem := space_problem(path, image, space, "the mean image")) is not None:
        raise InputError.of([problem])
    opened = BoldImage.of_image(path, image)
    target = _target(opened, grid, affine, prepared, space)
    projection = Projection(opened, target)
    if target.affine is not None and not (prepared is not None and prepared.bold.resample == "world"):
        told.append("the mean image has other voxels than the model: sampled at those by its affine")
    if notes is not None:
        notes += told
    return projection(_mean(opened))


def read_mean_elements(path: str | Path, elements: str) -> np.ndarray:
    """Read a subject's own mean of a series of CIFTI or GIFTI that has the elements of a model.

    Parameters
    ----------
    path : path
        See `eeg2fmri.data.bold.element_series.open_bold_series`.
    elements : str
        Of the model (`eeg2fmri.data.bold.elements.Elements.text`).

    Returns
    -------
    array, shape (element, 1, 1), float32
        BOLD units.

    Raises
    ------
    InputError
        If it cannot be read, or has other elements.
    """
    opened = open_bold_series(path)
    Elements.of_text(elements).refuse_other(opened.elements, opened.path)
    return _mean(opened)


def _mean(opened: BoldImage) -> np.ndarray:
    """Average the volumes with steady magnetisation."""
    skip = 0 if opened.n_volumes == 1 else first_steady_volume(opened.header_tr or 0.0)
    skip = min(skip, opened.n_volumes - 1)
    total = np.zeros(opened.shape, float)
    for volume, values in enumerate(opened.volumes()):
        if volume >= skip:
            total += values
    return (total / (opened.n_volumes - skip)).astype(np.float32)


def _target(
    opened: BoldImage, grid: Sequence[int], affine: np.ndarray, prepared: PrepareConfig | None, space: str
) -> Target:
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
    own = regrid_affine(opened.affine, opened.shape, shape)
    if common(space) and not same_places(own, affine, shape):
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
    size, usual = (np.linalg.norm(one[:3, :3], axis=0) * shape for one in (own, np.asarray(affine)))
    if not np.allclose(size, usual, rtol=FIELD_OF_VIEW):
        raise InputError(
            "the mean image covers another field of view than the volumes of the model",
            where=str(opened.path),
            got=" x ".join(f"{mm:.0f}" for mm in size) + " mm",
            expected=" x ".join(f"{mm:.0f}" for mm in usual) + " mm",
            hint="give the subject's own BOLD of the same protocol; in their own space subjects are not placed by mm",
        )
    return Target(shape)
