"""Refuse what no prediction can be made of: the same for a recording and for a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.units import eeg_unit_problem

#: Hz: more than any amplifier of EEG has.
HIGHEST_HZ = 1e6


def checked_mean(own_mean: object, grid: Sequence[int]) -> np.ndarray | None:
    """Refuse a mean volume of another grid, or with values that are no numbers.

    Parameters
    ----------
    own_mean : array, shape (x, y, z), or None
    grid : (int, int, int)
        Of the model.

    Raises
    ------
    InputError
    """
    if own_mean is None:
        return None
    mean = np.asarray(own_mean)
    if mean.shape != tuple(grid):
        raise InputError(
            "the subject's mean volume is on another grid than the run",
            got=str(mean.shape),
            expected=str(tuple(grid)),
            hint="resample it to the grid of the run (its affine is in config.json)",
        )
    if mean.dtype.kind not in "iuf" or not np.isfinite(mean).all():
        raise InputError(
            "the subject's mean volume holds values that are not finite numbers",
            got=f"{int(np.sum(~np.isfinite(mean)))} voxels" if mean.dtype.kind == "f" else str(mean.dtype),
            expected="BOLD in every voxel",
            hint="put 0 where there is no BOLD",
        )
    return mean


def checked_rate(sfreq: object) -> float:
    """Refuse a sampling rate that is no finite number of Hz above 0.

    Raises
    ------
    InputError
    """
    if isinstance(sfreq, (int, float, np.number)) and not isinstance(sfreq, (bool, np.complexfloating)):
        rate = float(sfreq)
        if 0 < rate < HIGHEST_HZ:
            return rate
    expected = f"a number of Hz above 0 and below {HIGHEST_HZ:g}"
    raise InputError("the sampling rate is none", got=repr(sfreq)[:100], expected=expected)


def checked_samples(samples: object, n_channels: int) -> np.ndarray:
    """Refuse samples of a stream that are no volts of its channels.

    Parameters
    ----------
    samples : array, shape (channel, sample)
    n_channels : int

    Raises
    ------
    InputError
    """
    try:
        chunk = np.asarray(samples)
    except ValueError as error:  # lists of several lengths
        raise InputError("the samples are no array", got=str(error), expected="(channel, sample)") from None
    if chunk.ndim != 2 or chunk.shape[0] != n_channels:
        raise InputError(
            "the samples do not have the channels of the stream",
            got=f"shape {chunk.shape}",
            expected=f"({n_channels}, any number of samples)",
        )
    if chunk.dtype.kind != "f":
        raise InputError(
            "the samples are no volts",
            got=f"numbers of type {chunk.dtype}",
            expected="floating-point numbers",
            hint="multiply counts by the resolution of the amplifier, V, and feed this chunk again",
        )
    return chunk


def check_window(std_v: np.ndarray, where: str) -> None:
    """Refuse a window of a stream in another unit than volts, as a recording is refused.

    Parameters
    ----------
    std_v : array, shape (row, channel)
        Standard deviation over each row, V.
    where : str

    Raises
    ------
    InputError
    """
    typical = np.median(std_v, axis=0)
    problem = eeg_unit_problem(typical[typical > 0] if (typical > 0).any() else typical, where)
    if problem is not None:
        hint = "multiply microvolts by 1e-6 before they are fed, and start a new stream"
        raise InputError.of([replace(problem, hint=hint)])
