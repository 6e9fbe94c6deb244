from __future__ import annotations

import pytest
import torch

from eeg2fmri.models.documented.encoder import EEGEncoder, EEGEncoderConfig, VolumeEncoder, VolumeEncoderConfig
from eeg2fmri.nn.draws import Draws, Generated

EEG, VOLUME, LATENT = (5, 9, 4), (7, 6, 5), (2, 3, 2)
SPEC = {"kernels": [(2, 3, 2)], "strides": [(1, 2, 1)], "pool_kernel": (2, 2, 1)}
SOURCE = torch.Generator().manual_seed(2)
X, Y = torch.randn(3, *EEG, generator=SOURCE), torch.randn(3, *VOLUME, generator=SOURCE)


def eeg_encoder(seed=0, attention=None, **blocks):
    config = EEGEncoderConfig.make({"blocks": {"na_spec": SPEC, **blocks}, "attention": attention})
    return EEGEncoder(EEG, LATENT, config, seed)


def volume_encoder(seed=0, blocks=None, **settings):
    config = VolumeEncoderConfig.make({"blocks": {"na_spec": SPEC, **(blocks or {})}, **settings})
    return VolumeEncoder(VOLUME, LATENT, config, seed)


def test_shapes_of_latent_and_scores():
    z, scores = eeg_encoder(attention={}).eval()(X, Draws())
    assert z.shape == (3, *LATENT)
    assert torch.allclose(scores.sum(-1), torch.ones(3, 5))
    assert eeg_encoder().eval()(X, Draws())[1] is None


@pytest.mark.parametrize(
    "changed",
    [{"skip_connections": False}, {"kernels": "local"}, {"batch_norm": False}, {"channels": 6}, {"dropout": 0.5}],
)
def test_each_option_of_the_blocks_changes_the_latent(changed):
    plain, other = eeg_encoder(), eeg_encoder(**changed)
    draws = [Generated(torch.Generator().manual_seed(1)) for _ in range(2)]
    assert not torch.allclose(plain(X, draws[0])[0], other(X, draws[1])[0], atol=1e-4)


def test_the_seed_draws_every_weight():
    same, other = [eeg_encoder(3, {}), eeg_encoder(3, {})], eeg_encoder(4, {})
    assert all(torch.equal(a, b) for a, b in zip(same[0].parameters(), same[1].parameters(), strict=True))
    drawn = [(a, b) for a, b in zip(same[0].parameters(), other.parameters(), strict=True) if a.std() > 0]
    assert len(drawn) == 5
    assert not any(torch.equal(a, b) for a, b in drawn)


def test_weight_decay_and_organisation_are_penalties():
    encoder = eeg_encoder(weight_decay=0.1, attention={"organisation": 0.5})
    decay = encoder.blocks.regularization()
    assert decay > 0
    assert encoder.regularization() == decay
    encoder(X, Draws())
    assert encoder.regularization() != decay


def test_self_attention_and_dropout_of_the_volume_latent():
    plain, attended = volume_encoder().eval(), volume_encoder(self_attention=True).eval()
    assert plain(Y).shape == (3, *LATENT)
    assert not torch.allclose(plain(Y), attended(Y), atol=1e-3)
    trained = volume_encoder().train()
    z = trained(Y)
    assert 0 < (z == 0).sum() < z.numel()
    assert not torch.equal(z, trained(Y))
    assert (volume_encoder(dropout=0.0).train()(Y) == 0).sum() == 0
