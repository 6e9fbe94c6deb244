from __future__ import annotations

import copy

import torch

from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.nn.draws import Draws, Generated, Replayed


def test_where_a_pass_takes_its_numbers_from():
    model = Drawing(3)
    assert isinstance(model.draws(samples=[1.0]), Replayed)
    assert isinstance(model.draws(torch.Generator()), Generated)
    assert isinstance(model.draws(), Generated)
    assert type(model.eval().draws()) is Draws


def test_own_draws_go_on_from_pass_to_pass_and_start_from_the_seed():
    like = torch.zeros(4)

    def passes(seed):
        model = Drawing(seed)
        return torch.stack([model.draws().normal(like, like + 1) for _ in range(2)])

    assert torch.equal(passes(3), passes(3))
    assert not torch.equal(passes(3), passes(4))
    assert not torch.equal(*passes(3))


def test_a_copy_goes_on_by_itself():
    model, like = Drawing(3), torch.zeros(4)
    model.draws().normal(like, like + 1)
    twin = copy.deepcopy(model)
    assert torch.equal(model.draws().normal(like, like + 1), twin.draws().normal(like, like + 1))
