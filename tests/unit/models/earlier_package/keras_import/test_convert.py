from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.earlier_package.keras_import.convert import import_checkpoint
from eeg2fmri.models.earlier_package.keras_import.settings import read_settings
from eeg2fmri.models.earlier_package.keras_names import keras_to_torch
from eeg2fmri.models.saving.hub import load

DATA = Path(__file__).parents[4] / "reference" / "data"
VARIANTS = sorted(path.name for path in DATA.glob("model_*.npz"))
#: Variables that the earlier package makes and does not use.
IDLE = {"model_var_normal_indep.npz": "variational_i_dct3d_1/biases"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("settings") / "config.json"
    with np.load(DATA / "checkpoint" / "io.npz") as io:
        path.write_text(str(io["config"]))
    return path


def errors(folder: Path, io_path: Path) -> dict[str, float]:
    """max |difference| / max |recorded| of each output."""
    model = load(folder).model
    with np.load(io_path) as io, torch.no_grad():
        out = model(*(torch.from_numpy(io[key][..., 0]) for key in ("in/eeg", "in/fmri")))
        recorded = {key: io[f"out/{key}"] for key in ("decoder", "eeg_latent", "fmri_latent")}
    ours = {"decoder": out.volume[..., None], "eeg_latent": out.z_eeg, "fmri_latent": out.z_fmri}
    return {key: float(np.abs(ours[key].numpy() - r).max() / np.abs(r).max()) for key, r in recorded.items()}


def tolerance(name: str) -> float:
    return json.loads((DATA / "binding.json").read_text())[f"{name}/io.npz"]["tolerance"]


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint_style_prior"])
def test_saved_model_gives_the_recorded_outputs(name, tmp_path):
    told = []
    report = import_checkpoint(
        DATA / name / "saved_model", tmp_path / "out", progress=lambda what, done, total: told.append((done, total))
    )
    assert told[-1] == (len(report.used), len(report.used))
    assert max(errors(tmp_path / "out", DATA / name / "io.npz").values()) < tolerance(name)
    model = load(tmp_path / "out").model
    assert (report.left_over, report.repeated, report.initial, report.notes) == ((), (), (), ())
    assert sorted(report.used.values()) == sorted(model.state_dict())
    assert isinstance(SynthesizerNetwork.from_pretrained(tmp_path / "out"), SynthesizerNetwork)


@pytest.mark.parametrize(
    ("name", "outputs", "initial"),
    [
        ("model.h5", {"decoder", "eeg_latent", "fmri_latent"}, None),
        ("decoder.h5", {"decoder", "eeg_latent"}, "fmri_encoder"),
        ("fmri_encoder.h5", {"fmri_latent"}, "eeg_encoder"),
    ],
)
def test_weight_files_give_the_recorded_outputs(name, outputs, initial, tmp_path, settings):
    report = import_checkpoint(DATA / "checkpoint" / name, tmp_path / "out", settings)
    found = errors(tmp_path / "out", DATA / "checkpoint" / "io.npz")
    assert {key for key, error in found.items() if error < tolerance("checkpoint")} == outputs
    assert report.left_over == ()
    assert not report.initial if initial is None else any(key.startswith(initial) for key in report.initial)
    # the whole model repeats its encoders
    assert len(report.repeated) == (77 if name == "model.h5" else 0)
    with h5py.File(DATA / "checkpoint" / name) as file:
        stored = sum(len(group.attrs.get("weight_names", ())) for group in file.values())
    assert len(report.used) + len(report.repeated) + len(report.left_over) == stored


def test_encoder_of_eeg_alone(tmp_path, settings, recorded):
    case = recorded("documented_small.npz")
    case.write_h5(tmp_path / "eeg_encoder.h5", "eeg_encoder")
    report = import_checkpoint(tmp_path / "eeg_encoder.h5", tmp_path / "out", settings)
    assert len(report.used) == 39
    assert all(name.startswith("eeg_encoder.") for name in report.used.values())


def expected(case, tmp_path):
    """State that the clear names of the recorded weights give."""
    (tmp_path / "expected.json").write_text(json.dumps(case.config))
    model = read_settings(tmp_path / "expected.json", None, "f").model
    return keras_to_torch(model, case.weights).state


def same(folder: Path, state: dict[str, torch.Tensor]) -> bool:
    imported = load(folder).model.state_dict()
    return imported.keys() == state.keys() and all(torch.equal(imported[name], state[name]) for name in state)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_from_a_weight_file(name, tmp_path, recorded):
    case = recorded(name)
    (tmp_path / "config.json").write_text(json.dumps(case.config))
    case.write_model_h5(tmp_path / "model.h5")
    report = import_checkpoint(tmp_path / "model.h5", tmp_path / "out", tmp_path / "config.json")
    assert same(tmp_path / "out", expected(case, tmp_path))
    idle = IDLE.get(name)
    assert report.left_over == ((f"model_12/{idle}:0",) if idle else ())
    assert report.initial == ()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_from_a_saved_model(name, tmp_path, recorded):
    case = recorded(name)
    case.write_saved_model(tmp_path / "saved_model", save_counter=np.array(1, np.int64))
    report = import_checkpoint(tmp_path / "saved_model", tmp_path / "out")
    assert same(tmp_path / "out", expected(case, tmp_path))
    assert report.left_over[-1] == "save_counter"
    assert len(report.left_over) == (2 if name in IDLE else 1)


@pytest.mark.parametrize("name", ["ae_outfilter0.npz", "ae_outfilter1.npz"])
def test_autoencoders(name, tmp_path, recorded):
    case = recorded(name)
    (tmp_path / "config.json").write_text(json.dumps(case.config))
    case.write_h5(tmp_path / "ae.h5", "encoder", "decoder")
    report = import_checkpoint(tmp_path / "ae.h5", tmp_path / "out", tmp_path / "config.json")
    assert same(tmp_path / "out", expected(case, tmp_path))
    assert (report.kind, report.left_over, report.initial) == ("fmri_autoencoder", (), ())
    case.write_h5(tmp_path / "encoder.h5", "encoder")
    report = import_checkpoint(tmp_path / "encoder.h5", tmp_path / "half", tmp_path / "config.json")
    assert {key.split(".")[0] for key in report.initial} <= {"decoder", "output_filter"}


def test_checkpoint_without_metadata_needs_the_settings(tmp_path, settings):
    shutil.copytree(DATA / "checkpoint" / "saved_model" / "variables", tmp_path / "variables")
    with pytest.raises(CheckpointError, match="--config"):
        import_checkpoint(tmp_path / "variables" / "variables.index", tmp_path / "out")
    import_checkpoint(tmp_path / "variables" / "variables.index", tmp_path / "out", settings)
    assert max(errors(tmp_path / "out", DATA / "checkpoint" / "io.npz").values()) < tolerance("checkpoint")


def test_facts_of_the_recordings_go_into_the_card(tmp_path):
    facts = {"electrodes": [f"E{n}" for n in range(10)], "tr": 2.16, "frequencies": [(n + 1) / 2.16 for n in range(22)]}
    facts |= {"affine": np.diag([2.0, 2.0, 3.0, 1.0]).tolist(), "space": "native"}
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    source = DATA / "checkpoint_style_prior" / "saved_model"
    import_checkpoint(source, tmp_path / "with", tmp_path / "facts.json")
    card = load(tmp_path / "with").card
    card.check_usable("with")
    assert (card.electrodes[3], card.tr, card.grid, card.pairs.window) == ("E3", 2.16, (6, 5, 4), 5)
    import_checkpoint(source, tmp_path / "without")
    with pytest.raises(CheckpointError, match="electrodes, frequencies, tr, affine"):
        load(tmp_path / "without").card.check_usable("without")


def test_report_names_every_variable(tmp_path, recorded):
    case = recorded("model_var_normal_indep.npz")
    case.write_saved_model(tmp_path / "saved_model", other=np.ones(2, np.float32))
    report = import_checkpoint(tmp_path / "saved_model", tmp_path / "out")
    lines = report.lines()
    n = len(case.weights)
    assert len(lines) == n + 2
    assert lines[-1] == f"synthesizer: {n - 1} variables used once, 0 repeated, 2 left over"
    assert "other: left over" in lines
    decoder = load(tmp_path / "out").model
    assert sum("head.up.loc" in line for line in lines) == 1
    assert decoder.head.up.mixing is None


def test_encoders_of_one_architecture_have_to_be_told_apart(tmp_path, recorded):
    case = recorded("model_dense.npz")
    config = {**case.config, "fmri_shape": case.config["eeg_shape"], "na_spec_fmri": case.config["na_spec_eeg"]}
    case.write_h5(tmp_path / "encoder.h5", "eeg_encoder")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="fit both"):
        import_checkpoint(tmp_path / "encoder.h5", tmp_path / "out", path)
    path.write_text(json.dumps({**config, "part": "fmri_encoder"}))
    report = import_checkpoint(tmp_path / "encoder.h5", tmp_path / "out", path)
    assert {name.split(".")[0] for name in report.used.values()} == {"fmri_encoder"}


def test_weights_of_another_model_are_named(tmp_path, recorded):
    case = recorded("model_topo_rff.npz")
    (tmp_path / "config.json").write_text(json.dumps(case.config))
    source = DATA / "checkpoint_style_prior" / "saved_model"
    with pytest.raises(CheckpointError) as caught:
        import_checkpoint(source, tmp_path / "out", tmp_path / "config.json")
    assert len(caught.value.problems) > 20
    assert any("topographical_attention0/A" in problem.where for problem in caught.value.problems)
    assert not (tmp_path / "out").exists()


def test_copies_that_differ_are_refused(tmp_path, recorded):
    case = recorded("model_dense.npz")
    (tmp_path / "config.json").write_text(json.dumps(case.config))
    case.write_model_h5(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        name = next(name for name in file["model_11"].attrs["weight_names"] if "dense" in str(name))
        file["model_11"][name][...] += 1
    with pytest.raises(CheckpointError, match="twice with different values"):
        import_checkpoint(tmp_path / "model.h5", tmp_path / "out", tmp_path / "config.json")


def test_damaged_checkpoints_are_refused_before_anything_is_written(tmp_path):
    for victim in ("variables/variables.data-00000-of-00001", "variables/variables.index"):
        folder = tmp_path / victim.replace("/", "_")
        shutil.copytree(DATA / "checkpoint_style_prior" / "saved_model", folder)
        path = folder / victim
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 0x80
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            import_checkpoint(folder, tmp_path / "out")
        assert path.name in caught.value.problems[0].where
    assert not (tmp_path / "out").exists()


def test_places_that_hold_no_checkpoint(tmp_path, settings):
    with pytest.raises(CheckpointError, match="does not exist"):
        import_checkpoint(tmp_path / "nothing", tmp_path / "out")
    with pytest.raises(CheckpointError, match="not a SavedModel"):
        import_checkpoint(tmp_path, tmp_path / "out")
    (tmp_path / "weights.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(CheckpointError, match="cannot be read"):
        import_checkpoint(tmp_path / "weights.pt", tmp_path / "out", settings)


def test_an_output_folder_with_content_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(CheckpointError, match="output folder"):
        import_checkpoint(DATA / "checkpoint" / "saved_model", tmp_path / "out")
