from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import InputError
from eeg2fmri.nn.draws import Draws, Generated, Replayed

LOC, SCALE = torch.tensor([1.0, -2.0, 3.0]), torch.tensor([0.1, 0.2, 0.3])


def test_nothing_is_drawn_without_a_source():
    draws = Draws()
    assert not draws.random
    assert torch.equal(draws.normal(LOC, SCALE), LOC)
    assert torch.equal(draws.keep(LOC, 0.5), torch.ones(3))
    assert torch.equal(draws.signs(LOC), torch.ones(3))
    # the mean of the cosine of a spread angle is smaller than the cosine of its location
    mean = draws.von_mises_cosine(torch.zeros(2), torch.tensor([0.5, 50.0]))
    assert 0.2 < mean[0] < 0.3
    assert 0.98 < mean[1] < 1


def test_draws_repeat_from_a_generator_and_leave_the_global_state(source):
    before, state = torch.random.get_rng_state(), source.get_state()
    passes = []
    for _ in range(2):
        source.set_state(state)
        draws = Generated(source)
        passes.append(
            torch.stack(
                [
                    draws.normal(LOC, SCALE),
                    draws.von_mises_cosine(LOC, SCALE),
                    draws.signs(LOC),
                    draws.keep(LOC, 0.5),
                ]
            )
        )
    assert torch.equal(*passes)
    assert set(passes[0][2].tolist()) <= {1.0, -1.0}
    assert set(passes[0][3].tolist()) <= {1.0, 0.0}
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_generator_is_only_made_when_something_is_drawn():
    calls = []
    draws = Generated(lambda: calls.append(1) or torch.Generator().manual_seed(0))
    assert calls == []
    draws.normal(LOC, SCALE)
    draws.normal(LOC, SCALE)
    assert calls == [1]


def test_replayed_draws_have_the_gradients_of_drawn_ones():
    loc, scale = LOC.clone().requires_grad_(), SCALE.clone().requires_grad_()
    value = torch.tensor([1.5, -2.0, 2.1])
    drawn = Replayed([value.numpy()]).normal(loc, scale)
    assert torch.allclose(drawn, value)
    drawn.sum().backward()
    assert torch.allclose(loc.grad, torch.ones(3))
    assert torch.allclose(scale.grad, (value - LOC) / SCALE)


def test_one_sample_may_stand_for_a_whole_tensor():
    drawn = Replayed([0.5]).normal(torch.zeros(2, 3), torch.ones(2, 3))
    assert torch.equal(drawn, torch.full((2, 3), 0.5))


def test_too_few_too_many_and_wrong_samples_are_named():
    draws = Replayed([LOC, torch.zeros(4)])
    draws.normal(LOC, SCALE)
    with pytest.raises(InputError, match="more samples than the model draws"):
        draws.finish()
    with pytest.raises(InputError, match="sample 1"):
        draws.normal(LOC, SCALE)
    draws.finish()
    with pytest.raises(InputError, match="fewer samples"):
        draws.keep(LOC, 0.5)
