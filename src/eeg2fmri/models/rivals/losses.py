"""Compute the losses that the published models were trained with."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Side of the Gaussian window of a structural similarity and its standard deviation, pixels.
WINDOW, SIGMA = 11, 1.5
#: Constants of the structural similarity, as shares of the range.
K1, K2 = 0.01, 0.03


def similarity(predicted: Tensor, volume: Tensor, data_range: float = 1.0) -> Tensor:
    """Compute the structural similarity of the slices of volumes.

    Wang, Bovik, Sheikh and Simoncelli (2004), within an 11x11 Gaussian window (sigma 1.5) wherever it fits into the
    slice; in slices smaller than that the window is the largest odd one that fits.

    Parameters
    ----------
    predicted, volume : Tensor, shape (batch, x, y, z)
    data_range : float
        Range of the values of a volume.

    Returns
    -------
    Tensor, shape (batch,)
        Mean over windows and slices.
    """
    images = torch.stack([predicted, volume]).movedim(-1, 2).flatten(0, 2)
    n, kind = len(images) // 2, images.dtype
    images = images.float() if kind in (torch.float16, torch.bfloat16) else images
    products = [images, images.square(), (images[:n] * images[n:])]
    blurred = _blurred(torch.cat(products))
    mean_a, mean_b, square_a, square_b, product = blurred.split(n)
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    means = mean_a * mean_b
    power = mean_a.square() + mean_b.square()
    found = (2 * means + c1) * (2 * (product - means) + c2) / ((power + c1) * (square_a + square_b - power + c2))
    return found.reshape(len(predicted), -1).mean(dim=1).to(kind)


def _blurred(images: Tensor) -> Tensor:
    """Average within the window, wherever it fits: one matrix product for the rows and one for the columns."""
    rows, columns = (_windows(size, images) for size in images.shape[-2:])
    return rows @ images @ columns.T


def _windows(size: int, like: Tensor) -> Tensor:
    """Weights of each place of the window (place, size) along an axis."""
    width = min(WINDOW, (size - 1) // 2 * 2 + 1)
    at = torch.arange(width, device=like.device, dtype=like.dtype) - width // 2
    weights = torch.exp(-at.square() / (2 * SIGMA**2))
    places = torch.eye(size, device=like.device, dtype=like.dtype).unfold(0, width, 1)  # (place, size, width)
    return places @ (weights / weights.sum())


def similarity_and_error(predicted: Tensor, volume: Tensor, data_range: float = 1.0) -> dict[str, Tensor]:
    """Give half of 1 - structural similarity and half of the mean squared error, each a mean over the batch.

    Parameters
    ----------
    predicted, volume : Tensor, shape (batch, x, y, z)
    data_range : float
    """
    return {
        "reconstruction": 0.5 * functional.mse_loss(predicted, volume),
        "similarity": 0.5 * (1 - similarity(predicted, volume, data_range)).mean(),
    }


def courses_loss(predicted: Tensor, volume: Tensor) -> dict[str, Tensor]:
    """Compare courses of regions in a batch of consecutive volumes: value, correlation over time, connectivity.

    .8 MSE + .2 (1 - r over the batch, mean over regions) + .2 mean squared difference of the regions' correlations with
    each other. The last two are left out of a batch with fewer than 3 volumes, where they say nothing.

    Parameters
    ----------
    predicted, volume : Tensor, shape (batch, x, y, z)
        The batch is the time.
    """
    a, b = predicted.flatten(1), volume.flatten(1)
    parts = {"reconstruction": 0.8 * functional.mse_loss(a, b)}
    if len(a) < 3:
        return parts
    ours, theirs = (functional.normalize(part - part.mean(dim=0), dim=0) for part in (a, b))
    parts["correlation"] = 0.2 * (1 - (ours * theirs).sum(dim=0)).mean()
    parts["connectivity"] = 0.2 * _gram_difference(ours, theirs)
    return parts


def _gram_difference(a: Tensor, b: Tensor) -> Tensor:
    """Mean squared difference of A^T A and B^T B, by products over the batch: regions may be very many."""
    aa, bb, ab = ((left @ right.T).square().sum() for left, right in ((a, a), (b, b), (a, b)))
    return (aa + bb - 2 * ab).clamp_min(0) / a.shape[1] ** 2
