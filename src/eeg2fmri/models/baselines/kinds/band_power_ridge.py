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
    gain_of,
    left_out_in_turn,
    pairs_of,
    recentred_amplitude,
    recentred_power,
    row_features,
)
from eeg2fmri.models.baselines.response import response_filters
from eeg2fmri.models.baselines.ridge import Ridge
from eeg2fmri.models.regression.leave_out import LeaveOneOut

#: Voxels on which the penalty is chosen.
CHOICE_VOXELS = 500
#: Weights of bands that are drawn.
DRAWS = 12


class BandPowerRidge:
    """Ridge regression on filtered log band power; what is chosen is chosen by temporal r on subjects left out.

    Features of a pair: z-scored log power of each electrode and band in the rows of the window that the synthesiser
    sees too (the EEG before the target, never the target's own TR), weighted by each filter over rows. Targets:
    deviation of each voxel from the mean of its recording, in units of its deviation. One penalty for all voxels.

    Attributes
    ----------
    filters : str
        Key of the filters that were chosen.
    bands : str
        Key of the weights of the bands that were chosen, with these filters.
    penalty : float
        In units of the summed variance of the features.
    gain : float
        Factor on the predictions that fits the subjects left out best.
    unseen_r : float
        Of subjects left out, with what was chosen; see `eeg2fmri.models.regression.leave_out.carried_over`.
    """

    name = ""
    label = ""
    sees: Sees = "EEG"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give the filters (filter, row) to choose from, by name."""
        raise NotImplementedError

    def band_weights(self, n_bands: int) -> Mapping[str, np.ndarray]:
        """Give the weights (band,) of the bands to choose from, by name; the first are tried with all filters."""
        return {"all": np.ones(n_bands)}

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
        """Fit to training and validation recordings; see `Baseline.fit`.

        Raises
        ------
        InputError
            If there are fewer than two recordings, or one is shorter than one window.
        """
        pairs = pairs.at(store.tr)
        self._pairs, self._recordings = pairs, (*recordings, *validation)
        groups = left_out_in_turn(store, self._recordings, self.label)
        self._group = group_statistics(store, recordings)
        self._voxels = brain_voxels(store, self._recordings)
        rows = {name: self.rows(store, name) for name in self._recordings}
        rng = generator(0, "voxels on which the ridge is chosen")
        few = rng.choice(self._voxels, min(CHOICE_VOXELS, len(self._voxels)), replace=False)
        bold = [np.concatenate([self._targets(store, name, few) for name in group]) for group in groups]
        filters, weights = self.candidates(store.tr, pairs), self.band_weights(next(iter(rows.values())).shape[2])
        self.filters, self.bands, self.unseen_r = next(iter(filters)), next(iter(weights)), -np.inf
        trials = [(name, self.bands) for name in filters] + [("", name) for name in list(weights)[1:]]
        best: LeaveOneOut | None = None
        for number, (name, bands) in enumerate(trials):
            # bands are chosen after the filters: every pair of the two would cost their product
            chosen = name or self.filters
            x = {one: self._features(store, one, rows[one], filters[chosen], weights[bands]) for one in rows}
            leave = LeaveOneOut([np.concatenate([x[one] for one in group]) for group in groups], bold)
            choice = leave.choose()
            if choice.r > self.unseen_r:
                self.unseen_r, self.penalty, self.filters, self.bands = choice.r, choice.penalty, chosen, bands
                best, self._ridge = leave, Ridge([x[one] for one in self._recordings])
            progress(f"Fitting {self.label}", number + 1, len(trials))
        assert best is not None
        self.gain = gain_of(bold, best.predictions(self.penalty))[1]
        self._weights = weights[self.bands]
        return self

    def predict_dynamics(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise deviations in units of the voxel's deviation, (pair, voxel of any training brain), float32."""
        filters = self.candidates(store.tr, self._pairs)[self.filters]
        features = self._features(store, recording, self.rows(store, recording), filters, self._weights)
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
        self, store: Store, recording: int | str, rows: np.ndarray, filters: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        kept = (rows * weights)[:, :, weights > 0]
        return row_features(kept.reshape(len(kept), -1), pairs_of(store, recording, self._pairs)[0], filters)


class LaggedBandPowerRidge(BandPowerRidge):
    """Every row of the window is a feature of its own: the linear baseline of the literature."""

    name = "lagged_ridge"
    label = "ridge on lagged band power"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give one filter for each lag."""
        return {"lags": np.eye(pairs.at(tr).window)}


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
        return {name: response_filters(tr, pairs.at(tr).window, pairs.lag, *each) for name, each in settings.items()}


class RecentredRidge(HaemodynamicRidge):
    """The same on the amplitudes of electrodes that are whitened by each recording's own mean covariance.

    Whitening separates sources that electrodes mix, and makes heads and caps comparable: the strongest linear baseline
    where the store has band amplitudes (see `eeg2fmri.data.features.recentring`). A band that says nothing about BOLD
    costs r on unseen subjects, so leaving one out is tried.
    """

    name = "recentred_ridge"
    label = "ridge on whitened band amplitudes convolved with the haemodynamic response"

    def band_weights(self, n_bands: int) -> Mapping[str, np.ndarray]:
        """Give all bands, and all but each."""
        names = [name for name, _, _ in BANDS]
        others = {f"all but {name}": 1.0 - (np.arange(n_bands) == k) for k, name in enumerate(names)}
        return {**super().band_weights(n_bands), **others}

    def rows(self, store: Store, recording: int | str) -> np.ndarray:
        """Give the whitened amplitudes (row, channel, band), z-scored over the recording."""
        return recentred_amplitude(store, recording)


class BandedRidge(HaemodynamicRidge):
    """The same with a penalty for each band: weights of the bands drawn at random, the best kept.

    Banded ridge regression by random search over a Dirichlet distribution (Dupre la Tour, Eickenberg, Nunez-Elizalde
    and Gallant, NeuroImage 264, 2022).
    """

    name = "banded_ridge"
    label = "banded ridge on band power convolved with the haemodynamic response"

    def candidates(self, tr: float, pairs: PairConfig) -> Mapping[str, np.ndarray]:
        """Give the response with its derivative."""
        name = "response and derivative"
        return {name: super().candidates(tr, pairs)[name]}

    def band_weights(self, n_bands: int) -> Mapping[str, np.ndarray]:
        """Give equal weights, each band alone, and weights drawn at random."""
        alone = {f"band {k + 1} alone": np.eye(n_bands)[k] for k in range(n_bands)}
        drawn = generator(0, "banded ridge").dirichlet(np.ones(n_bands), DRAWS)
        at_random = {f"draw {k + 1}": np.sqrt(n_bands * weights) for k, weights in enumerate(drawn)}
        return {**super().band_weights(n_bands), **alone, **at_random}


#: What stands in every table.
BASELINES = (LaggedBandPowerRidge, HaemodynamicRidge, RecentredRidge, BandedRidge)
