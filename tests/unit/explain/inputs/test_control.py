"""The untrained model that relevance is compared with."""

import torch

from eeg2fmri.explain.inputs.control import untrained


def test_the_untrained_model_has_the_settings_and_none_of_the_weights(make_model, configs, windows):
    model = make_model(configs["documented"])
    fresh = untrained(model)
    assert type(fresh) is type(model)
    assert fresh.config.model_copy(update={"seed": model.config.seed}) == model.config
    assert next(fresh.parameters()).dtype == torch.float64
    assert not fresh.training
    for (name, a), b in zip(model.named_parameters(), fresh.parameters(), strict=True):
        if a.ndim > 1 and a.numel() > 1:
            assert not torch.equal(a, b), name
    assert fresh(windows).volume.shape == model(windows).volume.shape
    again, other = untrained(model), untrained(model, seed=1)
    assert torch.equal(fresh(windows).volume, again(windows).volume)
    assert not torch.equal(fresh(windows).volume, other(windows).volume)
