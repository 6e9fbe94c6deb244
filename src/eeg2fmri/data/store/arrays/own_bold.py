"""Read the BOLD that somebody has in memory: regions of a masker, volumes, NIfTI images or their paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from eeg2fmri.core.disk.parse import refuse_pipe
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.arrays.own_numbers import column_names, numbers, shapes_of
from eeg2fmri.data.timing.repetition_time import TOLERANCE_S, header_tr

#: Code of NIfTI for MNI152 coordinates.
_MNI = 4


class OwnBold(NamedTuple):
    """BOLD of each recording (volume, x, y, z), where it lies, and the numbers of regions that stand along x."""

    volumes: list[np.ndarray]
    affines: list[np.ndarray | None]
    space: str
    regions: tuple[int, ...]


def read_bold(parts: Sequence[Any], tr: float, space: str | None) -> OwnBold:
    """Read BOLD of recordings.

    Raises
    ------
    InputError
        If it is no BOLD, images lie in different places of a common space, or have another TR (s).
    """
    named = [f"bold[{number}]" for number in range(len(parts))]
    images = [_load(Path(part)) if isinstance(part, str | Path) else part for part in parts]
    if any(hasattr(image, "affine") for image in images):
        return _read_images(images, named, tr, space)
    column_names(images, "bold")
    arrays = [numbers(part, where) for part, where in zip(images, named, strict=True)]
    kinds = {array.ndim for array in arrays}
    if kinds not in ({2}, {4}) or any(array.dtype.kind not in "fiu" for array in arrays):
        raise InputError(
            "the BOLD is no array of numbers (volume, region) or (volume, x, y, z), and no 4-D image",
            where="bold",
            got=shapes_of(arrays),
            expected="one of the three for all recordings; one region is (volume, 1)",
        )
    if kinds == {4}:
        return OwnBold(arrays, [None] * len(arrays), space or "native", ())
    if space is not None:
        raise InputError("regions lie in no space", where="space", got=space, expected="None; a space is of volumes")
    volumes = [array[:, :, None, None] for array in arrays]
    return OwnBold(volumes, [None] * len(arrays), "regions", tuple(range(1, arrays[0].shape[1] + 1)))


def _read_images(images: Sequence[Any], named: Sequence[str], tr: float, space: str | None) -> OwnBold:
    problems = []
    for image, where in zip(images, named, strict=True):
        shape = getattr(image, "shape", ())
        if not hasattr(image, "affine") or len(shape) != 4:
            got = f"{type(image).__name__} {shape}"
            problems.append(Problem("this is no 4-D image, as others are", where, got, "a 4-D image of each recording"))
            continue
        stated = header_tr(image.header) if hasattr(image.header, "get_xyzt_units") else None
        if stated is not None and abs(stated - tr) > TOLERANCE_S:
            hint = (
                f"tr={stated:g} if the header is right; else image.header['pixdim'][4] = {tr:g} (in its unit of time)"
            )
            problems.append(Problem("the image has another repetition time", where, f"{stated:g} s", f"{tr:g} s", hint))
    if problems:
        raise InputError.of(problems)
    affines = [np.asarray(image.affine, float) for image in images]
    mni = [_is_mni(image) for image in images]
    named_space, space = space, space or ("MNI152" if any(mni) else "native")
    for affine, where in zip(affines, named, strict=True):
        if corresponds(space) and not np.allclose(affine, affines[0], atol=1e-3):
            raise InputError(
                "an image lies elsewhere than the first",
                where=where,
                got=np.array2string(affine[:3], precision=3),
                expected=np.array2string(affines[0][:3], precision=3),
                hint="resample it: nilearn.image.resample_to_img(image, first)",
            )
    if named_space is None and any(mni) and not all(mni):
        raise InputError(
            "some images say that they are in MNI152, and others do not",
            where=", ".join(where for where, known in zip(named, mni, strict=True) if not known),
            got="no code of MNI152 in the header",
            expected=f"code {_MNI}, as {named[mni.index(True)]} has",
            hint="name the space that all of them are in: space='MNI152', or space='native'",
        )
    volumes = [np.moveaxis(_data(image, where), -1, 0) for image, where in zip(images, named, strict=True)]
    return OwnBold(volumes, list(affines), space, ())


def _is_mni(image: Any) -> bool:
    """Whether the header says that coordinates are those of MNI152."""
    try:
        return int(image.header["sform_code"] or image.header["qform_code"]) == _MNI
    except (KeyError, ValueError):  # formats without codes
        return False


def _load(path: Path) -> Any:
    import nibabel as nib

    try:
        refuse_pipe(path)
        return nib.load(path)
    except (OSError, nib.filebasedimages.ImageFileError) as error:
        raise InputError("the image cannot be read", where=str(path), got=str(error)) from None


def _data(image: Any, where: str) -> np.ndarray:
    try:
        return np.asarray(image.dataobj, np.float32)
    except (OSError, EOFError, ValueError) as error:
        place = image.get_filename() if hasattr(image, "get_filename") else None
        raise InputError("the image cannot be read", where=str(place or where), got=str(error)) from None
