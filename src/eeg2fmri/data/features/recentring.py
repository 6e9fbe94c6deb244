"""Band amplitudes that compare between subjects: each recording is whitened by its own mean covariance.

Heads, caps and electrode gels differ, and so do the mean covariances of recordings. Where every recording is whitened
by its own, the mean is the identity for all of them, and what is left is how it fluctuates (recentring in Riemannian
transfer learning: Zanini et al., IEEE Trans Biomed Eng 65, 2018). No BOLD is needed, so a new subject has it too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_covariance import average_reference, pack, unpack
from eeg2fmri.data.features.recent import Recent

#: Part of the mean covariance that is replaced by its mean eigenvalue times the identity: keeps the root finite.
SHRINKAGE = 0.01
#: Volumes that are whitened at once: few enough for the processor's cache.
_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Recentring:
    """What brings the band covariances of one recording to the frame that all recordings share.

    Attributes
    ----------
    whitener : array, shape (band, channel, channel)
        Inverse symmetric root of the recording's mean covariance (average reference, shrunk); 1 / V.
    mean, std : array, shape (channel, band)
        Of the whitened amplitudes over the recording, no unit.
    """

    whitener: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, covariances: np.ndarray, shrinkage: float = SHRINKAGE) -> Recentring:
        """Learn the recentring of a recording from its own EEG.

        Parameters
        ----------
        covariances : array, shape (volume, band, channel, channel)
            V^2, with steady artefacts: leave out volumes before the scanner is in equilibrium.
        shrinkage : float
            Between 0 and 1.

        Raises
        ------
        InputError
            If there are fewer than two volumes, values are not finite, or a band has no power.
        """
        return _learn(covariances, 0, shrinkage)[0]

    def apply(self, covariances: np.ndarray) -> np.ndarray:
        """Amplitude of the whitened electrodes, z-scored over the recording.

        The amplitude is the root of the whitened power: between the power that BOLD is taken to follow and its
        logarithm, which outliers disturb least.

        Parameters
        ----------
        covariances : array, shape (volume, band, channel, channel)
            V^2.

        Returns
        -------
        array of float32, shape (volume, channel, band)
            No unit; 0 where an electrode is constant over the recording.
        """
        return self.scaled(_amplitude(covariances, self.whitener))

    def scaled(self, amplitude: np.ndarray) -> np.ndarray:
        """Z-score whitened amplitudes (volume, channel, band); see `apply`."""
        scale = np.divide(1.0, self.std, out=np.zeros_like(self.std), where=self.std > 1e-6 * self.mean)
        return ((amplitude - self.mean) * scale).astype(np.float32)


def recentred_amplitude(covariances: np.ndarray, skip: int = 0) -> np.ndarray:
    """Recentre a whole recording by its own statistics.

    Parameters
    ----------
    covariances : array, shape (volume, band, channel, channel)
        V^2.
    skip : int
        Volumes at the beginning that the statistics leave out.

    Returns
    -------
    array of float32, shape (volume, channel, band)

    Raises
    ------
    InputError
        As `Recentring.of`.
    """
    recentring, amplitude = _learn(covariances, skip, SHRINKAGE)
    return recentring.scaled(amplitude)


class RunningRecentring:
    """Recentring of a stream by what of it has been seen so far.

    The matrices of the last `memory` volumes are kept, and whitener, mean and deviation are learnt from them at every
    volume: once the recording is over, and was no longer than `memory`, they are those of the whole recording.

    Parameters
    ----------
    window : int
        Volumes in a window.
    memory : int
        Volumes that the statistics reach back.

    Raises
    ------
    InputError
        If the memory is shorter than a window or two volumes.
    """

    def __init__(self, window: int, memory: int = 600) -> None:
        if memory < max(window, 2):
            raise InputError(
                "the memory of a stream is shorter than a window", got=str(memory), expected=f"at least {window}"
            )
        self.window = window
        self._packed = Recent(memory)

    def push(self, covariances: np.ndarray) -> np.ndarray | None:
        """Take the matrices (band, channel, channel), V^2, of the next volume.

        Returns
        -------
        array of float32, shape (volume, channel, band), or None
            The last `window` volumes recentred; None until there are as many.
        """
        recentred = self.push_all(covariances)
        return None if recentred is None else recentred[self._packed.last(self.window)]

    def push_all(self, covariances: np.ndarray) -> np.ndarray | None:
        """Do as `push`, and give all volumes that are remembered, in the order of `Recent.seen`."""
        self._packed.push(pack(np.asarray(covariances, np.float64)))
        if len(self._packed) < max(self.window, 2):
            return None
        packed = self._packed.seen
        mean = unpack(packed.mean(axis=0))
        _check_power(np.trace(mean, axis1=-2, axis2=-1))
        whitener = np.stack([_inverse_root(band, SHRINKAGE) for band in average_reference(mean)])
        amplitude = _packed_amplitude(packed, whitener)
        return Recentring(whitener, amplitude.mean(axis=0), amplitude.std(axis=0)).scaled(amplitude)


def _learn(covariances: np.ndarray, skip: int, shrinkage: float) -> tuple[Recentring, np.ndarray]:
    """Learn a recentring from the volumes after the first `skip`; also the whitened amplitudes of all volumes."""
    _check(covariances[skip:])
    mean = average_reference(covariances[skip:].mean(axis=0, dtype=np.float64))
    whitener = np.stack([_inverse_root(band, shrinkage) for band in mean])
    amplitude = _amplitude(covariances, whitener)
    return Recentring(whitener, amplitude[skip:].mean(axis=0), amplitude[skip:].std(axis=0)), amplitude


def _check(covariances: np.ndarray) -> None:
    if covariances.ndim != 4 or covariances.shape[-1] != covariances.shape[-2] or len(covariances) < 2:
        raise InputError(
            "the covariances cannot be recentred",
            got=f"shape {covariances.shape}",
            expected="(volume, band, channel, channel), at least two volumes",
        )
    _check_power(np.trace(covariances.sum(axis=0, dtype=np.float64), axis1=-2, axis2=-1))


def _check_power(power: np.ndarray) -> None:
    if not np.isfinite(power).all() or (power <= 0).any():
        raise InputError(
            "the covariances have no power or are not finite",
            got=f"summed power of each band {power} V^2",
            expected="finite values above 0",
            hint="check the EEG for missing samples and flat recordings",
        )


def _inverse_root(covariance: np.ndarray, shrinkage: float) -> np.ndarray:
    """Inverse symmetric root of (1 - s) C + s trace(C) / n I, shape (channel, channel)."""
    n_channels = len(covariance)
    shrunk = (1 - shrinkage) * covariance
    shrunk[np.diag_indices(n_channels)] += shrinkage * np.trace(covariance) / n_channels
    values, vectors = np.linalg.eigh(shrunk)
    return (vectors / np.sqrt(values.clip(values[-1] * 1e-12))) @ vectors.T


def _amplitude(covariances: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    """Root of the power of each whitened electrode, shape (volume, channel, band)."""
    n_volumes, n_bands, n_channels, _ = covariances.shape
    power = np.empty((n_volumes, n_channels, n_bands))
    # of the average reference: taken from the whitener, which is one, and not from every matrix
    for b, root in enumerate(whitener - whitener.mean(axis=-1, keepdims=True)):
        for first in range(0, n_volumes, _AT_ONCE):
            some = covariances[first : first + _AT_ONCE, b].astype(np.float64)
            half = (some.reshape(-1, n_channels) @ root.T).reshape(some.shape)
            power[first : first + _AT_ONCE, :, b] = np.einsum("vij,ji->vj", half, root)
    return np.sqrt(power.clip(0))


def _packed_amplitude(packed: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    """Do as `_amplitude` for packed matrices (volume, band, pair): one product a band, and half the numbers."""
    n_channels = whitener.shape[-1]
    rows, columns = np.triu_indices(n_channels)
    twice = np.where(rows == columns, 1.0, 2.0)[:, None]
    power = np.empty((len(packed), n_channels, len(whitener)))
    for b, root in enumerate(whitener - whitener.mean(axis=-1, keepdims=True)):
        power[:, :, b] = packed[:, b] @ (twice * root.T[rows] * root.T[columns])
    return np.sqrt(power.clip(0))
