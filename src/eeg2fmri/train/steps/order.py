"""Choose the pairs that a step sees, and its learning rate: pure functions of the seed and the step."""

from __future__ import annotations

import math

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.train.config import OptimiserConfig


def epoch_batches(
    n_pairs: int, batch_size: int, seed: int, epoch: int, rank: int = 0, world: int = 1
) -> list[list[int]]:
    """Cut a shuffled epoch into the batches of one process.

    The order is that of one process with `world` times the batch size; each global batch is divided among
    the processes. With several processes the last global batch is shortened to a multiple of `world`
    (fewer than `world` pairs of an epoch are left out), so that every process takes the same steps.

    Parameters
    ----------
    n_pairs, batch_size : int
        Pairs in all, pairs in a batch of one process.
    seed, epoch : int
        The same two give the same order.
    rank, world : int
        Number of this process, and how many there are.

    Returns
    -------
    list of list of int
        Indices of pairs.
    """
    order = generator(seed, "order", epoch).permutation(n_pairs)
    batches = []
    for start in range(0, n_pairs, batch_size * world):
        whole = order[start : start + batch_size * world]
        share = len(whole) // world
        if share:
            batches.append([int(k) for k in whole[rank * share : (rank + 1) * share]])
    return batches


def even_share(n_pairs: int, batch_size: int, rank: int = 0, world: int = 1) -> list[list[int]]:
    """Cut pairs, in order, into the batches that one process validates; no pair is left out."""
    mine = np.arange(rank, n_pairs, world)
    return [[int(k) for k in mine[start : start + batch_size]] for start in range(0, len(mine), batch_size)]


def learning_rate(config: OptimiserConfig, step: int, total: int, per_epoch: int = 1) -> float:
    """Learning rate of optimiser step `step` (from 0) out of `total`, of which `per_epoch` are an epoch."""
    warmup = config.warmup_steps or config.warmup_epochs * per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if config.schedule == "constant":
        return config.learning_rate
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    if config.schedule == "cosine_restarts" and done < 1:
        done = done * config.cycles % 1
    return config.floor + (config.learning_rate - config.floor) * 0.5 * (1 + math.cos(math.pi * done))
