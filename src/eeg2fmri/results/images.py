"""Maps of voxels as NIfTI images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eeg2fmri.core.files import whole_file


def write_map(path: str | Path, values: np.ndarray, affine: np.ndarray, undefined: float = 0.0) -> None:
    """Write a map (x, y, z) as a 3-D NIfTI image; 0, or what is given, where it is not defined.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from eeg2fmri.data.bold.to_nifti import volumes_to_image

    defined = np.nan_to_num(np.asarray(values, np.float32), nan=undefined, posinf=undefined, neginf=undefined)
    with whole_file(path) as part:
        volumes_to_image(defined[None], np.asarray(affine, float), tr=1.0).slicer[..., 0].to_filename(part)
