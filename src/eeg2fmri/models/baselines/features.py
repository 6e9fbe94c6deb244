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


def left_out_in_turn(store: Store, recordings: Sequence[str], label: str) -> list[list[str]]:
    """Group recordings by subject, so that one group is left out at a time; single ones where there is one subject.

    Raises
    ------
    InputError
        If there are fewer than two recordings.
    """
    if len(recordings) < 2:
        raise InputError(
            f"{label}: there is no recording to leave out while its penalty is chosen",
            where=str(store.path),
            got=f"{len(recordings)} for training and validation together",
            expected="at least 2",
        )
    of: dict[str, list[str]] = {}
    for name in recordings:
        of.setdefault(store.recordings[store.index(name)].subject, []).append(name)
    return list(of.values()) if len(of) > 1 else [[name] for name in recordings]


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


def gain_of(truths: Sequence[np.ndarray], predictions: Sequence[np.ndarray]) -> tuple[float, float]:
    """Compare predictions of recordings that were left out with the truth.

    Returns
    -------
    r, gain : float
        Mean temporal r, and the factor on the predictions with the least squared error: a large penalty keeps the
        pattern of a prediction and shrinks its size to nothing. 0 for predictions that run against the truth, which are
        left out rather than turned round.
    """
    fits = [Fit.of(truth, prediction) for truth, prediction in zip(truths, predictions, strict=True)]
    product, square = sum(fit.product for fit in fits), sum(fit.square for fit in fits)
    return float(np.mean([fit.r for fit in fits])), max(product / square, 0.0) if square > 0 else 0.0
