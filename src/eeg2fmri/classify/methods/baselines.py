"""Classifiers of the EEG alone, as scikit-learn pipelines: what a view has to beat."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from eeg2fmri.core.errors import ConfigError

#: Feature of `WindowData` that each baseline takes.
FEATURES = {
    "majority": "band power",
    "band power": "band power",
    "covariance": "covariance",
    "spectrogram": "windows",
}
#: Share of the trace that is added to the diagonal of a covariance: average reference leaves it one dimension short.
SHRINKAGE = 0.05


def available(name: str) -> bool:
    """Whether what a baseline needs is installed."""
    return name != "covariance" or find_spec("pyriemann") is not None


class GramScores(TransformerMixin, BaseEstimator):
    """Principal component scores from the Gram matrix of the samples, all of them.

    A linear classifier with an L2 penalty gives the same on the scores as on the features, and a spectrogram has 1e5
    features where a study has 1e2 windows.
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Find the components of X, shape (sample, feature)."""
        X = np.asarray(X, np.float64)
        self.n_features_in_ = X.shape[1]
        values, vectors = np.linalg.eigh(X @ X.T)
        kept = values > 1e-10 * max(values[-1], np.finfo(float).tiny)
        self.axes_ = X.T @ (vectors[:, kept] / np.sqrt(values[kept]))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Scores of X, shape (sample, component)."""
        scores: np.ndarray = np.asarray(X, np.float64) @ self.axes_
        return scores


class Flatten(TransformerMixin, BaseEstimator):
    """Windows (window, ...) to (window, feature)."""

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Do nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Flatten."""
        return np.reshape(X, (len(X), -1))


class BandTangents(TransformerMixin, BaseEstimator):
    """Tangent space of the covariances of each band at their Riemannian mean over the training windows.

    Barachant et al., IEEE Trans Biomed Eng 59, 2012; computed by pyriemann.
    """

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Find the mean of each band of X, shape (window, band, channel, channel)."""
        TangentSpace = import_module("pyriemann.tangentspace").TangentSpace  # an extra

        self.n_features_in_ = X.shape[1]
        self.spaces_ = [TangentSpace(metric="riemann").fit(_shrunk(X[:, band])) for band in range(X.shape[1])]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Tangent vectors, (window, feature)."""
        return np.concatenate([space.transform(_shrunk(X[:, b])) for b, space in enumerate(self.spaces_)], axis=1)


def _shrunk(covariances: np.ndarray) -> np.ndarray:
    n = covariances.shape[-1]
    wide = np.asarray(covariances, np.float64)
    trace = np.trace(wide, axis1=-2, axis2=-1)[..., None, None] / n
    # in units of the mean trace: V^2 are too small for the tolerances of the mean's iteration
    shrunk: np.ndarray = ((1 - SHRINKAGE) * wide + SHRINKAGE * trace * np.eye(n)) / trace.mean()
    return shrunk


def baseline(name: str, strength: float, seed: int) -> Any:
    """Build a baseline.

    Parameters
    ----------
    name : {"majority", "band power", "covariance", "spectrogram"}
    strength : float
        Inverse of the L2 penalty of the logistic regression, whose classes weigh the same.
    seed : int

    Raises
    ------
    ConfigError
        If the covariance is wanted without pyriemann, or there is no such baseline.
    """
    if name == "majority":
        return DummyClassifier(strategy="prior")
    if not available(name):
        raise ConfigError(
            "the covariance baseline needs a package that is not installed",
            where="methods",
            got="no pyriemann",
            hint="pip install pyriemann, or leave 'covariance' out of the methods",
        )
    steps: dict[str, list[Any]] = {
        "band power": [StandardScaler()],
        "covariance": [BandTangents(), StandardScaler(), GramScores()],
        "spectrogram": [Flatten(), StandardScaler(), GramScores()],
    }
    if name not in steps:
        raise ConfigError("there is no such baseline", where="methods", got=name, expected=", ".join(FEATURES))
    # scikit-learn's penalty does not shrink with the number of samples or grow with the features
    last = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000, random_state=seed)
    pipeline: Pipeline = make_pipeline(*steps[name], last)
    return pipeline
