"""Rows of a ``.npy`` file, read into memory that is there already.

A memory map would do too, but what it has touched counts as memory of the process, each page costs a fault, and a
file that has become shorter or a disk that is gone kills the process; here they are errors that name the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.format import AGAIN


class ArrayRows:
    """Reads rows of the first axis of an array on disk; any number of threads may read at once.

    Parameters
    ----------
    array : numpy.memmap, or array
        A ``.npy`` file in C order, or consecutive rows of one, as `eeg2fmri.data.store.store.Store` gives it; it is
        not kept. An array in memory is kept, and read from there.

    Attributes
    ----------
    path : Path
    shape : tuple of int
    dtype : numpy dtype
    """

    def __init__(self, array: np.ndarray) -> None:
        on_disk = isinstance(array, np.memmap) and array.flags.c_contiguous
        self._held = None if on_disk else array
        self.path = Path(str(cast(np.memmap, array).filename)) if on_disk else Path()
        self.shape = array.shape
        self.dtype = array.dtype
        self._offset = _offset(cast(np.memmap, array)) if on_disk else 0
        self._row_bytes = int(np.prod(array.shape[1:], dtype=np.int64)) * array.dtype.itemsize

    def read(self, first: int, out: np.ndarray) -> np.ndarray:
        """Read rows from `first` on until `out` is full.

        Parameters
        ----------
        first : int
            Row of the file that becomes row 0 of `out`.
        out : array, shape (row, *shape[1:])
            Contiguous, of the type of the file.

        Returns
        -------
        array
            `out`.

        Raises
        ------
        StoreError
            If the file cannot be read or ends too early.
        """
        if out.shape[1:] != self.shape[1:] or out.dtype != self.dtype or first < 0 or first + len(out) > self.shape[0]:
            raise ValueError(f"rows {first} to {first + len(out)} of {self.path.name} do not fit into {out.shape}")
        if self._held is not None:
            out[...] = self._held[first : first + len(out)]
            return out
        wanted = out.data.cast("B")
        done = 0
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(self._offset + first * self._row_bytes)
                while done < len(wanted):
                    count = file.readinto(wanted[done:])
                    if not count:
                        break
                    done += count
        except OSError as error:
            raise StoreError(
                "a file of the store cannot be read", where=str(self.path), got=error.strerror or str(error)
            ) from None
        if done < len(wanted):
            raise StoreError(
                "a file of the store ends too early",
                where=str(self.path),
                got=f"{done} of {len(wanted)} bytes from row {first} on",
                hint=AGAIN,
            )
        return out


def _offset(array: np.memmap) -> int:
    """Byte of the file where the rows begin: numpy gives that of the whole map for a part of it too."""
    whole: np.ndarray = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    addresses = [int(each.__array_interface__["data"][0]) for each in (array, whole)]
    return int(array.offset) + addresses[0] - addresses[1]
