"""Make the features of pairs that linear baselines share, and measure how well a prediction fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_power import log_band_power, recentre
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.store.store import Store


def row_features(power: np.ndarray, starts: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Weight the rows of the window of every pair.

    Parameters
    ----------
    power : array, shape (row, feature)
    starts : int array, shape (pair,)
        First row of each window.
    filters : array, shape (filter, row)
        Weights of the rows of a window.

    Returns
    -------
    array, shape (pair, feature x filter)
        Of zero mean over pairs; the filters of one feature follow each other.
    """
    windows = np.lib.stride_tricks.sliding_window_view(power, filters.shape[1], axis=0)[starts]
    features: np.ndarray = (windows @ filters.T).reshape(len(starts), -1)
    features -= features.mean(axis=0)
    return features


def recentred_power(store: Store, recording: int | str) -> np.ndarray:
    """Give the log band power of a recording, recentred (row, channel, band)."""
    return recentre(log_band_power(store.eeg(recording), store.frequencies))


def recentred_amplitude(store: Store, recording: int | str) -> np.ndarray:
    """Give the amplitudes of electrodes that are whitened by the recording's own covariance (row, channel, band).

    Raises
    ------
    StoreError
        If the store has none of this recording.
    """
    return recentre(np.asarray(store.amplitude(recording), np.float64))


def check_parts(store: Store, recordings: Sequence[str], validation: Sequence[str], label: str) -> None:
    """Refuse to fit a baseline whose penalty has to be chosen, without recordings to train or to choose on.

    Raises
    ------
    InputError
        If there are none of either.
    """
    if not recordings or not validation:
        raise InputError(
            f"{label} needs training recordings, and validation recordings to choose its penalty",
            where=str(store.path),
            got=f"{len(recordings)} for training, {len(validation)} for validation",
        )


def pairs_of(store: Store, recording: int | str, pairs: PairConfig) -> tuple[np.ndarray, np.ndarray]:
    """Give starts and targets (pair,) of a recording; see `pair_index`."""
    facts = store.recordings[store.index(recording)]
    return pair_index(facts.n_volumes, store.tr, pairs, where=facts.id)


class Fit(NamedTuple):
    """How well a prediction fits: mean temporal r over voxels, sums of truth x prediction and of prediction squared."""

    r: float
    product: float
    square: float

    @classmethod
    def of(cls, truth: np.ndarray, prediction: np.ndarray) -> Fit:
        """Compare arrays (volume, voxel); voxels that do not vary count as r = 0."""
        y, p = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
        products, squares = (y * p).sum(axis=0), (p * p).sum(axis=0)
        norm = np.sqrt((y * y).sum(axis=0) * squares)
        r = np.where(norm > 0, products / np.where(norm > 0, norm, 1), 0)
        return cls(float(r.mean()), float(products.sum()), float(squares.sum()))
