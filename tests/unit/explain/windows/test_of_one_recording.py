"""Windows and volumes explained through a synthesiser."""

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.inputs.targets import region, voxel, whole_volume
from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.windows.of_one_recording import explain_latent, explain_windows

GRID = (4, 6, 5)


def test_several_targets_at_once(make_model, configs, windows):
    model = make_model(configs["documented"])
    mask = np.zeros(GRID)
    mask[:, 2] = 1
    targets = [whole_volume(GRID), region(mask, GRID, "row"), voxel((1, 2, 3), GRID)]
    found = explain_windows(model, windows, targets)
    volume = model(windows).volume.detach().numpy()
    assert list(found) == ["volume", "row", "voxel1x2x3"]
    np.testing.assert_allclose(found["volume"].explained, volume.sum((1, 2, 3)))
    np.testing.assert_allclose(found["row"].explained, volume[:, :, 2].sum((1, 2)))
    np.testing.assert_allclose(found["voxel1x2x3"].explained, volume[:, 1, 2, 3])
    for one in found.values():
        assert one.relevance.shape == windows.shape
        assert one.unaccounted < 1e-6
        np.testing.assert_allclose(one.pairs.sum((1, 2)), one.relevance.sum((1, 2, 3)))
        np.testing.assert_allclose(one.values + one.scores, one.relevance, atol=1e-12)
        np.testing.assert_allclose(one.attention.sum(2), 1)
        np.testing.assert_allclose(one.attention, model(windows).attention.detach())


def test_a_model_without_attention_has_no_pairs(make_model, configs, windows):
    found = explain_windows(make_model(configs["dense"]), windows, [whole_volume(GRID)])["volume"]
    assert (found.attention, found.pairs, found.values, found.scores) == (None, None, None, None)


def test_the_error_is_that_of_the_sums(make_model, configs, windows):
    found = explain_windows(make_model(configs["documented"]), windows, [whole_volume(GRID)])["volume"]
    missing = np.abs(found.relevance.sum((1, 2, 3)) - found.explained).sum() / np.abs(found.explained).sum()
    assert found.error == pytest.approx(missing)
    assert found.error > 0.01
    free = explain_windows(make_model(configs["documented"], biases=False), windows, [whole_volume(GRID)])["volume"]
    assert free.error < 1e-6


def test_passes_are_averaged(make_model, configs, windows):
    model = make_model(configs["variational dense"])
    target = [voxel((1, 2, 3), GRID)]

    def explain(passes, seed=4):
        made = torch.Generator().manual_seed(seed) if passes else None
        return explain_windows(model, windows, target, passes=passes, generator=made)[target[0].name]

    generator = torch.Generator().manual_seed(4)
    each = [explain_windows(model, windows, target, passes=1, generator=generator)[target[0].name] for _ in range(3)]
    three = explain(3)
    np.testing.assert_allclose(three.relevance, np.mean([one.relevance for one in each], axis=0))
    np.testing.assert_allclose(three.explained, np.mean([one.explained for one in each], axis=0))
    np.testing.assert_allclose(three.attention, each[0].attention)
    assert not np.allclose(three.relevance, explain(0).relevance, rtol=1e-3)
    assert np.array_equal(three.relevance, explain(3).relevance)


def test_nothing_to_explain_and_passes_without_a_generator_are_refused(make_model, configs, windows):
    model = make_model(configs["dense"])
    with pytest.raises(ConfigError, match="nothing to explain"):
        explain_windows(model, windows, [])
    with pytest.raises(ConfigError, match="generator"):
        explain_windows(model, windows, [whole_volume(GRID)], passes=2)


def test_the_agreement_of_the_latents_is_explained(make_model, configs, windows, volumes):
    model = make_model(configs["documented"], biases=False).train()
    found = explain_latent(model, volumes, windows)
    assert model.training
    made = model.eval()(windows, volumes)
    cosine = torch.nn.functional.cosine_similarity(made.z_eeg.flatten(1), made.z_fmri.flatten(1)).detach()
    np.testing.assert_allclose(found.explained, cosine)
    assert found.relevance.shape == volumes.shape
    assert found.error < 1e-6
    total = explain_latent(model, volumes, what="sum", rules=composite("epsilon"))
    np.testing.assert_allclose(total.explained, made.z_fmri.detach().sum((1, 2, 3)))
    with pytest.raises(ConfigError, match="needs the EEG windows"):
        explain_latent(model, volumes)
