"""EEG in MATLAB files, read as their owner declares: which variable, which rows, which unit, which rate."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.eeg.channel_types import type_by_name
from eeg2fmri.data.settings.eeg import VOLTS, MatlabConfig

if TYPE_CHECKING:
    import mne

#: Bytes that a compressed byte may become: EEG becomes a tenth of this, deflate could give a thousand.
LARGEST_EXPANSION = 100
#: Bytes below which nothing is too large.
SMALL = 50_000_000
#: Type of a compressed element in a MATLAB file of version 5 to 7, and bytes of the file's header.
_COMPRESSED, _HEADER = 15, 128
#: Signature of HDF5, and the byte at which it stands in MATLAB files of version 7.3.
_HDF5, _HDF5_AT = b"\x89HDF\r\n\x1a\n", 512


def read_matlab(path: Path, config: MatlabConfig | None, trigger: str | None = None) -> mne.io.BaseRaw:
    """Read an array of a MATLAB file (version 7 or older) as a recording in memory; `trigger`: the row of triggers.

    Raises
    ------
    InputError
        If nothing is declared of the file, it cannot be read, or the array is another than declared.
    """
    import mne

    if config is None:
        raise InputError(
            "a MATLAB file does not say what its arrays are",
            where=str(path),
            hint="declare it in the settings: eeg: {matlab: {variable: ..., sfreq: ..., rows: [...], unit: uV}}",
        )
    array = _array(path, config)
    if config.axes == "time, channel":
        array = array.T
    rows = _row_names(path, config)
    if len(array) != len(rows):
        raise InputError(
            "the array has another number of channels than the settings name",
            where=f"{path}: {config.variable}",
            got=f"{len(array)} channels of {array.shape[1]} samples",
            expected=f"{len(rows)} channels ('rows'): {first_of(rows, 8)}",
            hint="correct 'rows', or 'axes' if channels and samples are swapped",
        )
    types = ["stim" if name == trigger else type_by_name(name) or "eeg" for name in rows]
    data = np.array(array, float)
    data[[kind != "stim" for kind in types]] *= VOLTS[config.unit]
    info = mne.create_info(rows, config.sfreq, types)
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.filenames = (path,)
    return raw


def _row_names(path: Path, config: MatlabConfig) -> list[str]:
    """Name the channels of the array: as declared, or as the file says."""
    if config.rows_from is not None:
        return _texts(_variable(path, config.rows_from), f"{path}: {config.rows_from}")
    if config.without_rows is None:
        return list(config.rows)
    where = f"{path}: {config.without_rows}"
    value = _variable(path, config.without_rows)
    if value.dtype.kind in "iuf":
        numbers = {int(number) for number in value.ravel()}
        absent = {config.rows[number - 1] for number in numbers if 1 <= number <= len(config.rows)}
        wrong = [str(number) for number in sorted(numbers) if not 1 <= number <= len(config.rows)]
    else:
        names = _texts(value, where)
        absent, wrong = set(names), [name for name in names if name not in config.rows]
    if wrong:
        raise InputError(
            "the file lacks rows that are not among 'rows'",
            where=where,
            got=", ".join(wrong),
            expected=f"numbers from 1 to {len(config.rows)}, or their names",
        )
    return [name for name in config.rows if name not in absent]


def _texts(value: np.ndarray, where: str) -> list[str]:
    """Read the texts of a cell array or a matrix of characters."""
    texts = [str(np.asarray(one).ravel()[0]) if np.asarray(one).size else "" for one in value.ravel()]
    texts = [text.strip() for text in texts]
    if value.dtype.kind not in "OUS" or not all(texts):
        raise InputError("the variable does not hold names", where=where, got=f"type {value.dtype}")
    return texts


def _array(path: Path, config: MatlabConfig) -> np.ndarray:
    array = _variable(path, config.variable)
    if array.ndim != 2 or array.dtype.kind not in "iuf" or not array.size:
        raise InputError(
            "the variable is not a two-dimensional array of numbers",
            where=f"{path}: {config.variable}",
            got=f"type {array.dtype}, shape {array.shape}",
            expected=config.axes,
        )
    return array


def _variable(path: Path, name: str) -> np.ndarray:
    """Read a variable of a MATLAB file of any version."""
    refuse_bomb(path)
    try:
        found, listed = _of_hdf5(path, name) if is_hdf5(path) else _of_version_5(path, name)
    except ImportError:
        raise InputError(
            "a MATLAB file of version 7.3 needs h5py",
            where=str(path),
            hint="pip install 'eeg2fmri[matlab]', or save the file with save(..., '-v7')",
        ) from None
    except Exception as error:
        raise InputError(
            "the MATLAB file cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            hint="copy the file again",
        ) from None
    if found is None:
        raise InputError(
            "the MATLAB file has no such variable",
            where=f"{path}: {name}",
            got=", ".join(listed)[:200],
            expected=name,
        )
    return found


def is_hdf5(path: Path) -> bool:
    """Tell whether a file has the format of version 7.3: HDF5, after a block of MATLAB's own."""
    try:
        with path.open("rb") as file:
            head = file.read(_HDF5_AT + len(_HDF5))
    except OSError:  # the reader will say why
        return False
    return head.startswith(_HDF5) or head[_HDF5_AT:] == _HDF5


def _of_version_5(path: Path, name: str) -> tuple[np.ndarray | None, list[str]]:
    import scipy.io

    listed = {known: shape for known, shape, _ in scipy.io.whosmat(path)}
    if name not in listed:
        return None, list(listed)
    _refuse_too_many(listed[name], path)
    return np.asarray(scipy.io.loadmat(path, variable_names=[name])[name]), list(listed)


def _of_hdf5(path: Path, name: str) -> tuple[np.ndarray | None, list[str]]:
    import h5py

    with h5py.File(path, "r") as file:
        listed = [known for known in file if not known.startswith("#")]
        node = file.get(name)
        if not isinstance(node, h5py.Dataset):
            return None, listed
        _refuse_too_many(node.shape, path)
        values = node[()].T  # MATLAB writes columns first
        if h5py.check_ref_dtype(node.dtype) is not None:
            texts = ["".join(map(chr, np.asarray(file[one]).ravel())) for one in values.ravel()]
            return np.array(texts, object), listed
        if node.attrs.get("MATLAB_class") == b"char":
            return np.array(["".join(map(chr, row)) for row in values], object), listed
        return np.asarray(values), listed


def _refuse_too_many(shape: Sequence[int], path: Path) -> None:
    promised = int(np.prod(shape, dtype=object))
    if promised > max(SMALL, path.stat().st_size * LARGEST_EXPANSION):
        raise ValueError(f"{promised} values cannot be in {path.stat().st_size} bytes")


def refuse_bomb(path: Path) -> None:
    """Refuse a MATLAB file that would become far larger in memory than EEG does, before it is unpacked there.

    Raises
    ------
    InputError
        If a compressed element of the file unpacks to more than `LARGEST_EXPANSION` times its bytes.
    """
    try:
        with path.open("rb") as file:
            order: Literal["little", "big"] = "big" if file.read(_HEADER)[126:128] == b"MI" else "little"
            while len(tag := file.read(8)) == 8:
                kind, length = (int.from_bytes(tag[k : k + 4], order) for k in (0, 4))
                after = file.tell() + length
                if kind == _COMPRESSED and (size := _unpacked(file, length)) > max(SMALL, LARGEST_EXPANSION * length):
                    raise InputError(
                        "the file would unpack to far more than EEG does",
                        where=str(path),
                        got=f"more than {size / 1e6:.0f} MB from {length / 1e6:.1f} MB",
                        expected=f"at most {LARGEST_EXPANSION} times as much",
                        hint="save the array without compression if it is meant",
                    )
                file.seek(after)
    except OSError as error:
        raise InputError("the file cannot be read", where=str(path), got=str(error.strerror)) from None


def _unpacked(file: BinaryIO, length: int) -> int:
    """Count the bytes that a compressed element becomes, a piece at a time, up to what is allowed."""
    unpacker, left, size = zlib.decompressobj(), length, 0
    while left > 0 and size <= max(SMALL, LARGEST_EXPANSION * length) and not unpacker.eof:
        piece = file.read(min(left, 65536))
        if not piece:
            break
        left -= len(piece)
        try:
            size += len(unpacker.decompress(piece))
        except zlib.error:  # the reader will say what is wrong
            break
    return size
