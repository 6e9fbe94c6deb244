from __future__ import annotations

import pickle
import sys

import h5py
import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.models.earlier_package.keras_import.h5 import read_h5
from eeg2fmri.models.earlier_package.keras_import.source import read_source


def test_layers_and_weights_in_the_order_of_the_model(data):
    groups = read_h5(data / "checkpoint" / "decoder.h5")
    assert list(groups) == [
        "topographical__attention_8",
        "res_block_94",
        "res_block_95",
        "dense_80",
        "random_fourier_features_15",
        "conditional_attention_style_dense",
        "dense_81",
        "conv3d_314",
    ]
    first = groups["res_block_94"][0]
    assert (first.layer, first.name) == ("res_block_94", "conv3d_308/kernel")
    assert first.array.shape == (5, 9, 2, 1, 4)
    assert first.stored_as == "res_block_94/res_block_94/conv3d_308/kernel:0"


def test_long_lists_of_names_are_cut_into_pieces(tmp_path):
    path = tmp_path / "long.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [b"dense"], [b"dense_1"]
        for layer in ("dense", "dense_1"):
            group = file.create_group(layer)
            group.attrs["weight_names0"] = [f"{layer}/kernel:0".encode()]
            group.attrs["weight_names1"] = [f"{layer}/bias:0".encode()]
            group.create_dataset(f"{layer}/kernel:0", data=np.ones((2, 3)))
            group.create_dataset(f"{layer}/bias:0", data=np.ones(3))
    groups = read_h5(path)
    assert [variable.name for variable in groups["dense_1"]] == ["kernel", "bias"]


def test_weights_of_a_whole_model_file(tmp_path):
    path = tmp_path / "whole.h5"
    with h5py.File(path, "w") as file:
        top = file.create_group("model_weights")
        top.attrs["layer_names"] = [b"dense"]
        group = top.create_group("dense")
        group.attrs["weight_names"] = [b"dense/bias:0"]
        group.create_dataset("dense/bias:0", data=np.ones(3))
    assert list(read_h5(path)) == ["dense"]


def _with(path, change):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        change(file)
    return path


def test_damaged_and_foreign_files_are_refused(tmp_path, data):
    whole = (data / "checkpoint" / "fmri_encoder.h5").read_bytes()
    cases = {
        "truncated.h5": whole[:-2000],
        "pickled.h5": pickle.dumps({"dense/kernel:0": np.ones(3)}),
        "empty.h5": b"",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be read") as caught:
            read_h5(tmp_path / name)
        assert name in caught.value.problems[0].where
    with pytest.raises(CheckpointError, match="does not exist"):
        read_h5(tmp_path / "absent.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("volumes", data=np.ones(3))
    with pytest.raises(CheckpointError, match="no Keras weights") as caught:
        read_h5(tmp_path / "other.h5")
    assert "volumes" in caught.value.problems[0].got


def test_contradictory_content_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_h5(_with(tmp_path / "a.h5", lambda file: None))
    with pytest.raises(CheckpointError, match="is no group"):
        read_h5(_with(tmp_path / "b.h5", lambda file: file.create_dataset("dense", data=1.0)))

    def text(file):
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"kernel:0"]
        group.create_dataset("kernel:0", data=b"text")

    with pytest.raises(CheckpointError, match="no array of numbers"):
        read_h5(_with(tmp_path / "c.h5", text))


def test_links_out_of_the_file_are_refused(tmp_path, data):
    def link(file):
        file["dense"] = h5py.ExternalLink(str(data / "checkpoint" / "decoder.h5"), "dense_80")

    with pytest.raises(CheckpointError, match="another file"):
        read_h5(_with(tmp_path / "linked.h5", link))


def test_a_data_set_that_is_put_together_from_other_files_is_refused(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["data"] = np.arange(3.0)

    def virtual(file):
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"kernel:0"]
        layout = h5py.VirtualLayout((3,), float)
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "data", (3,))
        group.create_virtual_dataset("kernel:0", layout)

    with pytest.raises(CheckpointError, match="another file"):
        read_h5(_with(tmp_path / "virtual.h5", virtual))


def test_an_array_that_is_declared_but_not_there_takes_no_memory(tmp_path):
    def huge(file):
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"kernel:0"]
        group.create_dataset("kernel:0", (10**10,), "f4", chunks=True)

    with pytest.raises(CheckpointError, match="far larger"):
        read_h5(_with(tmp_path / "huge.h5", huge))


def test_the_whole_of_a_model_may_not_lie_in_another_file(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file.attrs["layer_names"] = []
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["model_weights"] = h5py.ExternalLink("secret.h5", "/")
    with pytest.raises(CheckpointError, match="another file"):
        read_h5(tmp_path / "linked.h5")


def test_a_data_set_in_the_place_of_a_group_is_refused(tmp_path):
    def below(file):
        file.create_group("dense").attrs["weight_names"] = [b"kernel/kernel:0"]
        file["dense/kernel"] = np.ones(3)

    def top(file):
        file["model_weights"] = np.ones(3)
        file["model_weights"].attrs["layer_names"] = [b"dense"]

    for change in (below, top):
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_h5(_with(tmp_path / "x.h5", change))


def test_one_small_data_set_that_is_named_many_times_takes_no_memory(tmp_path):
    def many(file):
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"kernel:0"] * 1000
        group.create_dataset("kernel:0", data=np.zeros(10**5), compression="gzip")

    with pytest.raises(CheckpointError, match="far larger"):
        read_h5(_with(tmp_path / "many.h5", many))


def test_without_h5py_the_extra_is_named(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    monkeypatch.delitem(sys.modules, "eeg2fmri.models.earlier_package.keras_import.h5")
    with pytest.raises(InputError, match=r"eeg2fmri\[keras\]"):
        read_source(data / "checkpoint" / "decoder.h5")
