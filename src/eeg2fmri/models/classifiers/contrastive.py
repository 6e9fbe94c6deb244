"""Losses of the EEG view classifier, on pairs of windows with or without the same label."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from eeg2fmri.models.classifiers.latent import Classification
from eeg2fmri.models.classifiers.view import Pair


def contrastive(distance: Tensor, same: Tensor, margin: float = math.pi) -> Tensor:
    """Pull latents of one label together and those of two labels to `margin`: y d + (1 - y) |d - m|.

    Parameters
    ----------
    distance : Tensor, shape (batch, feature)
        L1 distance of the latents (rad), element by element.
    same : Tensor, shape (batch,)
        y: 1 if both windows have one label, else 0.
    margin : float
        m (rad).

    Returns
    -------
    Tensor, shape (batch,)
        Mean over the features.
    """
    y = same.to(distance.dtype).unsqueeze(-1)
    return (y * distance + (1 - y) * (distance - margin).abs()).mean(-1)


def pair_loss(pair: Pair, first: Tensor, second: Tensor, margin: float = math.pi) -> Tensor:
    """Contrastive loss plus the cross entropies of both windows, mean over the batch.

    With a scale s each cross entropy is divided by it, and log(s1 s2) is added.

    Parameters
    ----------
    pair : Pair
        Of a model with one class logit.
    first, second : Tensor, shape (batch,)
        Labels, 0 or 1.
    margin : float
        See `contrastive`.

    Returns
    -------
    Tensor
        A scalar; penalties on the weights are the model's ``regularization()``.
    """
    loss = contrastive(pair.distance, first == second, margin)
    loss = loss + _cross_entropy(pair.first, first) + _cross_entropy(pair.second, second)
    return loss.mean()


def _cross_entropy(out: Classification, label: Tensor) -> Tensor:
    logit = out.logit.squeeze(-1)
    entropy = binary_cross_entropy_with_logits(logit, label.to(logit.dtype), reduction="none")
    if out.scale is None:
        return entropy
    scale = out.scale.squeeze(-1)
    return entropy / scale + torch.log(scale)
