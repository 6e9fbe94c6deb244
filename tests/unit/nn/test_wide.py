from __future__ import annotations

import torch

from eeg2fmri.nn import wide


def operands(randn):
    return [randn(3, 5, dtype=torch.float32), randn(5, 7), randn(7)]


def test_large_kernels_have_the_same_result_and_gradients(randn, monkeypatch):
    leaves = [t.requires_grad_() for t in operands(randn)]
    g = randn(3, 7)
    expected = torch.addmm(leaves[2], leaves[0], leaves[1])
    gradients = torch.autograd.grad(expected, leaves, g)
    monkeypatch.setattr(wide, "LARGE", 1)
    found = wide.affine(*leaves)
    assert type(found.grad_fn).__name__ == "_AffineBackward"
    assert torch.equal(found, expected)
    for ours, theirs in zip(torch.autograd.grad(found, leaves, g), gradients, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_second_derivatives(randn, monkeypatch):
    monkeypatch.setattr(wide, "LARGE", 1)
    leaves = [t.requires_grad_() for t in operands(randn)]

    def second(function):
        loss = function(*leaves).pow(3).sum()
        (first,) = torch.autograd.grad(loss, leaves[1], create_graph=True)
        return torch.autograd.grad(first.square().sum(), leaves)

    plain = second(lambda x, w, b: torch.addmm(b, x, w))
    for ours, theirs in zip(second(wide.affine), plain, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_only_the_gradients_that_are_needed(randn, monkeypatch):
    monkeypatch.setattr(wide, "LARGE", 1)
    x, kernel, bias = operands(randn)
    wide.affine(x, kernel, bias.requires_grad_()).sum().backward()
    assert torch.equal(bias.grad, torch.full((7,), 3.0))


def test_memory_in_large_pages_holds_what_is_written():
    like = torch.empty(1200, 1000)
    out = wide._empty_in_large_pages(like)
    out.fill_(2.5)
    assert out.shape == like.shape
    assert out.sum().item() == 3e6


def test_small_and_half_precision_kernels_take_the_ordinary_way(randn, monkeypatch):
    leaves = [t.requires_grad_() for t in operands(randn)]
    assert type(wide.affine(*leaves).grad_fn).__name__ == "AddmmBackward0"
    monkeypatch.setattr(wide, "LARGE", 1)
    assert type(wide.affine(*(t.bfloat16() for t in leaves)).grad_fn).__name__ == "AddmmBackward0"
    with torch.autocast("cpu", torch.bfloat16):
        wide.affine(*leaves).sum().backward()
    assert all(t.grad is not None for t in leaves)
