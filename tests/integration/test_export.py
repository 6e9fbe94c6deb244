"""Exports give what the model gives, at another batch size, and say what their input is."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.registry import build
from eeg2fmri.models.saving.hub import ModelCard, load, save
from eeg2fmri.predict import export
from eeg2fmri.predict.export import export_run


def test_onnx_gives_the_volumes_of_the_model(small_run, tmp_path):
    made = export_run(small_run, tmp_path / "model.onnx")
    assert made.difference < 1e-5
    loaded = load(small_run)
    x = torch.randn(5, *loaded.card.model["eeg_shape"], generator=torch.Generator().manual_seed(4))
    session = onnxruntime.InferenceSession(str(made.path), providers=["CPUExecutionProvider"])
    (volume,) = session.run(None, {"eeg": x.numpy()})
    with torch.inference_mode():
        expected = loaded.model(x).volume.numpy()
    np.testing.assert_allclose(volume, expected, atol=1e-5 * np.abs(expected).max())
    facts = json.loads(made.sidecar.read_text())
    assert facts["input"]["shape"] == [None, *loaded.card.model["eeg_shape"]]
    assert facts["electrodes"] == list(loaded.card.electrodes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.onnx"]


def test_torch_export_gives_the_volumes_of_the_model(small_run, tmp_path):
    assert export_run(small_run, tmp_path / "model.pt2").difference < 1e-6


def test_a_variational_model_is_exported_with_its_scale(small_run, tmp_path):
    card = load(small_run).card
    settings = {**card.model, "head": {"up": {"kind": "dense", "layer": "dense_flipout"}}, "scale": "exponential"}
    model = build(settings)
    save(
        tmp_path / "variational",
        model,
        ModelCard.make({**card.model_dump(), "model": model.config.model_dump(mode="json")}),
    )
    assert export_run(tmp_path / "variational", tmp_path / "model.onnx").difference < 1e-5
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["volume", "scale"]


@pytest.mark.parametrize(("suffix", "scale"), [(".onnx", "laplace"), (".pt2", "none")])
def test_the_recommended_model_gives_its_volumes(tmp_path, suffix, scale):
    shape, grid = (7, 3, 5), (4, 5, 3)
    model = build({"kind": "recommended", "eeg_shape": shape, "volume_shape": grid, "components": 4, "scale": scale})
    source = torch.Generator().manual_seed(1)
    for tensor in (*model.parameters(), model.offset, model.error_scale):
        tensor.data = torch.rand(tensor.shape, generator=source) + 0.1
    card = {"model": model.config.model_dump(mode="json"), "pairs": {"eeg": "amplitude", "window": 5}}
    save(tmp_path / "run", model, ModelCard.make(card))
    made = export_run(tmp_path / "run", tmp_path / f"model{suffix}")
    assert made.difference < 1e-5
    assert json.loads(made.sidecar.read_text())["input"]["shape"] == [None, *shape]
    x = torch.randn(4, *shape, generator=source)
    with torch.inference_mode():
        out = model.eval()(x)
    expected = [out.volume] if out.scale is None else [out.volume, out.scale]
    assert len(expected) == (2 if scale == "laplace" else 1)
    if suffix == ".onnx":
        got = onnxruntime.InferenceSession(str(made.path), providers=["CPUExecutionProvider"]).run(
            None, {"eeg": x.numpy()}
        )
    else:
        with torch.inference_mode():
            got = [value.numpy() for value in torch.export.load(str(made.path)).module()(x)]
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-4, atol=1e-5 * float(b.abs().max()))


def test_an_export_that_differs_is_not_kept(small_run, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_outputs", lambda path, suffix, x: [np.ones((3, 9, 11, 8), np.float32) * 1e3])
    with pytest.raises(InputError, match="differs from the model"):
        export_run(small_run, tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []


def test_names_and_existing_files_are_checked_first(small_run, tmp_path):
    with pytest.raises(InputError, match=r"\.onnx or \.pt2"):
        export_run(small_run, tmp_path / "model.h5")
    (tmp_path / "model.onnx").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        export_run(small_run, tmp_path / "model.onnx")


@pytest.mark.parametrize(("samples", "sfreq"), [(96, 16.0), (75, 12.5)])
def test_wavelets_of_eeg2bold_are_exported(tmp_path, samples, sfreq):
    shapes = {"eeg_shape": (5, 1, samples), "volume_shape": (4, 1, 1), "sfreq": sfreq}
    model = build({"kind": "eeg2bold", "width": 6, "heads": 3, "depth": 1, **shapes})
    card = {"model": model.config.model_dump(mode="json"), "pairs": {"eeg": "raw", "window": 3}}
    save(tmp_path / "run", model, ModelCard.make(card))
    assert export_run(tmp_path / "run", tmp_path / "model.onnx").difference < 1e-4


def test_what_onnx_does_not_know_is_told_with_another_way(small_run, tmp_path, monkeypatch):
    def fails(*given, **how):
        raise torch.onnx.OnnxExporterError("no function for this operation")

    monkeypatch.setattr(torch.onnx, "export", fails)
    with pytest.raises(InputError, match="no function for this operation") as told:
        export_run(small_run, tmp_path / "model.onnx")
    assert ".pt2" in str(told.value)
    assert list(tmp_path.iterdir()) == []
