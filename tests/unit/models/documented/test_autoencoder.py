from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import ConfigError, ShapeError
from eeg2fmri.models.documented.autoencoder import Autoencoder, AutoencoderConfig
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

VOLUME, LATENT = (7, 6, 5), (2, 3, 2)
BLOCKS = {"na_spec": {"kernels": [(2, 3, 2)], "strides": [(1, 2, 1)]}, "weight_decay": 0.2}
Y = torch.randn(3, *VOLUME, generator=torch.Generator().manual_seed(2))


def autoencoder(**changes) -> Autoencoder:
    values = {"volume_shape": VOLUME, "latent_shape": LATENT, "encoder": {"blocks": BLOCKS}, **changes}
    return Autoencoder(AutoencoderConfig.make(values))


def test_reconstruction_and_latent():
    model = autoencoder().eval()
    assert model(Y).shape == Y.shape
    z = model.encoder(Y)
    assert z.shape == (3, *LATENT)
    volume = model.decoder(z.flatten(1)).reshape(Y.shape)
    assert torch.allclose(model(Y), volume * model.output_filter.gain + model.output_filter.offset)
    assert torch.equal(model.regularization(), model.encoder.regularization())
    assert model.kl().item() == 0


def test_the_three_output_filters():
    shapes = {name: autoencoder(output_filter=name).output_filter.gain for name in ("convolution", "local")}
    assert shapes["convolution"].shape == (1, 1, 1)
    assert shapes["local"].shape == VOLUME
    assert autoencoder(output_filter="none").output_filter.gain is None
    local = autoencoder(output_filter="local").eval()
    before = local(Y)
    with torch.no_grad():
        local.output_filter.gain[1, 2, 3] *= 2
    changed = (local(Y) != before).nonzero()[:, 1:].unique(dim=0)
    assert changed.tolist() == [[1, 2, 3]]


def test_the_encoder_alone():
    model = autoencoder(decoder="none")
    assert model.encoder(Y).shape == (3, *LATENT)
    assert all(name.startswith("encoder.") for name, _ in model.named_parameters())
    with pytest.raises(ConfigError, match="no decoder"):
        model(Y)


def test_equal_seeds_give_the_encoder_of_the_synthesiser():
    whole = SynthesizerNetwork(
        SynthesizerConfig.documented((5, 9, 4), VOLUME, latent_shape=LATENT, volume_encoder={"blocks": BLOCKS}, seed=3)
    )
    own = autoencoder(seed=3).encoder.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in whole.fmri_encoder.state_dict().items())


def test_a_kernel_that_does_not_fit():
    with pytest.raises(ShapeError, match="fMRI encoder, block 1"):
        autoencoder(encoder={"blocks": {"na_spec": {"kernels": [(2, 3, 6)], "strides": [(1, 1, 1)]}}})
