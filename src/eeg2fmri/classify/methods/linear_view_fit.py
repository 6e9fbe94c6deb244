"""Linear classifiers of the volumes that a synthesiser makes, standardised over the training windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit
from torch import nn

from eeg2fmri.classify.methods.baselines import GramScores
from eeg2fmri.classify.methods.frame import GroupFrame, RowFrame
from eeg2fmri.classify.methods.one_vs_rest import combine
from eeg2fmri.models.classifiers.linear_view import LinearView, LinearViewConfig

#: Voxels that vary less than this share of the voxel that varies most have no weight: they are outside of the brain.
CONSTANT = 1e-6
#: Windows that are synthesised at a time.
BATCH_SIZE = 32


def views_of(model: nn.Module, windows: np.ndarray) -> np.ndarray:
    """Volumes (window, voxel), float32, of windows (window, channel, freq or band, time)."""
    made = []
    with torch.inference_mode():
        for start in range(0, len(windows), BATCH_SIZE):
            x = torch.from_numpy(np.ascontiguousarray(windows[start : start + BATCH_SIZE], np.float32))
            made.append(model(x).volume.flatten(1).numpy())
    return np.concatenate(made)


@dataclass(frozen=True, eq=False)
class LinearFit:
    """Linear classifiers of voxels: one for two classes, else one for each class against the rest.

    Attributes
    ----------
    centre : array, shape (voxel,)
        Mean view of the training windows.
    weight : array, shape (model, voxel)
    bias : array, shape (model,)
        Log odds at the mean view.
    """

    centre: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def probabilities(self, views: np.ndarray) -> np.ndarray:
        """Probabilities (window, class) of volumes (window, voxel)."""
        logits = (views - self.centre) @ self.weight.T + self.bias
        return combine([expit(column) for column in logits.T])

    def models(self, synthesizer: nn.Module, frame: GroupFrame | RowFrame | None = None) -> list[LinearView]:
        """Make models that go from EEG windows to the decision, with the frame that their windows are made with."""
        made = []
        for weight, bias in zip(self.weight, self.bias, strict=True):
            model = LinearView(LinearViewConfig(synthesizer=synthesizer.config)).eval()  # type: ignore[arg-type]
            model.synthesizer.load_state_dict(synthesizer.state_dict())
            shape = model.centre.shape
            model.set_classifier(
                torch.from_numpy(self.centre).reshape(shape), torch.from_numpy(weight).reshape(shape), float(bias)
            )
            _set_frame(model, frame)
            made.append(model)
        return made


def _set_frame(model: LinearView, frame: GroupFrame | RowFrame | None) -> None:
    """Note in the model what its windows are made with."""
    group = frame.group if isinstance(frame, RowFrame) else frame
    if group is not None:
        model.whitener.copy_(torch.from_numpy(group.recentring.whitener))
        model.amplitude_mean.copy_(torch.from_numpy(group.recentring.mean))
        model.amplitude_std.copy_(torch.from_numpy(group.recentring.std))
    if isinstance(frame, RowFrame):
        model.set_rows(frame.scaling)


def fit_linear_views(
    views: np.ndarray, labels: np.ndarray, n_classes: int, strengths: Sequence[float], seed: int
) -> Iterator[LinearFit]:
    """Fit logistic regressions of the voxels, for one strength after the other.

    Voxels are standardised over the training windows, or those that vary most would be all that counts. Classes weigh
    the same.

    Parameters
    ----------
    views : array, shape (window, voxel)
        Of the training windows alone.
    labels : int array, shape (window,)
    n_classes : int
    strengths : sequence of float
        Inverse L2 penalties.
    seed : int
    """
    from sklearn.linear_model import LogisticRegression

    centre, spread = views.mean(axis=0, dtype=np.float64), views.std(axis=0, dtype=np.float64)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > CONSTANT * spread.max())
    standard = (views - centre) * scale
    components = GramScores().fit(standard)
    scores = components.transform(standard)
    for strength in strengths:
        weights, biases = [], []
        for positive in [1] if n_classes == 2 else range(n_classes):
            fitted = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000, random_state=seed % 2**31)
            fitted.fit(scores, labels == positive)
            weights.append(components.axes_ @ fitted.coef_[0] * scale)
            biases.append(fitted.intercept_[0])
        yield LinearFit(centre, np.stack(weights), np.array(biases))
