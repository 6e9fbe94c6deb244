import time

import pytest
import torch

from eeg2fmri.nn.tokens.selective_scan import linear_recurrence, selective_scan


def _sequential(a, b):
    h, all_h = torch.zeros_like(b[0]), []
    for factor, term in zip(a, b, strict=True):
        h = factor * h + term
        all_h.append(h)
    return torch.stack(all_h)


def _parts(length, *shape, dtype=torch.float32):
    source = torch.Generator().manual_seed(length)
    a = torch.rand(length, *shape, generator=source, dtype=torch.float64).to(dtype)
    # factors that vanish and factors of 1 side by side
    a[length // 3], a[length // 2] = 0.0, 1.0
    b = torch.randn(length, *shape, generator=source, dtype=torch.float64).to(dtype)
    return a.requires_grad_(), b.requires_grad_()


@pytest.mark.parametrize("length", [1, 2, 7, 16, 17, 1024])
def test_equals_the_sequential_recurrence_and_its_gradients(length):
    a, b = _parts(length, 2, 3)
    weights = torch.linspace(-1, 2, length * 6).view(length, 2, 3)
    ours, theirs = linear_recurrence(a, b), _sequential(a, b)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    for one, other in zip(
        torch.autograd.grad((ours * weights).sum(), (a, b)),
        torch.autograd.grad((theirs * weights).sum(), (a, b)),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * float(other.abs().max().clamp_min(1)))


def test_gradients_by_differences():
    a, b = _parts(9, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(linear_recurrence, (a, b))


def test_a_scan_is_the_model_step_by_step():
    source = torch.Generator().manual_seed(0)
    time_, batch, groups, features, states = 11, 2, 3, 4, 5
    x, step = (torch.rand(time_, batch, groups, features, generator=source) for _ in range(2))
    into, out = (torch.randn(time_, batch, groups, states, generator=source) for _ in range(2))
    decay = -torch.rand(groups, features, states, generator=source)
    found = selective_scan(x, step, decay, into, out)
    h = torch.zeros(batch, groups, features, states)
    for t in range(time_):
        h = torch.exp(step[t, ..., None] * decay) * h + (step[t] * x[t])[..., None] * into[t, :, :, None, :]
        torch.testing.assert_close(found[t], (h * out[t, :, :, None, :]).sum(-1), rtol=1e-5, atol=1e-5)


def test_at_least_ten_times_as_fast_as_the_sequential_recurrence():
    a, b = _parts(1024, 8, 16)

    def best(recurrence):
        times = []
        for _ in range(5):
            start = time.thread_time()
            recurrence(a, b).sum().backward()
            times.append(time.thread_time() - start)
        return min(times)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert best(linear_recurrence) * 10 < best(_sequential)
    finally:
        torch.set_num_threads(threads)
