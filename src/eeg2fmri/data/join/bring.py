"""Bring recordings of one store to the electrodes, frequencies, clock and grid of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.join.axes import electrode_matrix, frequency_matrix, time_matrix
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays
from eeg2fmri.data.store.arrays.own_eeg import FEATURES
from eeg2fmri.data.store.recording import Recording
from eeg2fmri.data.store.store import Store


class Bring:
    """Brings the recordings of a store to the axes of the first one.

    Parameters
    ----------
    store, first : Store
    electrodes : sequence of str
        To come out.
    frequencies : array, shape (freq,)
        To come out, Hz.
    amplitude : bool
        Whether all stores have band amplitudes.
    """

    def __init__(
        self, store: Store, first: Store, electrodes: Sequence[str], frequencies: np.ndarray, amplitude: bool
    ) -> None:
        self._store, self._first, self._amplitude = store, first, amplitude
        self._electrodes = electrode_matrix(store.electrodes, electrodes, str(store.path))
        self._frequencies = frequency_matrix(store.frequencies, frequencies)
        self._features = FEATURES in store.notes
        # magnitudes of noise of one spectral density grow so with rate and length of a window
        scale = first.sfreq * np.sqrt(first.tr) / (store.sfreq * np.sqrt(store.tr))
        self._scale = 1.0 if self._features else scale

    def recording(self, known: Recording, label: str) -> RecordingArrays:
        """Give a recording of the store with all of its arrays."""
        store, first = self._store, self._first
        time = time_matrix(known.n_volumes, store.tr, first.tr)
        amplitude = None
        if self._amplitude:
            rows = np.einsum("vr,rcb->vcb", time, store.amplitude(known.id), optimize=True)
            amplitude = np.einsum("ec,vcb->veb", self._electrodes, rows, optimize=True).astype(np.float32)
        entities = known.id.split("_")[1:]
        return RecordingArrays(
            id="_".join([f"sub-{label}x{known.subject}", *entities]),
            eeg=self._magnitudes(store.eeg(known.id), time),
            bold=self._volumes(store.bold(known.id), time, known.affine),
            mask=self._volumes(store.mask(known.id)[None].astype(np.float32), np.eye(1), known.affine)[0] > 0.5,
            onsets=known.onsets[0] + np.arange(len(time)) * first.tr,
            sfreq=first.sfreq,
            quality=known.quality,
            amplitude=amplitude,
            nuisance={name: time @ column for name, column in store.nuisance(known.id).items()},
            data_set=label,
        )

    def _magnitudes(self, magnitude: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Average power over rows and frequencies, and interpolate its logarithm over the head.

        A feature is the logarithm of what stands for power: of features, logarithms are averaged.
        """
        if self._features:
            given = np.log(np.maximum(magnitude, np.finfo(np.float32).tiny, dtype=np.float64))
            given = np.einsum("vr,rcf,ec->vef", time, given, self._electrodes, optimize=True)
            return np.asarray(np.exp(given), np.float32)
        power = np.square(magnitude, dtype=np.float64)
        power = np.tensordot(time, power @ self._frequencies.T, axes=1)
        moved: np.ndarray = np.logical_not(np.isin(self._electrodes, (0, 1)).all(axis=1))
        found = np.tensordot(power, np.where(moved[:, None], 0, self._electrodes), axes=(1, 1)).swapaxes(1, 2)
        if moved.any():
            logarithm = np.log(np.maximum(power, np.finfo(float).tiny))
            found[:, moved] = np.exp(np.tensordot(logarithm, self._electrodes[moved], axes=(1, 1))).swapaxes(1, 2)
        return np.asarray(self._scale * np.sqrt(found), np.float32)

    def _volumes(self, volumes: np.ndarray, time: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Bring volumes (volume, x, y, z) to the clock and grid of the first store."""
        from scipy.ndimage import affine_transform

        first = self._first
        same = volumes.shape[1:] == first.grid and (self._by_place or np.allclose(affine, first.affine, atol=1e-2))
        between = np.linalg.inv(affine) @ first.affine
        found = np.empty((len(time), *first.grid), np.float32)
        for row, weights in zip(found, time, strict=True):
            used = np.flatnonzero(weights)
            volume = np.tensordot(weights[used], volumes[used], axes=1)
            # outside the field of view the nearest voxel stands: the mask leaves it out
            row[...] = (
                volume
                if same
                else affine_transform(volume, between[:3, :3], between[:3, 3], first.grid, order=1, mode="nearest")
            )
        return found

    @property
    def _by_place(self) -> bool:
        """Whether what is stored along x is told apart by its number, not by a place in mm."""
        return bool(self._first.regions or self._first.elements)
