"""What holds for every model of the registry."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch

from eeg2fmri.models.capabilities import FitsInClosedForm, HasLoss, LendsView
from eeg2fmri.models.registry import build, config_class, kinds, model_class
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load, save
from eeg2fmri.models.saving.pretrained import Pretrained

FLOATS = [torch.float32, torch.bfloat16, torch.float64]


def test_every_kind_is_in_the_table(table):
    missing = set(kinds()) - {case.values["kind"] for case in table}
    assert not missing, f"add to TABLE in conftest.py: {', '.join(sorted(missing))}"


def test_config_survives_json_and_yaml(case, tmp_path):
    config = case.config
    assert type(config).make(json.loads(json.dumps(config.model_dump(mode="json")))) == config
    config.write(tmp_path / "model.yaml")
    assert config_class(config.kind).read(tmp_path / "model.yaml") == config


def test_the_config_and_its_seed_make_the_weights(case):
    first, second = case.model().state_dict(), case.model().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = build({**case.values, "seed": 99}).state_dict()
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_every_synthesiser_lends_its_view_and_the_recommended_one_fits_in_closed_form(case):
    model = case.model()
    assert isinstance(model, LendsView) == (case.values["kind"] in ("synthesizer", "recommended"))
    assert isinstance(model, FitsInClosedForm) == (case.values["kind"] == "recommended")
    if not isinstance(model, LendsView):
        return
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fresh = model.untrained(77).state_dict()
    assert {name: value.shape for name, value in fresh.items()} == {name: value.shape for name, value in before.items()}
    assert any(not torch.equal(before[name], fresh[name]) for name in fresh)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_reloaded_model_gives_the_same_bits(case, dtype, tmp_path, tensors_of):
    model = case.model().to(dtype)
    inputs = case.tensors(dtype)
    # statistics of a batch, which only training changes, have to come back too
    model.train()(*inputs, generator=torch.Generator().manual_seed(1))
    model.eval()
    save(tmp_path / "saved", model, ModelCard.of_model(model.config))
    again = load(tmp_path / "saved").model
    assert not again.training
    with torch.no_grad():
        for ours, theirs in zip(tensors_of(model(*inputs)), tensors_of(again(*inputs)), strict=True):
            assert ours.dtype == theirs.dtype == dtype
            assert torch.equal(ours, theirs)


def test_save_pretrained_and_from_pretrained(case, tmp_path, tensors_of):
    model = case.model()
    cls = model_class(case.values["kind"])
    assert issubclass(cls, Pretrained)
    model.save_pretrained(tmp_path / "saved")
    again = cls.from_pretrained(tmp_path / "saved")
    assert type(again) is type(model)
    assert again.config == model.config
    inputs = case.tensors()
    for ours, theirs in zip(tensors_of(model(*inputs)), tensors_of(again(*inputs)), strict=True):
        assert torch.equal(ours, theirs)


def test_a_gradient_reaches_every_trainable_parameter(case, tensors_of):
    model = case.model().train()
    source = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        if not parameter.any():  # a layer that starts at zero hides what is before it
            parameter.data.normal_(0, 0.1, generator=source)
    outputs = tensors_of(model(*case.tensors(), generator=torch.Generator().manual_seed(2)))
    loss = sum((output * torch.linspace(0.5, 1.5, output.numel()).view_as(output)).sum() for output in outputs)
    (loss + model.kl() + model.regularization()).backward()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            assert parameter.grad is None, name
            continue
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        # a bias in front of a normalisation by batch statistics shifts nothing
        owner, _, leaf = name.rpartition(".")
        if leaf == "bias" and "conv" in owner.rpartition(".")[2]:
            continue
        assert (parameter.grad != 0).any(), name


def test_evaluation_is_deterministic_and_each_sample_stands_alone(case, tensors_of):
    model, inputs = case.model(), case.tensors()
    with torch.no_grad():
        first, second = tensors_of(model(*inputs)), tensors_of(model(*inputs))
        alone = tensors_of(model(*(tensor[1:2] for tensor in inputs)))
    for a, b, c in zip(first, second, alone, strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a[1:2], c, rtol=1e-4, atol=1e-5)


def test_training_repeats_from_a_generator(case, tensors_of):
    def outputs(seed: int) -> list[torch.Tensor]:
        return tensors_of(case.model().train()(*case.tensors(), generator=torch.Generator().manual_seed(seed)))

    for a, b in zip(outputs(7), outputs(7), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_runs_in_float_types(case, dtype, tensors_of):
    with torch.no_grad():
        expected = tensors_of(case.model().double()(*case.tensors(torch.float64)))
        got = tensors_of(case.model().to(dtype)(*case.tensors(dtype)))
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == dtype
        size = b.abs().max()
        tolerance = {torch.float32: 1e-4, torch.bfloat16: 0.2, torch.float64: 0}[dtype]
        assert (a.double() - b).abs().max() <= tolerance * size


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_a_step_of_a_loss_of_its_own_in_mixed_precision(case, device):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    model, inputs = case.model().train().to(device), [tensor.to(device) for tensor in case.tensors()]
    if not isinstance(model, HasLoss):
        assert not case.name.startswith("published")
        return
    losses = []
    for mixed in (False, True):
        with torch.autocast(device, torch.bfloat16, enabled=mixed):
            out = model(*inputs, generator=torch.Generator(device).manual_seed(2))
        out = out._replace(volume=out.volume.float(), for_loss=tuple(part.float() for part in out.for_loss))
        losses.append(sum(model.loss(out, inputs[1]).values()))
    losses[1].backward()
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=0.1, abs=0.02)
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters() if parameter.grad is not None)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cpu_and_gpu_agree(case, tensors_of):
    with torch.no_grad():
        expected = tensors_of(case.model()(*case.tensors()))
        got = tensors_of(case.model().cuda()(*(tensor.cuda() for tensor in case.tensors())))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-3, atol=1e-4)


def test_global_random_state_is_untouched(case, tmp_path):
    torch.manual_seed(5)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = case.model().train()
    model(*case.tensors())
    model.eval()(*case.tensors())
    model.kl()
    save(tmp_path / "saved", model, ModelCard.of_model(model.config))
    load(tmp_path / "saved")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.array_equal(np.random.get_state()[1], before[2])  # noqa: NPY002
