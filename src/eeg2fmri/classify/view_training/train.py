"""Training of one binary view classifier on pairs of windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from eeg2fmri.classify.view_training.normalisation import retake_statistics
from eeg2fmri.classify.view_training.pairs import draw_pairs
from eeg2fmri.core.config import Config
from eeg2fmri.core.random import child_seed
from eeg2fmri.core.random import generator as numpy_generator
from eeg2fmri.models.classifiers.contrastive import contrastive, pair_loss
from eeg2fmri.models.classifiers.linear_view import LinearView
from eeg2fmri.models.classifiers.view import ViewClassifier

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
#: Windows whose probability is computed at a time.
BATCH_SIZE = 32


class ViewTraining(Config):
    """How a view classifier is trained.

    Attributes
    ----------
    epochs : int
    pairs : int
        Pairs in an epoch.
    batch_size : int
        Pairs in a step. Small batches make many steps: at 16, an epoch of 64 pairs has 4 steps, and the 32 steps of 8
        epochs left the view at chance where 128 steps told the classes apart.
    learning_rate : float
        Of Adam.
    contrastive : float
        Weight of the contrastive loss; 1 is the method as published.
    margin : float
        Distance to which latents of different labels are driven, rad: pi as published.
    kl : float
        Weight of the divergence of variational weights from their prior, which is divided by the number of windows. A
        view has 1e5 weights and a study 1e2 windows: at 1 the prior would be all that is left.
    """

    epochs: Annotated[int, Field(ge=1)] = 8
    pairs: Annotated[int, Field(ge=1)] = 64
    batch_size: Annotated[int, Field(ge=1)] = 4
    learning_rate: Positive = 3e-3
    contrastive: NotNegative = 1.0
    margin: Positive = float(np.pi)
    kl: NotNegative = 1e-3


EpochEnd = Callable[[int, ViewClassifier], None]


def train_view(
    model: ViewClassifier,
    windows: np.ndarray,
    labels: np.ndarray,
    settings: ViewTraining,
    seed: int,
    groups: np.ndarray | None = None,
    epoch_end: EpochEnd | None = None,
) -> list[float]:
    """Train a binary view classifier in place.

    L = contrastive (on the angle before the cosine) + cross entropy of both windows + penalty on the classifier, and
    the divergence of variational weights. What the synthesiser lends stays frozen. At the end the running statistics of
    batch normalisation are those of the training windows (`eeg2fmri.classify.view_training.normalisation`).

    Parameters
    ----------
    model : ViewClassifier
    windows : array, shape (window, channel, freq, time)
        Of the training fold alone.
    labels : array of 0 and 1, shape (window,)
    settings : ViewTraining
    seed : int
        Pairs, dropout and variational draws follow from it.
    groups : array, shape (window,), optional
        Subjects; see `eeg2fmri.classify.view_training.pairs.draw_pairs`.
    epoch_end : function of epoch and model, optional
        Called after each epoch, from 1, with the model in evaluation mode.

    Returns
    -------
    list of float
        Mean loss of every epoch.
    """
    rng = numpy_generator(seed, "pairs")
    draws = torch.Generator().manual_seed(child_seed(seed, "draws") % 2**63)
    x = torch.from_numpy(np.ascontiguousarray(windows, np.float32)).to(next(model.parameters()).dtype)
    y = torch.from_numpy(np.asarray(labels, np.float32))
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=settings.learning_rate)
    losses = []
    for epoch in range(1, settings.epochs + 1):
        model.train()
        pairs = draw_pairs(labels, settings.pairs, rng, groups)
        total = 0.0
        for start in range(0, settings.pairs, settings.batch_size):
            a, b = (torch.from_numpy(part[start : start + settings.batch_size]) for part in pairs[:2])
            loss = _loss(model, x[a], x[b], y[a], y[b], settings, draws, len(x))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += float(loss.detach()) * len(a)
        losses.append(total / settings.pairs)
        if epoch_end is not None:
            retake_statistics(model, x)
            epoch_end(epoch, model)
    retake_statistics(model, x)
    return losses


def _loss(
    model: ViewClassifier,
    first: Tensor,
    second: Tensor,
    first_label: Tensor,
    second_label: Tensor,
    settings: ViewTraining,
    draws: torch.Generator,
    n_windows: int,
) -> Tensor:
    pair = model.pair(first, second, generator=draws)
    loss = pair_loss(pair, first_label, second_label, settings.margin) + model.regularization()
    if settings.contrastive != 1:
        apart = contrastive(pair.distance, first_label == second_label, settings.margin).mean()
        loss = loss + (settings.contrastive - 1) * apart
    if settings.kl:
        loss = loss + settings.kl * model.kl() / n_windows
    return loss


def positive_probability(
    model: ViewClassifier | LinearView,
    windows: np.ndarray,
    passes: int = 1,
    seed: int = 0,
) -> np.ndarray:
    """Probability of the positive class, shape (window,), float64.

    Variational weights: mean over `passes` draws; one pass takes them at their means. With an aleatoric scale s
    the logit is divided by s, as its cross entropy is in training.

    Parameters
    ----------
    model : ViewClassifier or LinearView
        With one logit.
    windows : array, shape (window, channel, freq, time)
    passes, seed : int
    """
    dtype = next(model.parameters()).dtype
    source = torch.Generator().manual_seed(seed)
    model.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(windows), BATCH_SIZE):
            batch = windows[start : start + BATCH_SIZE]
            # every batch has the same size: what is found of a window then depends less on its neighbours
            rows = np.arange(BATCH_SIZE) % len(batch)
            x = torch.from_numpy(np.ascontiguousarray(batch[rows], np.float32)).to(dtype)
            values = []
            for _ in range(passes):
                out = model(x, generator=source if passes > 1 else None)
                logit = out.logit[:, 0] if out.scale is None else out.logit[:, 0] / out.scale[:, 0]
                values.append(torch.sigmoid(logit))
            found.append(torch.stack(values).mean(0).double().numpy()[: len(batch)])
    return np.concatenate(found) if found else np.empty(0)
