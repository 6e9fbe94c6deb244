"""Batches of pairs, made ahead of the training step by threads of its own process.

Reading a file and the arithmetic of numpy run without the lock of the interpreter, so that threads share the work as
processes would, and a batch need not travel from one process to another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol, cast

import torch

from eeg2fmri.data.pairs.dataset import Pair

#: Batches that wait, or are being made, for each worker.
AHEAD = 2


class Pairs(Protocol):
    """Anything that makes pairs by their number; `eeg2fmri.data.pairs.dataset.PairDataset` makes whole batches."""

    def __getitem__(self, pair: int) -> Pair:
        """Make a pair."""
        ...


def load_batches(
    pairs: Pairs, batches: Sequence[Sequence[int]], *, workers: int = 0, pin: bool = False
) -> Generator[Pair, None, None]:
    """Make batches in their order.

    The order and content of the batches do not depend on the number of workers. Memory is that of
    ``AHEAD * workers + 1`` batches, and one more that the caller works on.

    Parameters
    ----------
    pairs : PairDataset
    batches : sequence of sequence of int
        Pairs of each batch.
    workers : int
        Threads that make batches while the caller works on earlier ones; 0 makes each batch when it is asked for.
        They end with the iterator: when it is exhausted, closed or dropped.
    pin : bool
        Whether batches lie in page-locked memory, for copies to a CUDA device.

    Yields
    ------
    Pair
        x (pair, channel, freq, time), y (pair, x, y, z), and int64 tensors (pair,).

    Raises
    ------
    StoreError
        If a file cannot be read: at the batch that it belongs to, after the batches before it.
    """
    if not workers:
        for batch in batches:
            yield _batch(pairs, batch, pin)
        return
    left = iter(batches)
    coming: deque[Future[Pair]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="pairs")
    try:
        for batch in islice(left, AHEAD * workers):
            coming.append(pool.submit(_batch, pairs, batch, pin))
        while coming:
            made = coming.popleft().result()
            for batch in islice(left, 1):
                coming.append(pool.submit(_batch, pairs, batch, pin))
            yield made
            del made  # not kept while the next batch is waited for
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batch(pairs: Pairs, batch: Sequence[int], pin: bool) -> Pair:
    make = getattr(pairs, "batch", None)
    if make is not None:
        return cast(Pair, make(batch, pin=pin))
    each = [pairs[pair] for pair in batch]
    x, y = torch.stack([pair.x for pair in each]), torch.stack([pair.y for pair in each])
    if pin:
        x, y = x.pin_memory(), y.pin_memory()
    recording, volume = (
        torch.tensor([int(value) for value in values]) for values in zip(*(pair[2:] for pair in each), strict=True)
    )
    return Pair(x, y, cast(Any, recording), cast(Any, volume))
