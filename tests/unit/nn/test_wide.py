from __future__ import annotations

import pytest
import torch

from eeg2fmri.nn import wide

#: (batch, n_in, n_out): blocks of columns and rows that come out even, with rests, and only rests.
SIZES = [(3, 4, 12), (3, 5, 14), (2, 3, 9), (1, 5, 14), (4, 1, 7)]


@pytest.fixture
def small(monkeypatch):
    """Everything counts as large, cut into blocks of a few."""
    monkeypatch.setattr(wide, "LARGE", 1)
    monkeypatch.setattr(wide, "COLUMNS", 4)
    monkeypatch.setattr(wide, "ROWS", 2)


def operands(randn, size):
    batch, n_in, n_out = size
    return [t.requires_grad_() for t in (randn(batch, n_in), randn(n_in, n_out), randn(n_out))]


@pytest.mark.parametrize("size", SIZES)
def test_the_result_and_the_gradients_are_those_of_the_product(size, randn, small):
    leaves = operands(randn, size)
    g = randn(size[0], size[2])
    expected = torch.addmm(leaves[2], leaves[0], leaves[1])
    found = wide.affine(*leaves)
    assert type(found.grad_fn).__name__ == "_AffineBackward"
    assert torch.allclose(found, expected, atol=1e-6)
    gradients = [torch.autograd.grad(y, leaves, g) for y in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        assert ours.shape == theirs.shape
        assert torch.allclose(ours, theirs, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(wide.affine(*leaves), expected, atol=1e-6)


def test_second_derivatives(randn, small):
    leaves = operands(randn, (3, 5, 14))

    def second(function):
        loss = function(*leaves).pow(3).sum()
        (first,) = torch.autograd.grad(loss, leaves[1], create_graph=True)
        return torch.autograd.grad(first.square().sum(), leaves)

    plain = second(lambda x, w, b: torch.addmm(b, x, w))
    for ours, theirs in zip(second(wide.affine), plain, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_only_the_gradients_that_are_needed(randn, small):
    x, kernel, bias = (t.detach() for t in operands(randn, (3, 5, 14)))
    wide.affine(x, kernel, bias.requires_grad_()).sum().backward()
    assert torch.equal(bias.grad, torch.full((14,), 3.0))


def test_memory_in_large_pages_holds_what_is_written():
    out = wide._empty_in_large_pages(1200, 1000)
    out.fill_(2.5)
    assert out.shape == (1200, 1000)
    assert out.sum().item() == 3e6


def test_small_kernels_large_batches_and_half_precision_take_the_ordinary_way(randn, small, monkeypatch):
    leaves = operands(randn, (3, 5, 14))

    def ordinary(*tensors):
        return type(wide.affine(*tensors).grad_fn).__name__ == "AddmmBackward0"

    assert not ordinary(*leaves)
    assert ordinary(*(t.bfloat16() for t in leaves))
    with torch.autocast("cpu", torch.bfloat16):
        wide.affine(*leaves).sum().backward()
    assert all(t.grad is not None for t in leaves)
    monkeypatch.setattr(wide, "FEW", 2)
    assert ordinary(*leaves)
    monkeypatch.undo()
    assert ordinary(*leaves)
