import time

import pytest
import torch

from eeg2fmri.nn.tokens import selective_scan as module
from eeg2fmri.nn.tokens.selective_scan import selective_scan


def _sequential(x, step, decay, into, out):
    """As the formula says it, token by token."""
    h, found = torch.zeros(*x.shape[1:], decay.shape[-1], dtype=x.dtype), []
    for t in range(len(x)):
        h = torch.exp(step[t, ..., None] * decay) * h + (step[t] * x[t])[..., None] * into[t, :, :, None, :]
        found.append((h * out[t, :, :, None, :]).sum(-1))
    return torch.stack(found)


def _parts(length, batch, groups, features, states, dtype=torch.float32):
    source = torch.Generator().manual_seed(length)
    x, step = (torch.rand(length, batch, groups, features, generator=source, dtype=dtype) for _ in range(2))
    into, out = (torch.randn(length, batch, groups, states, generator=source, dtype=dtype) for _ in range(2))
    decay = -3 * torch.rand(groups, features, states, generator=source, dtype=dtype)
    # states that are kept for ever, and states that are forgotten at once, side by side
    decay[..., 0], decay[..., -1] = -1e-6, -200.0
    return [part.requires_grad_() for part in (x - 0.5, step, decay, into, out)]


@pytest.mark.parametrize("length", [1, 2, 7, 16, 17, 59, 1024])
@pytest.mark.parametrize("block", ["one", "many"])
@pytest.mark.parametrize("wide", [True, False])
def test_equals_the_sequential_recurrence_and_its_gradients(length, block, wide, monkeypatch):
    parts = _parts(length, 2, 2, 3, 4)
    monkeypatch.setattr(module, "WIDE", 1 if wide else 10**9)
    if block == "many":  # of 21 tokens
        monkeypatch.setattr(module, "BLOCK", 21 * 48)
    weights = torch.linspace(-1, 2, length * 12).view(length, 2, 2, 3)
    ours, theirs = selective_scan(*parts), _sequential(*parts)
    found = (ours, *torch.autograd.grad((ours * weights).sum(), parts))
    expected = (theirs, *torch.autograd.grad((theirs * weights).sum(), parts))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * other.detach().abs().max().clamp_min(1).item())


def test_gradients_by_differences(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 32)  # blocks of 8 tokens
    parts = _parts(19, 1, 1, 2, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(selective_scan, parts)


def test_a_batch_in_another_order_of_memory_gives_the_same():
    parts = _parts(20, 3, 2, 4, 2)
    turned = [part if n == 2 else part.transpose(0, 1).contiguous().transpose(0, 1) for n, part in enumerate(parts)]
    torch.testing.assert_close(selective_scan(*turned), selective_scan(*parts))


def test_at_least_ten_times_as_fast_as_the_sequential_recurrence():
    parts = _parts(1024, 1, 1, 8, 16)

    def best(scan, times):
        found = []
        for _ in range(times):
            start = time.thread_time()
            scan(*parts).sum().backward()
            found.append(time.thread_time() - start)
        return min(found)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert best(selective_scan, 5) * 10 < best(_sequential, 2)
    finally:
        torch.set_num_threads(threads)
