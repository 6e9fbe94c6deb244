"""The order of pairs and the learning rate are pure functions of seed and step."""

from itertools import pairwise

import pytest

from eeg2fmri.train.config import OptimiserConfig
from eeg2fmri.train.steps.order import epoch_batches, even_share, learning_rate


def test_an_epoch_holds_every_pair_once_in_another_order_each_epoch():
    first, second = (epoch_batches(23, 4, seed=1, epoch=e) for e in (0, 1))
    for batches in (first, second):
        assert sorted(k for batch in batches for k in batch) == list(range(23))
        assert [len(batch) for batch in batches] == [4, 4, 4, 4, 4, 3]
    assert first != second
    assert first == epoch_batches(23, 4, seed=1, epoch=0)
    assert first != epoch_batches(23, 4, seed=2, epoch=0)


def test_processes_share_the_global_batches_of_one_process():
    whole = epoch_batches(24, 6, seed=3, epoch=2)
    shares = [epoch_batches(24, 3, seed=3, epoch=2, rank=r, world=2) for r in (0, 1)]
    assert [a + b for a, b in zip(*shares, strict=True)] == whole


def test_processes_take_the_same_number_of_equal_steps_when_pairs_do_not_divide():
    shares = [epoch_batches(23, 2, seed=3, epoch=0, rank=r, world=3) for r in range(3)]
    assert {tuple(map(len, share)) for share in shares} == {(2, 2, 2, 1)}
    seen = [k for share in shares for batch in share for k in batch]
    assert len(seen) == len(set(seen)) == 21


def test_validation_leaves_no_pair_out():
    shares = [even_share(10, 3, rank, 4) for rank in range(4)]
    assert sorted(k for share in shares for batch in share for k in batch) == list(range(10))


def test_learning_rate_warms_up_then_falls_to_zero():
    config = OptimiserConfig(learning_rate=0.8, schedule="cosine", warmup_steps=4)
    rates = [learning_rate(config, step, 24) for step in range(25)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert rates[14] == pytest.approx(0.4)
    assert rates[24] == pytest.approx(0)
    assert all(a >= b for a, b in pairwise(rates[4:]))


def test_a_constant_rate_stays():
    assert learning_rate(OptimiserConfig(learning_rate=0.3), 17, 20) == 0.3


def test_restarts_begin_anew_and_end_at_the_floor():
    config = OptimiserConfig(learning_rate=0.8, schedule="cosine_restarts", cycles=3, floor=0.2, warmup_epochs=1)
    rates = [learning_rate(config, step, 64, per_epoch=4) for step in range(65)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [rates[step] for step in (4, 24, 44)] == pytest.approx([0.8] * 3)
    assert rates[14] == pytest.approx(0.5)
    assert rates[64] == pytest.approx(0.2)
    assert min(rates[4:]) >= 0.2
    assert [step for step in range(5, 65) if rates[step] > rates[step - 1]] == [24, 44]
