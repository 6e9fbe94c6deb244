from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
from eeg2fmri.models.documented.uncertainty import monte_carlo

EEG, VOLUME = (5, 9, 4), (7, 6, 5)
X = torch.randn(2, *EEG, generator=torch.Generator().manual_seed(2))


def synthesizer(**changes) -> SynthesizerNetwork:
    flipout = {"up": {"kind": "dense", "layer": "dense_flipout"}}
    settings = {"head": flipout, "scale": "exponential", **changes}
    return SynthesizerNetwork(SynthesizerConfig.documented(EEG, VOLUME, latent_shape=(2, 3, 2), **settings))


def test_mean_variance_and_scale_are_those_of_the_passes():
    model = synthesizer().eval()
    found = monte_carlo(model, X, 6, torch.Generator().manual_seed(3))
    source = torch.Generator().manual_seed(3)
    with torch.no_grad():
        passes = [model(X, generator=source) for _ in range(6)]
    volumes = torch.stack([out.volume for out in passes])
    assert torch.allclose(found.mean, volumes.mean(0), atol=1e-6)
    assert torch.allclose(found.epistemic, volumes.var(0), atol=1e-6)
    assert torch.allclose(found.aleatoric, torch.stack([out.scale for out in passes]).mean(0), atol=1e-6)
    assert found.epistemic.min() > 0


def test_variance_does_not_drown_in_a_large_mean():
    model = synthesizer().eval()
    small = monte_carlo(model, X, 5, torch.Generator().manual_seed(3))
    with torch.no_grad():
        model.output_filter.offset += 1e3
    large = monte_carlo(model, X, 5, torch.Generator().manual_seed(3))
    assert torch.allclose(small.epistemic, large.epistemic, rtol=0.05, atol=1e-5)


def test_passes_repeat_and_leave_the_model_as_it_was():
    model, state = synthesizer().train(), torch.random.get_rng_state()
    calls = []
    one = monte_carlo(model, X, 3, progress=lambda what, done, total: calls.append((done, total)))
    two = monte_carlo(model, X, 3)
    assert model.training
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert torch.equal(state, torch.random.get_rng_state())


def test_nothing_varies_where_nothing_is_variational():
    found = monte_carlo(synthesizer(head={}, scale="none", dropout=0.5), X, 3)
    assert found.epistemic.abs().max() == 0
    assert found.aleatoric is None


def test_one_pass_has_no_variance():
    with pytest.raises(ConfigError, match="at least 2 passes"):
        monte_carlo(synthesizer(), X, 1)
