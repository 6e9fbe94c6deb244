from __future__ import annotations

import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models import registry
from eeg2fmri.models.classifiers.latent import Classifier, LinearClassifierConfig


def test_a_mapping_or_config_builds_its_model():
    values = {"kind": "linear_classifier", "input_shape": (3, 4)}
    config = registry.config_class("linear_classifier").make(values)
    assert isinstance(config, LinearClassifierConfig)
    for form in (values, config):
        model = registry.build(form)
        assert isinstance(model, Classifier)
        assert model.config == config
    assert registry.model_class("linear_classifier") is Classifier


def test_every_kind_names_itself():
    assert registry.kinds() == tuple(sorted(registry.kinds()))
    for kind in registry.kinds():
        assert registry.config_class(kind).model_fields["kind"].default == kind


def test_an_unknown_kind_is_told_with_a_guess():
    with pytest.raises(ConfigError, match="did you mean 'synthesizer'"):
        registry.build({"kind": "synthesiser"})
    with pytest.raises(ConfigError, match="no such kind"):
        registry.build({})
