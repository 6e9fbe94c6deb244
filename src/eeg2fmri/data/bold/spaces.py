"""In which space an image is, and images of one space on each other's grid: by their affines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.space import INDIVIDUAL, corresponds
from eeg2fmri.data.bids.sidecars import entities

if TYPE_CHECKING:
    from nibabel import Nifti1Image

#: Spaces by the code that a NIfTI header gives its affine (NIFTI_XFORM_TALAIRACH, NIFTI_XFORM_MNI_152).
_BY_CODE = {3: "Talairach", 4: "MNI152"}
#: Largest difference (mm) between affines that are one.
SAME_MM = 1e-2


def space_of(path: Path, image: Nifti1Image) -> str:
    """Name the space that an image says it is in; empty where it says nothing.

    Its ``space-`` (or ``tpl-``) label, else MNI152 in its name, else the code of the affine that counts in its header.
    """
    labels = entities(path)
    if "space" in labels or "tpl" in labels:
        return labels.get("space") or labels["tpl"]
    if re.search(r"mni[-_]?152", path.name, re.IGNORECASE):
        return "MNI152"
    code = int(image.header["sform_code"]) or int(image.header["qform_code"])
    return _BY_CODE.get(code, "")


def space_problem(path: Path, image: Nifti1Image, space: str, of: str) -> Problem | None:
    """Return a problem if an image says that it is in another space.

    Parameters
    ----------
    path : Path
    image : Nifti1Image
    space : str
        Space of the volumes: BIDS label, ``native`` or ``unknown``.
    of : str
        What the image is, in words.
    """
    own = space_of(path, image)
    if not own or space == "unknown" or space.startswith("mixed") or _same(own, space):
        return None
    return Problem(
        f"{of} is in another space than the volumes",
        str(path),
        own,
        space,
        f"bring {of} to the space of the volumes, or prepare volumes of its space, for example of fMRIPrep: "
        "bold: {derivatives: derivatives/fmriprep, space: ...}",
    )


def _same(one: str, other: str) -> bool:
    """Compare names; the general name of a family, which is all that a header can give, fits each of its members."""
    first, second = sorted((one.casefold(), other.casefold()), key=len)
    if first == second or (first == "mni152" and second.startswith("mni152")):
        return True
    # each subject's own space has several names
    return one in INDIVIDUAL and other in INDIVIDUAL and "native" in (one, other)


def same_places(affine: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Tell whether two affines put every voxel of a grid at the same place, within a hundredth of a mm."""
    corners = np.array([[x, y, z, 1] for x in (0, shape[0]) for y in (0, shape[1]) for z in (0, shape[2])], float)
    return bool(np.abs(corners @ (affine - other).T).max() <= SAME_MM)


def nearest_on(labels: np.ndarray, affine: np.ndarray, to: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Bring labels (x, y, z) to another grid: the voxel nearest to each place, 0 where there is none.

    Parameters
    ----------
    labels : array, shape (x, y, z)
    affine : array, shape (4, 4)
        Voxel indices of `labels` to mm.
    to : array, shape (4, 4)
        Voxel indices of the wanted grid to mm.
    shape : (int, int, int)
        Wanted grid.
    """
    moved = np.linalg.inv(affine) @ to
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    nearest = np.round(grid @ moved[:3, :3].T + moved[:3, 3]).astype(int)
    inside = np.all((nearest >= 0) & (nearest < labels.shape), axis=-1)
    found = np.zeros(shape, labels.dtype)
    found[inside] = labels[tuple(nearest[inside].T)]
    return found


def refuse_no_overlap(found: np.ndarray, path: Path, of: str) -> None:
    """Refuse an image that has nothing where the volumes are.

    Raises
    ------
    InputError
    """
    if not found.any():
        raise InputError(
            f"{of} lies outside the volumes, or is empty there",
            where=str(path),
            hint="check that both are of the same subject and in the same space",
        )


def common(space: str) -> bool:
    """Tell whether volumes are in a named space that all subjects share."""
    return space != "unknown" and corresponds(space)
