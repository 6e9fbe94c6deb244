"""Weights of an encoder from a file: by name and shape, from no network, with nothing executed."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.registry import build

LABRAM = {
    "kind": "neurobolt",
    "eeg_shape": (3, 1, 48),
    "volume_shape": (2, 1, 1),
    "patch": 12,
    "depth": 2,
    "heads": 2,
    "scales": (6, 16),
    "spectral_depth": 1,
    "spectral_heads": 2,
}


def _published(model):
    """Tensors as LaBraM's file has them: a prefix, a mask token and a head that fine-tuning leaves out."""
    found = {f"student.{name}": tensor + 1 for name, tensor in model.temporal.state_dict().items()}
    return found | {"student.mask_token": torch.zeros(1, 1, 16), "student.lm_head.weight": torch.zeros(4, 16)}


@pytest.fixture
def model():
    return build({**LABRAM, "seed": 1})


@pytest.mark.parametrize("form", ["safetensors", "pth"])
def test_weights_are_put_in_by_name(model, form, tmp_path):
    path, tensors = tmp_path / f"labram.{form}", _published(model)
    if form == "safetensors":
        save_file(tensors, path)
    else:
        torch.save({"model": tensors, "epoch": 3}, path)
    other = build({**LABRAM, "seed": 2})
    other.load_encoder(str(path))
    for name, tensor in other.temporal.state_dict().items():
        assert torch.equal(tensor, tensors[f"student.{name}"]), name
    assert torch.equal(other.spectral.channel, build({**LABRAM, "seed": 2}).spectral.channel)


def test_what_is_missing_surplus_and_misshapen_is_named_and_nothing_is_changed(model, tmp_path):
    tensors = _published(model)
    del tensors["student.blocks.1.attn.qkv.weight"]
    tensors["student.blocks.7.norm1.weight"] = torch.zeros(16)
    tensors["student.pos_embed"] = torch.zeros(1, 65, 16)
    tensors["student.norm.bias"][0] = torch.nan
    save_file(tensors, tmp_path / "labram.safetensors")
    before = {name: tensor.clone() for name, tensor in model.temporal.state_dict().items()}
    with pytest.raises(CheckpointError) as told:
        model.load_encoder(str(tmp_path / "labram.safetensors"))
    text = str(told.value)
    assert "lacks a tensor of the encoder" in text
    assert "preset without _small" in text
    assert "blocks.1.attn.qkv.weight" in text
    assert "no such tensor" in text
    assert "blocks.7.norm1.weight" in text
    assert "(1, 65, 16)" in text
    assert "(1, 129, 16)" in text
    assert "norm.bias" in text
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.temporal.state_dict().items())


class _Harmful:
    def __reduce__(self):
        return (print, ("executed",))


def test_files_that_are_no_tensors_are_refused_and_not_executed(model, tmp_path, capsys):
    (tmp_path / "harmful.pth").write_bytes(pickle.dumps({"model": _Harmful()}))
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    (tmp_path / "weights.h5").write_bytes(b"")
    for name, told in (
        ("harmful.pth", "cannot be read as tensors"),
        ("broken.safetensors", "cannot be read as tensors"),
        ("weights.h5", "kind of file that is not read"),
        ("absent.safetensors", "no such file"),
    ):
        with pytest.raises(CheckpointError, match=told):
            model.load_encoder(str(tmp_path / name))
    assert capsys.readouterr().out == ""


def test_an_encoder_of_boldflow_is_read_by_the_names_of_its_authors(tmp_path):
    values = {
        **{"kind": "boldflow", "eeg_shape": (3, 1, 48), "volume_shape": (2, 1, 1), "patch": 12, "stride": 9},
        **{
            "width": 12,
            "depth": 2,
            "heads": 3,
            "hidden": 7,
            "scales": (6, 16),
            "spectral_heads": 2,
            "spectral_depth": 1,
        },
    }
    model = build(values)
    names = {
        **{
            f"layers.{n}.{ours}": f"transformer.layers.{n}.{theirs}"
            for n in (0, 1)
            for ours, theirs in (
                ("norm.", "0.norm."),
                ("attention.qkv.", "0.to_qkv."),
                ("attention.proj.", "0.to_out."),
                ("net.", "1.net."),
            )
        },
        "to_patch_embedding.": "to_patch_embedding.0.",
    }
    tensors = {"cls_query_token": torch.zeros(1, 1, 12)}
    for name, tensor in model.temporal.state_dict().items():
        start = next((ours for ours in names if name.startswith(ours)), "")
        tensors[names.get(start, "") + name.removeprefix(start)] = tensor + 1
    save_file(tensors, tmp_path / "reve.safetensors")
    expected = {name: tensor + 1 for name, tensor in model.temporal.state_dict().items()}
    model.load_encoder(str(tmp_path / "reve.safetensors"))
    assert all(torch.equal(tensor, expected[name]) for name, tensor in model.temporal.state_dict().items())
