from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.models import LinearClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.synthesis import synthesize, synthesize_uncertain


def direct(model, windows):
    with torch.no_grad():
        return model.eval()(torch.from_numpy(windows)).volume.numpy()


@pytest.mark.parametrize("batch_size", [1, 3, 7, 20])
def test_a_volume_for_each_window_in_order(synthesizer, windows, batch_size):
    made = list(synthesize(synthesizer, windows, batch_size))
    assert len(made) == 7
    assert all(volume.shape == (6, 4, 3) and volume.dtype == np.float32 for volume in made)
    np.testing.assert_allclose(np.stack(made), direct(synthesizer, windows), rtol=1e-4, atol=1e-6)


def test_windows_are_read_as_they_are_needed(synthesizer, windows):
    read = []

    def source():
        for number, window in enumerate(windows):
            read.append(number)
            yield window

    volumes = synthesize(synthesizer, source(), batch_size=2)
    next(volumes)
    assert read == [0, 1]
    next(volumes)
    assert read == [0, 1]
    next(volumes)
    assert read == [0, 1, 2, 3]


@pytest.mark.parametrize("training", [True, False])
def test_the_caller_keeps_mode_and_gradients(synthesizer, windows, training):
    synthesizer.train(training)
    buffers = {name: tensor.clone() for name, tensor in synthesizer.named_buffers()}
    for _ in synthesize(synthesizer, windows, batch_size=2):
        # also while the volumes are coming
        assert synthesizer.training is training
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    assert all(torch.equal(tensor, buffers[name]) for name, tensor in synthesizer.named_buffers())


def test_mode_comes_back_after_an_error(synthesizer, windows, monkeypatch):
    synthesizer.train()

    def fail(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr(synthesizer.head, "forward", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        list(synthesize(synthesizer, windows))
    assert synthesizer.training


def test_wrong_windows_are_named(synthesizer, windows):
    with pytest.raises(InputError, match="shape") as caught:
        list(synthesize(synthesizer, [windows[0], windows[1][:4]]))
    assert (caught.value.problems[0].where, caught.value.problems[0].got) == ("window 1", "(4, 7, 4)")
    windows[2, 1, 1, 1] = np.nan
    with pytest.raises(InputError, match="not finite") as caught:
        list(synthesize(synthesizer, windows))
    assert caught.value.problems[0].where == "window 2"
    with pytest.raises(InputError, match="no window"):
        list(synthesize(synthesizer, []))


@pytest.mark.parametrize(
    ("dtype", "expected"), [(torch.float64, np.float64), (torch.bfloat16, np.float32), (torch.float32, np.float32)]
)
def test_float_types(synthesizer, windows, dtype, expected):
    made = next(synthesize(synthesizer.to(dtype), windows))
    assert made.dtype == expected
    assert np.isfinite(made).all()


def test_a_model_that_takes_no_eeg_is_refused(windows):
    model = LinearClassifier((5, 7, 4))
    with pytest.raises(InputError, match="not a synthesiser"):
        next(synthesize(model, windows))


@pytest.fixture
def variational() -> SynthesizerNetwork:
    head = {"up": {"kind": "dense", "layer": "dense_flipout"}}
    config = SynthesizerConfig.documented((5, 7, 4), (6, 4, 3), latent_shape=(2, 3, 2), head=head, scale="exponential")
    return SynthesizerNetwork(config)


def test_monte_carlo_passes(variational, windows):
    made = list(synthesize_uncertain(variational, windows, 6, seed=3, batch_size=3))
    again = list(synthesize_uncertain(variational, windows, 6, seed=3, batch_size=3))
    other = next(synthesize_uncertain(variational, windows, 6, seed=4, batch_size=3))
    assert len(made) == 7
    for a, b in zip(made, again, strict=True):
        assert a.mean.shape == a.epistemic.shape == a.aleatoric.shape == (6, 4, 3)
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
        assert (a.epistemic > 0).all()
        assert (a.aleatoric > 0).all()
    assert not np.array_equal(made[0].mean, other.mean)


def test_nothing_random_gives_no_variance(synthesizer, windows):
    made = list(synthesize_uncertain(synthesizer, windows[:2], 3))
    expected = direct(synthesizer, windows[:2])
    for uncertain, volume in zip(made, expected, strict=True):
        np.testing.assert_allclose(uncertain.mean, volume, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(uncertain.epistemic, 0, atol=1e-10)


def test_a_model_without_scale_gives_none(windows, synthesizer_config):
    model = SynthesizerNetwork(synthesizer_config.model_copy(update={"scale": "none"}))
    assert next(synthesize_uncertain(model, windows, 2)).aleatoric is None


def test_one_pass_has_no_variance(synthesizer, windows):
    with pytest.raises(ConfigError, match="at least 2"):
        next(synthesize_uncertain(synthesizer, windows, 1))


class Blocks(torch.nn.Module):
    """Gives for the window of value n the volumes 100 n, 100 n + 1, 100 n + 2, all over a grid of (2, 1, 1)."""

    block_length = 3

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Parameter(torch.ones(()))
        self.config = SimpleNamespace(eeg_shape=(1, 1, 1), volume_shape=(2, 1, 1))

    def forward(self, x, y=None, *, generator=None):
        volume = 100 * x * self.one + torch.arange(3.0).repeat_interleave(2)[:, None, None]
        noise = 0 if generator is None else torch.randn(volume.shape, generator=generator)
        return Synthesis(volume + noise, 1 + volume, x, None, None)


@pytest.mark.parametrize("batch_size", [1, 2, 9])
def test_the_estimates_of_a_volume_are_averaged(batch_size):
    made = list(synthesize(Blocks(), np.arange(4, dtype=np.float32)[:, None, None, None], batch_size))
    # of window 0: 2 of its own block, 101 of that of window 1, 200 of that of window 2
    expected = [(2 + 101 + 200) / 3, (102 + 201 + 300) / 3, (202 + 301) / 2, 302]
    np.testing.assert_allclose([volume.ravel() for volume in made], np.repeat(expected, 2).reshape(4, 2), rtol=1e-6)
    assert all(volume.shape == (2, 1, 1) for volume in made)
    # one window, as in a stream: the newest volume
    (volume,) = synthesize(Blocks(), np.ones((1, 1, 1, 1), np.float32))
    assert volume.ravel().tolist() == [102, 102]


def test_the_uncertainty_of_an_average():
    windows = np.arange(4, dtype=np.float32)[:, None, None, None]
    made = list(synthesize_uncertain(Blocks(), windows, 400, batch_size=3))
    means = [101, 201, 251.5, 302]
    np.testing.assert_allclose([one.mean.mean() for one in made], means, atol=0.2)
    # every draw has variance 1, and that of a mean of three is a third
    np.testing.assert_allclose([one.epistemic.mean() for one in made], [1 / 3, 1 / 3, 1 / 2, 1], rtol=0.15)
    np.testing.assert_allclose([one.aleatoric.mean() for one in made], np.add(means, 1), rtol=1e-5)
