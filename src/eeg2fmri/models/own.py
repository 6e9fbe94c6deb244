"""A person's own regressor or network as a method of the tables of `evaluate`, `benchmark` and `crossvalidate`.

Such a method predicts; it need not explain, stream or be saved, as the models of this package do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees
from eeg2fmri.models.baselines.dynamics import brain_voxels, deviations
from eeg2fmri.models.baselines.features import pairs_of, recentred_power

if TYPE_CHECKING:
    import torch

#: Features of the windows of a recording (pair, ...), from its store, its name, and how windows are cut.
Features = Callable[[Store, int | str, PairConfig], np.ndarray]
#: Windows that go through a network at once.
BATCH = 64


class Regressor(Protocol):
    """What an estimator of scikit-learn offers."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Fit to features (pair, feature) and deviations (pair, voxel)."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predict deviations (pair, voxel)."""


def power_windows(store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
    """Give the log band power of every window, z-scored over the recording: (pair, channel, band, row)."""
    power = recentred_power(store, recording)
    windows = np.lib.stride_tricks.sliding_window_view(power, pairs.window, axis=0)
    return np.ascontiguousarray(windows[pairs_of(store, recording, pairs)[0]], np.float32)


class OwnModel:
    """A regressor with ``fit`` and ``predict``, such as scikit-learn's, between features of EEG and voxels of BOLD.

    It is fitted to the training recordings of each split, given the EEG before each volume, and asked for the deviation
    of each voxel from the mean of its recording in units of its standard deviation.

    Parameters
    ----------
    name : str
        Key in files: letters, digits, underscores.
    make : callable
        Gives a new regressor, not fitted.
    features : callable
        From a store, a recording and a `PairConfig` to features (pair, ...), which are flattened for the regressor;
        z-scored log band power of every row of the window by default.
    label : str, optional
        What a reader calls it; the name by default.

    Raises
    ------
    InputError
        If the name is no key, or `make` makes nothing.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> own = OwnModel("my_ridge", lambda: Ridge(alpha=1e4))
    >>> own.sees
    'EEG'
    """

    sees: Sees = "EEG"

    def __init__(
        self, name: str, make: Callable[[], Regressor], features: Features = power_windows, label: str = ""
    ) -> None:
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            raise InputError(
                "the name of a model is no key", got=repr(name), expected="small letters, digits and underscores"
            )
        if not callable(make) or hasattr(make, "forward"):  # a module can be called too
            raise InputError(
                "a new model is made for each split, so that a function is asked for that makes one",
                where=name,
                got=f"a {type(make).__name__}",
                expected="a function",
                hint=f"lambda *_: {type(make).__name__}(...)",
            )
        self.name, self.label = name, label or name
        self._make, self._features = make, features

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training recordings; validation recordings are for a network's choice of its epoch."""
        self._pairs = pairs
        self._group = group_statistics(store, recordings)
        self._voxels = brain_voxels(store, recordings)
        self._learn(self._data(store, recordings), self._data(store, validation), progress)
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise in BOLD units, (pair, x, y, z), float32; the group mean outside the training brains.

        Raises
        ------
        InputError
            If the model gives other than a finite number for each pair and voxel.
        """
        x = self._windows(store, recording)
        found = np.asarray(self._apply(x))
        shape = found.shape
        if shape == (len(x),):  # of one voxel many regressors give a row
            found = found[:, None]
        # what has another shape is not made fit: of a transposed answer volumes and voxels would be mixed up
        if found.shape != (len(x), len(self._voxels)) or not np.isfinite(found).all():
            raise InputError(
                "the model does not give a finite number for each volume and voxel",
                where=f"{self.name}: {recording}",
                got=f"{shape}, {int(np.sum(~np.isfinite(found)))} not finite",
                expected=f"{(len(x), len(self._voxels))}",
            )
        volumes = np.empty((len(x), self._group.mask.size), np.float32)
        volumes[:] = self._group.voxel_mean.reshape(-1)
        volumes[:, self._voxels] += found.astype(np.float32) * self._group.voxel_std.reshape(-1)[self._voxels]
        return volumes.reshape(-1, *self._group.mask.shape)

    def _windows(self, store: Store, recording: int | str) -> np.ndarray:
        x = np.asarray(self._features(store, recording, self._pairs), np.float32)
        wanted = len(pairs_of(store, recording, self._pairs)[0])
        if x.ndim < 2 or len(x) != wanted or not np.isfinite(x).all():
            raise InputError(
                "the features do not fit the windows of the recording",
                where=f"{self.name}: {recording}",
                got=f"{x.shape}, {int(np.sum(~np.isfinite(x)))} not finite",
                expected=f"({wanted}, ...), all finite",
            )
        return x

    def _data(self, store: Store, recordings: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Features (pair, ...) and deviations (pair, voxel) of recordings, one after the other."""
        if not recordings:
            return np.zeros((0, 1), np.float32), np.zeros((0, len(self._voxels)), np.float32)
        x = [self._windows(store, name) for name in recordings]
        y = [deviations(store, name, pairs_of(store, name, self._pairs)[1], self._voxels) for name in recordings]
        return np.concatenate(x), np.concatenate(y)

    def _learn(
        self, training: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], progress: Progress
    ) -> None:
        self._regressor = self._make()
        self._regressor.fit(training[0].reshape(len(training[0]), -1), training[1])
        progress(f"Fitting {self.label}", 1, 1)

    def _apply(self, x: np.ndarray) -> np.ndarray:
        return self._regressor.predict(x.reshape(len(x), -1))


class OwnNetwork(OwnModel):
    """A network of torch from windows (batch, channel, band, row) to voxels (batch, voxel).

    Adam on the mean squared error; the weights of the epoch that is best on the validation recordings are kept.

    Parameters
    ----------
    name : str
        Key in files.
    make : callable
        From the shape of a window and the number of voxels to a module.
    epochs : int
    learning_rate : float
    seed : int
        Of weights, dropout and order.
    features : callable
        As in `OwnModel`; not flattened.
    label : str, optional

    Raises
    ------
    InputError
        If the name is no key, `make` makes nothing, or there is no epoch; in training, if the network gives other than
        a number for each window and voxel, or does not converge.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[tuple[int, ...], int], torch.nn.Module],
        *,
        epochs: int = 20,
        learning_rate: float = 1e-3,
        seed: int = 0,
        features: Features = power_windows,
        label: str = "",
    ) -> None:
        super().__init__(name, make, features, label)  # type: ignore[arg-type]
        if epochs < 1:
            raise InputError(
                "there is no epoch to train in", where=f"{name}: epochs", got=str(epochs), expected="from 1"
            )
        self._build, self._epochs, self._rate, self._seed = make, epochs, learning_rate, seed

    def _learn(
        self, training: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], progress: Progress
    ) -> None:
        import torch

        x, y = (torch.from_numpy(part) for part in training)
        with torch.random.fork_rng(devices=[]):  # the global state is left as it was
            torch.manual_seed(self._seed)
            self._network = self._build(tuple(x.shape[1:]), y.shape[1])
            optimiser = torch.optim.Adam(self._network.parameters(), lr=self._rate)
            best, kept = np.inf, self._state()
            for epoch in range(self._epochs):
                self._network.train()
                for chosen in torch.randperm(len(x)).split(BATCH):
                    optimiser.zero_grad()
                    self._error_of(self._network(x[chosen]), y[chosen]).backward()
                    optimiser.step()
                loss = self._loss(validation) if len(validation[0]) else -epoch
                if loss < best:
                    best, kept = loss, self._state()
                progress(f"Fitting {self.label}", epoch + 1, self._epochs)
        if not np.isfinite(best) or not all(torch.isfinite(values).all() for values in kept.values()):
            raise InputError(
                "the network does not converge: its error, or its weights, are not finite in any epoch",
                where=self.name,
                got=f"learning_rate={self._rate:g}",
                hint="give a smaller learning rate",
            )
        self._network.load_state_dict(kept)

    def _error_of(self, found: Any, wanted: torch.Tensor) -> torch.Tensor:
        import torch

        shape = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        if shape != tuple(wanted.shape):  # torch would stretch one of the two
            raise InputError(
                "the network does not give a number for each window and voxel",
                where=self.name,
                got=str(shape),
                expected=f"a tensor {tuple(wanted.shape)}",
            )
        return torch.nn.functional.mse_loss(found, wanted)

    def _loss(self, data: tuple[np.ndarray, np.ndarray]) -> float:
        return float(np.mean((self._apply(data[0]) - data[1]) ** 2))

    def _state(self) -> dict[str, torch.Tensor]:
        return {name: values.clone() for name, values in self._network.state_dict().items()}

    def _apply(self, x: np.ndarray) -> np.ndarray:
        import torch

        self._network.eval()
        with torch.no_grad():
            return np.concatenate([self._network(part).numpy() for part in torch.from_numpy(x).split(BATCH)])
