"""Uncertainty of a model in BOLD units: its parts, its maps, and whether its intervals hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.inputs.methods import BATCH, targets_of
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.intervals.calibration import Calibration

#: Monte Carlo passes of a variational model in an evaluation.
PASSES = 20


@dataclass(frozen=True, eq=False)
class UncertaintyMaps:
    """Uncertainty at each voxel, root mean square over volumes, BOLD units.

    Attributes
    ----------
    epistemic : array, shape (x, y, z)
        Standard deviation over Monte Carlo passes: what more data would tell. 0 if nothing in the model is drawn.
    aleatoric : array, shape (x, y, z), or None
        Standard deviation of the Laplace distribution that the model predicts; None if it predicts none.
    """

    epistemic: np.ndarray
    aleatoric: np.ndarray | None


class UncertainModel:
    """A model that says how sure it is.

    Parameters
    ----------
    run : OpenRun
    device : str
    passes : int
        Monte Carlo passes, at least 2.
    seed : int
        Of the draws.
    """

    def __init__(self, run: OpenRun, device: str = "cpu", passes: int = PASSES, seed: int = 0) -> None:
        self.run = run
        self.device = device
        self.seed = seed
        first = next(self._passes(run.split.validation[0], 2))
        self._drawn = bool(np.any(first[1] > 0))
        self.predicts_scale = first[2] is not None
        self.passes = passes if self._drawn else 2
        ones = np.ones(run.store.grid, np.float32)
        #: BOLD units of one unit of the output
        self._unit = np.abs(run.scaler.unscale(ones) - run.scaler.unscale(0 * ones))

    def on(self, run: OpenRun) -> UncertainModel:
        """Ask another model of the same kind in the same way."""
        return self if run is self.run else UncertainModel(run, self.device, self.passes, self.seed)

    @property
    def uncertain(self) -> bool:
        """Whether the model has any uncertainty to tell of."""
        return self._drawn or self.predicts_scale

    def calibration(self) -> Calibration:
        """Make an empty calibration of the distribution that the model predicts."""
        return Calibration("laplace" if self.predicts_scale else "normal")

    def measure(self, recording: str, calibration: Calibration, progress: Progress = silent) -> UncertaintyMaps:
        """Compare the intervals of a recording with its BOLD.

        The claimed variance of a voxel is the variance over passes plus that of the predicted Laplace distribution,
        2 x scale^2.

        Parameters
        ----------
        recording : str
            Id.
        calibration : Calibration
            Takes the errors inside the recording's brain mask.
        progress : Progress
        """
        truth = self.run.store.bold(recording)[targets_of(self.run, recording)[0] :]
        inside = self.run.store.mask(recording) & (self._unit > 0)
        epistemic, aleatoric = np.zeros((2, *self.run.store.grid))
        for k, (mean, variance, scale) in enumerate(self._passes(recording, self.passes)):
            spread = variance * self._unit**2
            epistemic += spread
            if scale is not None:
                noise = 2 * (scale * self._unit) ** 2
                aleatoric += noise
                spread = spread + noise
            claimed = np.sqrt(spread[inside])
            told = claimed > 0
            predicted = self.run.scaler.unscale(mean)
            calibration.update(truth[k][inside][told], predicted[inside][told], claimed[told])
            progress(f"Measuring uncertainty of {recording}", k + 1, len(truth))
        return UncertaintyMaps(
            np.sqrt(epistemic / len(truth)), np.sqrt(aleatoric / len(truth)) if self.predicts_scale else None
        )

    def _passes(self, recording: str, passes: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        from eeg2fmri.data.pairs.dataset import PairDataset
        from eeg2fmri.models.synthesis import synthesize_uncertain

        pairs = PairDataset(self.run.store, [recording], self.run.loaded.card.pairs)
        windows = (pairs[k].x.numpy() for k in range(len(pairs)))
        model: Any = self.run.loaded.model
        yield from synthesize_uncertain(model, windows, passes, seed=self.seed, batch_size=BATCH, device=self.device)
