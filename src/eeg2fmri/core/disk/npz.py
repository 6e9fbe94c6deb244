"""Compressed ``.npz`` files, written in a seventh of the time that numpy takes."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import whole_file
from eeg2fmri.core.disk.parse import refuse_pipe

#: Of zlib, 1 to 9. numpy takes 6, which makes files of measured floats no smaller and takes seven times as long.
LEVEL = 1
#: Times its size to which a file may unpack where that is more than so many bytes: arrays of zeros are a thousandth.
PACKED, SMALL = 50, 100_000_000


def save_npz(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays, whole or not at all; `numpy.load` reads them.

    Parameters
    ----------
    path : path
        Written as it is named; a file that is there is replaced.
    arrays : mapping of str to array
        Nothing that would need pickle: numbers, booleans and text.

    Raises
    ------
    ValueError
        If an array holds Python objects.
    OutputError
        If the file cannot be written.
    """
    with whole_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_npz(path: str | Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file; nothing is unpickled, and no memory is taken for what the file does not hold.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    zipfile.BadZipFile, zlib.error, ValueError, EOFError
        If it is damaged; see `eeg2fmri.core.disk.parse.DAMAGE`.
    """
    refuse_pipe(Path(path))
    try:
        with zipfile.ZipFile(path) as file:
            unpacked, packed = sum(one.file_size for one in file.infolist()), Path(path).stat().st_size
            if unpacked > max(SMALL, PACKED * packed):
                raise ValueError(f"{packed} bytes that would unpack to {unpacked}")
            return {one.filename.removesuffix(".npy"): _array(file, one) for one in file.infolist()}
    except RuntimeError as error:  # a flag that says that it is encrypted, or of a version to come
        raise ValueError(str(error)) from None


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Read one array, whose header has to say the size that it has."""
    with file.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        said = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and said != member.file_size - stream.tell():
            raise ValueError(f"{member.filename}: {member.file_size - stream.tell()} bytes, where {said} are said")
    with file.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
