"""Linear classifier of a synthesised volume."""

import pytest
import torch

from eeg2fmri.models.classifiers.linear_view import LinearView, LinearViewConfig
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load, save

VOLUME = (4, 5, 3)
SYNTHESIZERS = {
    "recommended": RecommendedConfig(eeg_shape=(5, 2, 4), volume_shape=VOLUME, components=6),
    "documented": SynthesizerConfig.documented((5, 6, 4), VOLUME, latent_shape=(2, 3, 2)),
}


@pytest.fixture(params=list(SYNTHESIZERS))
def model(request):
    made = LinearView(LinearViewConfig(synthesizer=SYNTHESIZERS[request.param])).eval()
    source = torch.Generator().manual_seed(0)
    made.set_classifier(torch.randn(VOLUME, generator=source), torch.randn(VOLUME, generator=source), 0.7)
    return made


def windows(model, n=3):
    source = torch.Generator().manual_seed(1)
    return torch.randn(n, *model.config.synthesizer.eeg_shape, generator=source)


def test_the_log_odds_are_a_weighted_sum_of_the_view(model):
    x = windows(model)
    with torch.no_grad():
        view = model.view(x)
        torch.testing.assert_close(view, model.synthesizer(x).volume - model.centre)
        weight = model.classifier.layer.weight.reshape(VOLUME)
        torch.testing.assert_close(model(x).logit[:, 0], (view * weight).sum((1, 2, 3)) + 0.7)
        assert model(x).scale is None


def test_nothing_of_the_synthesiser_can_be_trained(model):
    assert not any(weight.requires_grad for weight in model.synthesizer.parameters())


def test_it_loads_to_the_same_with_the_frame_of_its_windows(model, tmp_path):
    model.whitener.mul_(3.0)
    model.amplitude_mean.add_(0.5)
    save(tmp_path, model, ModelCard.of_model(model.config))
    again = load(tmp_path).model
    x = windows(model)
    with torch.no_grad():
        assert torch.equal(again(x).logit, model(x).logit)
    assert torch.equal(again.whitener, model.whitener)
    assert torch.equal(again.amplitude_mean, model.amplitude_mean)
