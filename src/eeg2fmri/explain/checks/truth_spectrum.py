"""Spread the power of simulated rhythms and of their background over the bins of one TR of EEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.inputs.axes import Axes

if TYPE_CHECKING:
    from eeg2fmri.simulate.worlds.rhythms import Rhythm
    from eeg2fmri.simulate.write.truth import RecordingTruth

#: Regions oscillate at frequencies that scatter around the subject's by this standard deviation, Hz.
REGIONAL_SPREAD_HZ = 0.3


@dataclass(frozen=True, eq=False)
class TruthSpectrum:
    """Expected power of each part of the simulated EEG in each place of a frequency axis.

    Attributes
    ----------
    rhythms : array, shape (rhythm, freq)
        Share of the power of each rhythm. A line has a width and one TR is short, so that an alpha rhythm shows in
        theta and beta as well.
    background : array, shape (freq,)
        Share of the power of the 1/f background.
    noise : array, shape (freq,)
        Power of the electrodes' white noise, V^2.
    members : tuple of int array, length freq
        Bins of the discrete Fourier transform of one TR in each place.
    """

    rhythms: np.ndarray
    background: np.ndarray
    noise: np.ndarray
    members: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, truth: RecordingTruth, axes: Axes) -> TruthSpectrum:
        """Work the spectrum out for the windows of a recording."""
        world = truth.truth.world
        if world.shows != "power":
            raise InputError(
                "the truth does not say which parts of a spectrum drive the BOLD",
                where=str(truth.folder),
                got=f"world {world.name}: BOLD follows {world.follows}",
                expected="a world whose BOLD follows powers",
                hint="explain the run without --truth",
            )
        config = truth.truth.config
        n_samples = round(config.tr * config.sfreq)
        bins = np.arange(n_samples // 2 + 1) / (n_samples / config.sfreq)
        lines = np.stack(
            [
                _line(float(peak), rhythm.width, n_samples, config.sfreq)
                if rhythm.exponent is None
                else _broad(rhythm, bins)
                for peak, rhythm in zip(truth.peak, world.rhythms, strict=True)
            ]
        )
        shape = np.where(bins > 0, np.maximum(bins, 0.5) ** -config.eeg.exponent, 0)
        white = np.full(len(bins), (1e-6 * config.eeg.sensor_noise) ** 2 * config.sfreq / n_samples)
        members = _members(axes, bins)
        rhythms, background, noise = (
            np.stack([part[..., inside].sum(-1) for inside in members], axis=-1)
            for part in (lines, shape / shape.sum(), white)
        )
        return cls(rhythms, background, noise, members)

    def scatter(self) -> np.ndarray:
        """Variance of the amplitude seen in one TR over its squared mean, shape (freq,).

        Noise of a constant power gives the amplitude of n bins a chi distribution with 2 n degrees of freedom.
        """
        n = np.array([len(inside) for inside in self.members], float)
        return np.asarray(n * np.exp(2 * (gammaln(n) - gammaln(n + 0.5))) - 1)


def _members(axes: Axes, bins: np.ndarray) -> tuple[np.ndarray, ...]:
    if axes.limits is None:
        return tuple(np.array([int(np.argmin(np.abs(bins - f)))]) for f in axes.frequencies)
    # a bin on a limit is on it whatever its last digits are
    near = 1e-9
    return tuple(
        np.flatnonzero((bins >= low * (1 - near)) & (bins < high * (1 - near))) for _, low, high in axes.limits
    )


def _broad(rhythm: Rhythm, bins: np.ndarray) -> np.ndarray:
    """Give the share of the power of a broad component in each bin (freq,)."""
    assert rhythm.exponent is not None
    inside = (bins >= rhythm.low) & (bins < rhythm.high)
    power = np.where(inside, np.maximum(bins, rhythm.low) ** -rhythm.exponent, 0)
    return np.asarray(power / power.sum())


def _line(peak: float, width: float, n_samples: int, sfreq: float) -> np.ndarray:
    """Give the expected one-sided periodogram, sum 1, of a line at `peak` Hz that is `width` Hz wide at half power."""
    tau = np.arange(n_samples) / sfreq
    decay = np.exp(-np.pi * width * tau - 2 * (np.pi * REGIONAL_SPREAD_HZ * tau) ** 2)
    # a periodogram is the transform of the autocovariance under a triangle
    covariance = np.cos(2 * np.pi * peak * tau) * decay * (1 - np.arange(n_samples) / n_samples)
    spectrum = 2 * np.fft.rfft(covariance).real - covariance[0]
    return np.asarray(spectrum.clip(0) / spectrum.clip(0).sum())
