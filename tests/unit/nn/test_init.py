from __future__ import annotations

import math

import torch

from eeg2fmri.nn.init import generator, glorot_, normal_, uniform_


def test_the_same_names_give_the_same_numbers_and_others_do_not():
    same = [torch.rand(4, generator=generator(3, "a", 1)) for _ in range(2)]
    other = torch.rand(4, generator=generator(3, "a", 2))
    assert torch.equal(*same)
    assert not torch.equal(same[0], other)


def test_bounds_and_moments(source):
    bound = math.sqrt(6 / (30 + 70))
    weight = glorot_(torch.empty(200, 300), 30, 70, source)
    assert weight.abs().max() <= bound
    assert abs(weight.std().item() - bound / math.sqrt(3)) < 0.01 * bound
    drawn = normal_(torch.empty(200, 300), 2.0, 0.5, source)
    assert abs(drawn.mean().item() - 2) < 0.02
    assert abs(drawn.std().item() - 0.5) < 0.02
    assert uniform_(torch.empty(50), 1.0, 2.0, source).min() >= 1


def test_a_tensor_without_memory_is_left_alone(source):
    before = source.get_state()
    assert glorot_(torch.empty(3, 4, device="meta"), 3, 4, source).is_meta
    assert torch.equal(before, source.get_state())
