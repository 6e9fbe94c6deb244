"""Read single files of the truth of a simulated data set; one that is damaged is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import DAMAGE, refuse_pipe
from eeg2fmri.core.errors import Eeg2FmriError, InputError


@contextmanager
def reading_truth(*paths: Path) -> Iterator[None]:
    """Turn whatever reading files of the truth may raise into an error that names them.

    Raises
    ------
    InputError
    """
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        yield
    except Eeg2FmriError:
        raise
    except (*DAMAGE, ImageFileError, HeaderDataError) as error:
        raise InputError(
            "the truth of the simulated data set cannot be read",
            where=", ".join(map(str, paths)),
            got=f"{type(error).__name__}: {error}",
            hint="simulate the data set again",
        ) from None


def read_array(path: Path, *shape: int | None) -> np.ndarray:
    """Read an array of finite numbers.

    Parameters
    ----------
    path : Path
        A ``.npy`` file.
    *shape : int or None
        Length of each axis; None stands for any.

    Raises
    ------
    InputError
        If it cannot be read, or has another shape.
    """
    with reading_truth(path):
        refuse_pipe(path)
        array: np.ndarray = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        wanted = tuple(length or here for here, length in zip(array.shape, shape, strict=False))
        if array.dtype.kind not in "bfiu" or array.ndim != len(shape) or array.shape != wanted:
            raise ValueError(f"{array.dtype} numbers of shape {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError("numbers that are not finite")
        return array


def read_image(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the voxels (x, y, z) and the affine (4, 4) of a volume.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    import nibabel

    with reading_truth(path):
        refuse_pipe(path)
        image: Any = nibabel.load(path)
        return np.asarray(image.dataobj), np.asarray(image.affine)
