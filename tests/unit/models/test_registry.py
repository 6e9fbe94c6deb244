from __future__ import annotations

import sys

import pytest
import torch

from eeg2fmri.core.errors import ConfigError, Eeg2FmriError, InputError
from eeg2fmri.explain.rules.registry import rule_of
from eeg2fmri.models import registry
from eeg2fmri.models.capabilities import ExplainsItself
from eeg2fmri.models.classifiers.latent import Classifier, LinearClassifierConfig
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build, check_room
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load, save


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


ANOTHER_PACKAGE = """
from typing import Literal

import torch
from torch import nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.registry import ModelKind


class MeanOfChannelsConfig(Config):
    kind: Literal["mean_of_channels"] = "mean_of_channels"
    eeg_shape: tuple[int, int, int]
    volume_shape: tuple[int, int, int]


class MeanOfChannels(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.gain = nn.Parameter(torch.ones(config.volume_shape))

    def forward(self, x, y=None, *, generator=None):
        course = x.mean(dim=(1, 2, 3))
        return Synthesis(course[:, None, None, None] * self.gain, None, course[:, None, None, None], None, None)

    def propagate_relevance(self, tracer, x, y=None, *, generator=None):
        return self.forward(x)


KIND = ModelKind(MeanOfChannelsConfig, MeanOfChannels)
OTHER = "no kind"
"""


@pytest.fixture
def another_package(tmp_path, monkeypatch):
    """Install a small package, as pip leaves one behind: its modules, and its entry points beside them."""
    (tmp_path / "mean_of_channels.py").write_text(ANOTHER_PACKAGE)
    facts = tmp_path / "mean_of_channels-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mean-of-channels\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[eeg2fmri.models]\nmean_of_channels = mean_of_channels:KIND\n"
        "misnamed = mean_of_channels:KIND\nbroken = no_such_module:KIND\nstrange = mean_of_channels:OTHER\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    registry._of_another_package.cache_clear()
    sys.modules.pop("mean_of_channels", None)


def test_a_model_of_another_package_is_built_saved_and_loaded(another_package, tmp_path):
    assert "mean_of_channels" in registry.kinds()
    config = model_config({"kind": "mean_of_channels"}, (2, 3, 4), (3, 2, 2))
    model = registry.build(config)
    x = torch.randn(2, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    card = ModelCard.of_model(config, electrodes=("A", "B"), frequencies=(1.0, 2.0, 3.0), tr=2.0)
    save(tmp_path / "run", model, card)
    assert torch.equal(load(tmp_path / "run").model(x).volume, model(x).volume)
    assert isinstance(model, ExplainsItself)
    assert rule_of(type(model)) is type(model).propagate_relevance


@pytest.mark.parametrize(
    ("kind", "words"),
    [("misnamed", "does not name its kind"), ("broken", "cannot be imported"), ("strange", "names no kind of model")],
)
def test_what_is_wrong_with_another_package_is_told(another_package, kind, words):
    with pytest.raises(ConfigError, match=words):
        registry.build({"kind": kind})


@pytest.mark.parametrize(
    ("size", "words"), [(10**5, "needs more memory"), (10**9, "cannot be built"), (10**30, "cannot be built")]
)
def test_a_model_that_no_memory_holds_is_refused_before_any_is_taken(size, words):
    spec = {"preset": "documented", "latent_shape": (size, 3, 2)}
    with pytest.raises(Eeg2FmriError, match=words):
        check_room(model_config(spec, (5, 9, 4), (12, 11, 3), 0))


def test_room_is_that_of_all_copies(monkeypatch):
    config = model_config({"preset": "documented", "latent_shape": (2, 3, 2)}, (5, 9, 4), (12, 11, 3), 0)
    needed = sum(tensor.nbytes for tensor in build(config).state_dict().values())
    monkeypatch.setattr("eeg2fmri.core.disk.room.free_memory", lambda: 1.5 * needed)
    check_room(config)
    with pytest.raises(InputError, match="the model needs more memory"):
        check_room(config, copies=2)
