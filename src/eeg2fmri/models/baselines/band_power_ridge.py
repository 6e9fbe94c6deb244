"""Ridge regression from band power of the EEG to the dynamics of every voxel: the linear baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.data.features.band_covariance import BANDS
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees
from eeg2fmri.models.baselines.dynamics import brain_voxels, deviations
from eeg2fmri.models.baselines.features import (
    Fit,
    check_parts,
    pairs_of,
    recentred_amplitude,
    recentred_power,
    row_features,
)
from eeg2fmri.models.baselines.response import response_filters
from eeg2fmri.models.baselines.ridge import Ridge

#: Voxels on which the penalty is chosen.
CHOICE_VOXELS = 500


class BandPowerRidge:
    """Ridge regression on filtered log band power; what is chosen is chosen by temporal r on validation recordings.

    Features of a pair: z-scored log power of each electrode and band in the rows of the window that the synthesiser
    sees too (the EEG before the target, never the target's own TR), weighted by each filter over rows. Targets:
    deviation of each voxel from the mean of its recording, in units of its deviation. One penalty for all voxels.

    Attributes
    ----------
    filters : str
        Key of the filters that were chosen.
    bands : str
        Key of the bands that were chosen, with these filters.
    penalty : float
        In units of the mean eigenvalue of the features' covariance.
    gain : float
        Factor on the predictions that fits the validation recordings best: a large penalty keeps the pattern of a
        prediction and shrinks its size to nothing.
    validation_r : float
        Mean temporal r over validation recordings and voxels with the chosen filters and penalty.
    """

    name = ""
    label = ""
    sees: Sees = "EEG"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give the filters (filter, row) to choose from, by name."""
        raise NotImplementedError

    def band_sets(self) -> Mapping[str, tuple[int, ...] | None]:
        """Give the places of the bands to choose from, by name; None is all. The first is tried with all filters."""
        return {"all": None}

    def rows(self, store: Store, recording: int | str) -> np.ndarray:
        """Give what is filtered (row, channel, band), z-scored over the recording."""
        return recentred_power(store, recording)

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training recordings; see `Baseline.fit`.

        Raises
        ------
        InputError
            If there is no training or no validation recording, or a recording is shorter than one window.
        """
        check_parts(store, recordings, validation, self.label)
        self._pairs, self._recordings = pairs, tuple(recordings)
        self._group = group_statistics(store, recordings)
        self._voxels = brain_voxels(store, recordings)
        rows = {recording: self.rows(store, recording) for recording in (*recordings, *validation)}
        rng = generator(0, "voxels on which the ridge is chosen")
        few = rng.choice(self._voxels, min(CHOICE_VOXELS, len(self._voxels)), replace=False)
        bold = {recording: self._targets(store, recording, few) for recording in rows}
        training = np.concatenate([bold[recording] for recording in recordings])
        candidates, sets = self.candidates(store.tr, pairs), self.band_sets()
        self.filters, self.bands = next(iter(candidates)), next(iter(sets))
        self.validation_r = -np.inf
        trials = [(name, self.bands) for name in candidates] + [(None, name) for name in list(sets)[1:]]
        for number, (name, bands) in enumerate(trials):
            # bands are chosen after the filters: every pair of the two would cost their product
            chosen = name or self.filters
            features = {
                recording: self._features(store, recording, each, candidates[chosen], sets[bands])
                for recording, each in rows.items()
            }
            ridge = Ridge([features[recording] for recording in recordings])
            for penalty, coefficients in ridge.path(training):
                fits = [Fit.of(bold[unseen], ridge.apply(features[unseen], coefficients)) for unseen in validation]
                r = float(np.mean([fit.r for fit in fits]))
                if r > self.validation_r:
                    self.validation_r, self.filters, self.bands = r, chosen, bands
                    self.penalty, self._ridge = penalty, ridge
                    product, square = sum(fit.product for fit in fits), sum(fit.square for fit in fits)
                    # a prediction that runs against the truth is left out rather than turned round
                    self.gain = max(product / square, 0.0) if square > 0 else 0.0
            progress(f"Fitting {self.label}", number + 1, len(trials))
        return self

    def predict_dynamics(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise deviations in units of the voxel's deviation, (pair, voxel of any training brain), float32."""
        filters = self.candidates(store.tr, self._pairs)[self.filters]
        features = self._features(store, recording, self.rows(store, recording), filters, self.band_sets()[self.bands])
        weights = (self.gain * self._ridge.weights(features, self.penalty)).astype(np.float32)
        predicted = np.zeros((len(features), len(self._voxels)), np.float32)
        first = 0
        for training, length in zip(self._recordings, self._ridge.lengths, strict=True):
            predicted += weights[:, first : first + length] @ self._targets(store, training, self._voxels)
            first += length
        return predicted

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise in BOLD units: group mean + deviation x group deviation; the mean outside the training brains.

        Returns
        -------
        array, shape (pair, x, y, z), float32
        """
        predicted = self.predict_dynamics(store, recording)
        volumes = np.empty((len(predicted), self._group.mask.size), np.float32)
        volumes[:] = self._group.voxel_mean.reshape(-1)
        std = self._group.voxel_std.reshape(-1)[self._voxels]
        for volume, deviation in zip(volumes, predicted, strict=True):
            volume[self._voxels] += deviation * std
        return volumes.reshape(-1, *self._group.mask.shape)

    def _targets(self, store: Store, recording: int | str, voxels: np.ndarray) -> np.ndarray:
        return deviations(store, recording, pairs_of(store, recording, self._pairs)[1], voxels)

    def _features(
        self,
        store: Store,
        recording: int | str,
        rows: np.ndarray,
        filters: np.ndarray,
        bands: tuple[int, ...] | None,
    ) -> np.ndarray:
        kept = rows if bands is None else rows[:, :, bands]
        return row_features(kept.reshape(len(kept), -1), pairs_of(store, recording, self._pairs)[0], filters)


class LaggedBandPowerRidge(BandPowerRidge):
    """Every row of the window is a feature of its own: the linear baseline of the literature."""

    name = "lagged_ridge"
    label = "ridge on lagged band power"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give one filter for each lag."""
        return {"lags": np.eye(pairs.window)}


class HaemodynamicRidge(BandPowerRidge):
    """Rows are weighted by the haemodynamic response: few features that carry over to unseen subjects."""

    name = "haemodynamic_ridge"
    label = "ridge on band power convolved with the haemodynamic response"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give the response alone, with its derivative, and with responses that come earlier and later."""
        settings = {
            "response": ((0.0,), False),
            "response and derivative": ((0.0,), True),
            "responses 2 s apart": ((-2.0, 0.0, 2.0), False),
            "responses 2 s apart and derivative": ((-2.0, 0.0, 2.0), True),
        }
        return {name: response_filters(tr, pairs.window, pairs.lag, *each) for name, each in settings.items()}


class RecentredRidge(HaemodynamicRidge):
    """The same on the amplitudes of electrodes that are whitened by each recording's own mean covariance.

    Whitening separates sources that electrodes mix, and makes heads and caps comparable: the strongest linear baseline
    where the store has band amplitudes (see `eeg2fmri.data.features.recentring`). A band that says nothing about BOLD
    costs r on unseen subjects, so leaving one out is tried.
    """

    name = "recentred_ridge"
    label = "ridge on whitened band amplitudes convolved with the haemodynamic response"

    def band_sets(self) -> Mapping[str, tuple[int, ...] | None]:
        """Give all bands, and all but each."""
        names = [name for name, _, _ in BANDS]
        others = {f"all but {name}": tuple(k for k in range(len(names)) if names[k] != name) for name in names}
        return {"all": None, **others}

    def rows(self, store: Store, recording: int | str) -> np.ndarray:
        """Give the whitened amplitudes (row, channel, band), z-scored over the recording."""
        return recentred_amplitude(store, recording)
