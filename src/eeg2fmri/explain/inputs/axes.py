"""Axes of relevance maps with their units, and means along them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.errors import InputError

#: Classical bands and their limits, Hz.
BANDS: tuple[tuple[str, float, float], ...] = (
    ("delta", 0.5, 4.0),
    ("theta", 4.0, 8.0),
    ("alpha", 8.0, 13.0),
    ("beta", 13.0, 30.0),
    ("gamma", 30.0, 80.0),
)


@dataclass(frozen=True, eq=False)
class Axes:
    """What the axes of a relevance map (channel, freq, time) stand for.

    Attributes
    ----------
    electrodes : tuple of str, length channel
    frequencies : array, shape (freq,)
        Hz.
    times : array, shape (time,)
        From the middle of each TR of the window to the onset of the volume that follows, s: how long before the volume
        the EEG was recorded. Falls along the window.
    limits : tuple of (name, low, high), length freq, or None
        Where each place on the axis is a whole band: its name and limits, Hz. `frequencies` are their middles.
    """

    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    times: np.ndarray
    limits: tuple[tuple[str, float, float], ...] | None = None

    @classmethod
    def of_window(
        cls, electrodes: Sequence[str], frequencies: Sequence[float], tr: float, window: int, lag: int
    ) -> Axes:
        """Make the axes of windows of `window` TRs that end `lag` volumes before their target.

        Row k of a window starts (window + lag - k) TR before the onset of the target.
        """
        return cls(tuple(electrodes), np.asarray(frequencies, float), _times(tr, window, lag))

    @classmethod
    def of_bands(
        cls, electrodes: Sequence[str], bands: Sequence[tuple[str, float, float]], tr: float, window: int, lag: int
    ) -> Axes:
        """Make the axes of windows of band amplitudes; see `of_window`."""
        middles = np.array([(low + high) / 2 for _, low, high in bands])
        return cls(tuple(electrodes), middles, _times(tr, window, lag), tuple(bands))

    def only(self, chosen: np.ndarray) -> Axes:
        """Keep some places of the frequency axis, bool (freq,)."""
        limits = None if self.limits is None else tuple(np.array(self.limits, object)[chosen].tolist())
        return replace(self, frequencies=self.frequencies[chosen], limits=limits)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channel, freq, time)."""
        return len(self.electrodes), len(self.frequencies), len(self.times)

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what a file of relevance says of its axes.

        ``electrodes`` (channel,), ``frequencies`` (freq,) in Hz, ``times`` (time,) in s before the volume; where each
        place of the axis is a band, ``bands`` (freq,) and ``band_limits`` (freq, 2) in Hz.
        """
        found = {"electrodes": np.array(self.electrodes), "frequencies": self.frequencies, "times": self.times}
        if self.limits is not None:
            found["bands"] = np.array([name for name, _, _ in self.limits])
            found["band_limits"] = np.array([limits for _, *limits in self.limits])
        return found

    def check(self, relevance: np.ndarray) -> None:
        """Refuse a map whose last three axes are not these.

        Raises
        ------
        InputError
        """
        if relevance.shape[-3:] != self.shape:
            raise InputError(
                "a relevance map does not fit its axes",
                got=f"shape {relevance.shape}",
                expected=f"(..., {', '.join(map(str, self.shape))}): channel, freq, time",
            )

    def bands(self) -> tuple[tuple[str, np.ndarray], ...]:
        """Bands with at least one frequency, and which frequencies they hold, bool (freq,)."""
        if self.limits is not None:
            return tuple((name, np.arange(len(self.limits)) == k) for k, (name, _, _) in enumerate(self.limits))
        # multiples of the bin width may miss a limit by their last digits
        bins = self.frequencies + 1e-6
        inside = ((name, (bins >= low) & (bins < high)) for name, low, high in BANDS)
        return tuple((name, members) for name, members in inside if members.any())


def _times(tr: float, window: int, lag: int) -> np.ndarray:
    return (window + lag - np.arange(window) - 0.5) * tr


def per_electrode(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., channel)."""
    return relevance.sum((-2, -1))


def per_frequency(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., freq)."""
    return relevance.sum((-3, -1))


def per_time(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., time)."""
    return relevance.sum((-3, -2))


def per_band(relevance: np.ndarray, axes: Axes) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., band), in the order of `Axes.bands`; nothing outside of bands."""
    axes.check(relevance)
    by_frequency = per_frequency(relevance)
    return np.stack([by_frequency[..., members].sum(-1) for _, members in axes.bands()], axis=-1)


def per_electrode_frequency(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., channel, freq)."""
    return relevance.sum(-1)


def per_electrode_time(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., channel, time)."""
    return relevance.sum(-2)


def per_frequency_time(relevance: np.ndarray) -> np.ndarray:
    """Sum maps (..., channel, freq, time) to (..., freq, time)."""
    return relevance.sum(-3)


def averaged(function: Callable[[np.ndarray], np.ndarray], maps: np.ndarray) -> np.ndarray:
    """Mean instead of sum along the axes that one of the functions above sums maps (..., channel, freq, time) over."""
    return function(maps) / function(np.ones(maps.shape[-3:]))
