"""Maps of voxels as NIfTI images, of grayordinates and parcels as CIFTI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import whole_file


def open_image(path: Path) -> Any:
    """Open a NIfTI image; to be called while `eeg2fmri.results.files.reading`, which tells of what is none.

    Raises
    ------
    ValueError
        If the file is no image.
    """
    import nibabel

    try:
        return nibabel.Nifti1Image.from_filename(path)
    except nibabel.filebasedimages.ImageFileError as error:
        raise ValueError(str(error)) from None


def write_map(
    path: str | Path, values: np.ndarray, affine: np.ndarray, undefined: float = 0.0, elements: str = ""
) -> None:
    """Write a map (x, y, z) as a 3-D NIfTI image; 0, or what is given, where it is not defined.

    Where elements (see `eeg2fmri.data.bold.elements`) stand in place of voxels, a CIFTI image of one map is written;
    its name ends as such names do.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from eeg2fmri.data.bold.elements import MAPS, Elements
    from eeg2fmri.data.bold.to_nifti import volumes_to_image

    defined = np.nan_to_num(np.asarray(values, np.float32), nan=undefined, posinf=undefined, neginf=undefined)
    if elements:
        of, path = Elements.of_text(elements), Path(path)
        name = path.name.removesuffix(".nii.gz")
        with whole_file(path.with_name(name + MAPS[of.kind])) as part:
            of.maps([name], defined.reshape(1, -1)).to_filename(part)
        return
    with whole_file(path) as part:
        volumes_to_image(defined[None], np.asarray(affine, float), tr=1.0).slicer[..., 0].to_filename(part)
