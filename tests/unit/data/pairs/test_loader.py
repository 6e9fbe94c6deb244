from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.loader import AHEAD, load_batches
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store

BATCHES = [[3, 0, 17], [22, 5, 1], [8, 9, 2], [19, 4, 4], [11, 23, 12], [6], [7, 20], [10], [13, 21, 18]]


def loading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("pairs")]


@pytest.fixture
def pairs(store: Store) -> PairDataset:
    return PairDataset(store, range(3), PairConfig(window=3))


class Counting:
    """Pairs that note which were made, and may refuse one."""

    def __init__(self, pairs: PairDataset, bad: int = -1) -> None:
        self.pairs, self.bad, self.made = pairs, bad, 0
        self.lock = threading.Lock()

    def batch(self, batch, pin=False):
        if self.bad in batch:
            raise StoreError("a file of the store cannot be read", where="sub-01/bold.npy")
        with self.lock:
            self.made += 1
        return self.pairs.batch(batch)


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_batches_are_the_same_whatever_the_number_of_workers(pairs: PairDataset, workers: int) -> None:
    got = list(load_batches(pairs, BATCHES, workers=workers))
    assert len(got) == len(BATCHES)
    for batch, numbers in zip(got, BATCHES, strict=True):
        expected = default_collate([pairs[number] for number in numbers])
        for one, other in zip(batch, expected, strict=True):
            assert one.dtype == other.dtype
            assert torch.equal(one, other)
    assert not loading_threads()


@pytest.mark.parametrize("values", [{"target": "dynamics"}, {"bold_scaling": "volume"}, {"bold_scaling": "none"}])
def test_every_scaling_is_that_of_a_single_pair(store: Store, values: dict[str, str]) -> None:
    pairs = PairDataset(store, range(4), PairConfig.make({"window": 3, **values}))
    batch = next(load_batches(pairs, [[0, 30, 15]], workers=2))
    torch.testing.assert_close(batch.y, torch.stack([pairs[k].y for k in (0, 30, 15)]), rtol=0, atol=0)


def test_batches_are_kept_as_they_were(pairs: PairDataset) -> None:
    kept = list(load_batches(pairs, BATCHES, workers=2))
    assert len({batch.x.data_ptr() for batch in kept}) == len(kept)


def test_an_error_comes_after_the_batches_before_it_as_it_is(pairs: PairDataset) -> None:
    loaded = load_batches(Counting(pairs, bad=11), BATCHES, workers=2)
    for numbers in BATCHES[:4]:
        assert len(next(loaded).x) == len(numbers)
    with pytest.raises(StoreError) as caught:
        next(loaded)
    assert caught.value.problems[0].where == "sub-01/bold.npy"
    assert not loading_threads()


def test_a_damaged_store_is_named(store: Store, pairs: PairDataset) -> None:
    file = store.path / store.recordings[1].id / "bold.npy"
    loaded = load_batches(pairs, [[0], [1], [len(pairs) // 2]], workers=2)
    pairs.batch(range(len(pairs)))
    with file.open("r+b") as stream:
        stream.truncate(200)
    with pytest.raises(StoreError, match="ends too early") as caught:
        list(loaded)
    assert Path(caught.value.problems[0].where) == file.resolve()


@pytest.mark.parametrize("end", ["close", "drop", "interrupt"])
def test_no_thread_outlives_the_iterator(pairs: PairDataset, end: str) -> None:
    loaded = load_batches(pairs, BATCHES * 20, workers=3)
    next(loaded)
    assert loading_threads()
    if end == "close":
        loaded.close()
    elif end == "drop":
        del loaded
        gc.collect()
    else:
        with pytest.raises(KeyboardInterrupt):
            loaded.throw(KeyboardInterrupt)
    assert not loading_threads()


def test_an_error_of_the_step_ends_the_threads(pairs: PairDataset) -> None:
    def train() -> None:
        for number, _ in enumerate(load_batches(pairs, BATCHES * 20, workers=3)):
            if number == 2:
                raise ValueError("the loss is not finite")

    with pytest.raises(ValueError, match="not finite") as caught:
        train()
    assert caught.tb is not None  # the frame lives on in the traceback, its iterator does not
    assert not loading_threads()


def test_only_some_batches_are_made_ahead(pairs: PairDataset) -> None:
    counted = Counting(pairs)
    loaded = load_batches(counted, BATCHES * 20, workers=2)
    for taken in range(1, 30):
        next(loaded)
        assert counted.made <= taken + AHEAD * 2
    loaded.close()


def test_any_pairs_are_joined(pairs: PairDataset) -> None:
    plain = [pairs[number] for number in range(4)]
    got = list(load_batches(plain, [[1, 3], [0]], workers=1))
    np.testing.assert_array_equal(got[0].x, torch.stack([plain[1].x, plain[3].x]))
    assert got[0].volume.tolist() == [plain[1].volume, plain[3].volume]
