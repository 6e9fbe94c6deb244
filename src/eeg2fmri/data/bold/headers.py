"""NIfTI headers: read lazily, mended loudly, compared by direction."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError, Problem, first_of

if TYPE_CHECKING:
    from nibabel import Nifti1Image

#: The next step for a damaged image.
COPY_AGAIN = "copy the file again"
#: Distance (mm) between the places that sform and qform give a voxel from which the user is told.
DISAGREE_MM = 1.0


@contextmanager
def header_log(notes: list[str]) -> Iterator[None]:
    """Collect what nibabel mends in a header instead of printing it."""
    from nibabel import imageglobals

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.append(f"NIfTI header: {record.getMessage()}")

    handler = Collect(logging.WARNING)
    with imageglobals.LoggingOutputSuppressor():
        imageglobals.logger.addHandler(handler)
        try:
            yield
        finally:
            imageglobals.logger.removeHandler(handler)


def not_finite(volumes: Sequence[int], of: int, where: str) -> InputError:
    """Make the error of volumes that hold what is no number."""
    return InputError(
        "volumes hold values that are not finite (NaN or infinite)",
        where=where,
        got=f"volumes {first_of(volumes, 10)} of {of}",
        hint="repair or cut these volumes (and their EEG markers), or leave the recording out",
    )


def load_image(path: Path, notes: list[str], what: str, expected: str) -> Any:
    """Read the header of an image of any kind, which is called `what`; what nibabel mended is appended to `notes`.

    Raises
    ------
    InputError
        If it is absent or no image.
    """
    import nibabel

    try:
        refuse_pipe(path)
        with warnings.catch_warnings(), header_log(notes):
            warnings.simplefilter("ignore")  # what matters of a header is checked by the caller
            return nibabel.load(path)
    except FileNotFoundError:
        raise InputError("the image does not exist", where=str(path), hint="check the path") from None
    except Exception as error:
        raise InputError(
            f"the {what} cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}"[:300],
            expected=expected,
            hint=COPY_AGAIN,
        ) from None


def load_nifti(path: Path, notes: list[str]) -> Nifti1Image:
    """Read the header of a NIfTI image; what nibabel mended in it is appended to `notes`.

    Raises
    ------
    InputError
        If it is absent or no NIfTI image.
    """
    import nibabel

    image = load_image(path, notes, "image", "a NIfTI image (.nii or .nii.gz)")
    if not isinstance(image, nibabel.Nifti1Image):
        raise InputError(
            "the image is not NIfTI", where=str(path), got=type(image).__name__, expected="a .nii or .nii.gz file"
        )
    notes += _two_affines(image)
    return image


def _two_affines(image: Nifti1Image) -> list[str]:
    """Say which affine counts where a header has two that put voxels more than a mm apart."""
    header = image.header
    if not (int(header["sform_code"]) and int(header["qform_code"])):
        return []
    try:
        other = np.asarray(header.get_qform(), float)
    except ValueError:
        return ["the qform of the NIfTI header is not valid: the sform counts"]
    corners = np.array([[x, y, z, 1] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    corners[:, :3] *= np.array((*image.shape, 1, 1, 1)[:3]) - 1
    apart = float(np.linalg.norm((corners @ (np.asarray(image.affine) - other).T)[:, :3], axis=1).max())
    if not apart > DISAGREE_MM:
        return []
    return [f"sform and qform of {_name(image)} disagree by up to {apart:.1f} mm: the sform counts"]


def _name(image: Nifti1Image) -> str:
    return Path(str(image.get_filename() or "the image")).name


def orientation(affine: np.ndarray) -> str:
    """Anatomical directions of the voxel axes, for example ``RAS``."""
    from nibabel.orientations import aff2axcodes

    return "".join(str(code) for code in aff2axcodes(affine))


def orientation_problem(path: Path, affine: np.ndarray, expected: str) -> Problem | None:
    """Return a problem if an image's voxel axes have other directions than the other recordings'."""
    found = orientation(affine)
    if found == expected:
        return None
    return Problem(
        "the voxel axes have other directions than in the other recordings",
        str(path),
        found,
        expected,
        "reorient the image, so that voxels can be compared",
    )
