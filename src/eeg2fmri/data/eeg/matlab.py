"""EEG in MATLAB files, read as their owner declares: which variable, which rows, which unit, which rate."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from eeg2fmri.core.errors import InputError
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
    if len(array) != len(config.rows):
        raise InputError(
            "the array has another number of channels than the settings name",
            where=f"{path}: {config.variable}",
            got=f"{len(array)} channels of {array.shape[1]} samples",
            expected=f"{len(config.rows)} channels ('rows')",
            hint="correct 'rows', or 'axes' if channels and samples are swapped",
        )
    types = ["stim" if name == trigger else type_by_name(name) or "eeg" for name in config.rows]
    data = np.array(array, float)
    data[[kind != "stim" for kind in types]] *= VOLTS[config.unit]
    info = mne.create_info(list(config.rows), config.sfreq, types)
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.filenames = (path,)
    return raw


def _array(path: Path, config: MatlabConfig) -> np.ndarray:
    import scipy.io

    where = f"{path}: {config.variable}"
    refuse_bomb(path)
    try:
        listed = {name: shape for name, shape, _ in scipy.io.whosmat(path)}
        if config.variable in listed:
            promised = int(np.prod(listed[config.variable], dtype=object))
            if promised > max(SMALL, path.stat().st_size * LARGEST_EXPANSION):
                raise ValueError(f"{promised} values cannot be in {path.stat().st_size} bytes")
            array = scipy.io.loadmat(path, variable_names=[config.variable])[config.variable]
    except NotImplementedError:
        raise InputError(
            "the MATLAB file has the format of version 7.3", where=str(path), hint="save it with save(..., '-v7')"
        ) from None
    except Exception as error:
        raise InputError(
            "the MATLAB file cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            hint="copy the file again",
        ) from None
    if config.variable not in listed:
        raise InputError(
            "the MATLAB file has no such variable", where=where, got=", ".join(listed)[:200], expected=config.variable
        )
    if getattr(array, "ndim", 0) != 2 or array.dtype.kind not in "iuf" or not array.size:
        raise InputError(
            "the variable is not a two-dimensional array of numbers",
            where=where,
            got=f"type {array.dtype}, shape {array.shape}",
            expected=config.axes,
        )
    return array


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
