"""Predict from the power of one electrode in narrow bands, at several delays: the electrical fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.features.band_power import log_band_power, log_power, recentre
from eeg2fmri.data.features.stockwell import stockwell_power
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.features import pairs_of, row_features
from eeg2fmri.models.baselines.pieces import PieceBaseline, Predictor
from eeg2fmri.models.regression.leave_out import PENALTIES
from eeg2fmri.models.regression.moments import Moments

#: Narrow bands that the frequencies from 1 to 40 Hz are divided into.
BANDS, RANGE_HZ = 10, (1.0, 40.0)


class ElectricalFingerprint(PieceBaseline):
    """The electrode whose power foretells BOLD best, in ten bands of equal energy, at every lag of the window.

    Meir-Hasson, Kinreich, Podlipsky, Hendler and Intrator (NeuroImage 102, 2014), for neurofeedback. Power is that of a
    Stockwell transform where the store keeps raw EEG, and of its spectra, one a TR, where it does not. The path is
    every electrode with every penalty.
    """

    name = "electrical_fingerprint"
    label = "power of one electrode in ten bands and all lags (electrical fingerprint)"

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training and validation recordings, in bands of the training recordings; see `Baseline.fit`.

        Raises
        ------
        InputError
            If there are fewer than two recordings, or one is shorter than one window, or the store has no spectrum.
        """
        frequencies = store.frequencies
        inside = (frequencies >= RANGE_HZ[0]) & (frequencies <= RANGE_HZ[1])
        if inside.sum() < 2:
            raise InputError(
                "the store has no spectrum to divide into bands",
                where=str(store.path),
                got=f"{int(inside.sum())} frequencies from {RANGE_HZ[0]:g} to {RANGE_HZ[1]:g} Hz",
                expected="at least 2",
            )
        power = [np.square(store.eeg(name)[:, :, inside], dtype=float).mean(axis=(0, 1)) for name in recordings]
        # every recording counts alike, whatever the gain of its amplifier
        self._bands = equal_energy(np.sum([one / one.sum() for one in power], axis=0), frequencies[inside])
        return super().fit(store, recordings, pairs, validation, progress=progress)

    def features(self, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
        """Give the log power in ten bands at every lag; those of one electrode follow each other."""
        frequencies = store.frequencies
        if store.config.raw is None:
            power = recentre(log_band_power(store.eeg(recording), frequencies, self._bands))
        else:
            inside = [frequencies[(frequencies >= low) & (frequencies < high)] for low, high in self._bands.values()]
            power = recentre(log_power(stockwell_power(store.raw(recording), store.tr, inside)))
        starts, _ = pairs_of(store, recording, pairs)
        self._electrodes = power.shape[1]
        return row_features(power.reshape(len(power), -1), starts, np.eye(pairs.window))

    def path(self, features: np.ndarray, courses: np.ndarray) -> Sequence[Predictor]:
        """Regress on each electrode by itself."""
        found: list[Predictor] = []
        for own in np.split(np.arange(features.shape[1]), self._electrodes):
            moments = Moments.of(features[:, own], courses)
            found += [_of_electrode(own, moments.weights(penalty)) for penalty in PENALTIES]
        return found


def equal_energy(power: np.ndarray, frequencies: np.ndarray) -> dict[str, tuple[float, float]]:
    """Divide frequencies (freq,), Hz, into bands in each of which about a tenth of the power (freq,) lies."""
    share = np.cumsum(power) / power.sum()
    edges = np.unique(np.searchsorted(share, np.arange(1, BANDS) / BANDS) + 1)
    edges = np.concatenate([[0], edges[edges < len(frequencies)], [len(frequencies)]])
    beyond = np.append(frequencies, frequencies[-1] + (frequencies[-1] - frequencies[-2]))
    return {f"{beyond[a]:g} Hz": (float(beyond[a]), float(beyond[b])) for a, b in pairwise(edges)}


def _of_electrode(own: np.ndarray, weights: np.ndarray) -> Predictor:
    return lambda features: features[:, own] @ weights


#: What stands in every table.
BASELINES = (ElectricalFingerprint,)
