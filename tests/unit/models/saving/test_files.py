from __future__ import annotations

import errno
import json
import pickle
import re

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.saving import files as hub_files
from eeg2fmri.models.saving.files import CONFIG, WEIGHTS, file_digest, read_files, write_files

TENSORS = {"a.weight": torch.arange(6.0).view(2, 3), "a.count": torch.tensor(3)}
STATISTICS = {"mean": torch.tensor(0.5, dtype=torch.float64)}
CARD = {"model": {"kind": "x"}, "versions": {"eeg2fmri": "9.9"}}


@pytest.fixture
def folder(tmp_path):
    write_files(tmp_path / "saved", CARD, TENSORS, STATISTICS)
    return tmp_path / "saved"


def values_of(folder):
    return json.loads((folder / CONFIG).read_text())


def rewrite(folder, **changes):
    """Change config.json and make its digest fit again."""
    values = {**values_of(folder), **changes}
    del values["digest"]
    (folder / CONFIG).write_text(json.dumps({**values, "digest": fingerprint(values)}))


def test_reads_what_was_written(folder):
    stored = read_files(folder)
    assert stored.card == CARD
    assert stored.tensors.keys() == TENSORS.keys()
    assert all(torch.equal(stored.tensors[name], TENSORS[name]) for name in TENSORS)
    assert torch.equal(stored.statistics["mean"], STATISTICS["mean"])
    assert stored.digest == file_digest(folder / WEIGHTS)
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, WEIGHTS]


def test_any_program_can_read_the_weights(folder):
    assert set(load_file(folder / WEIGHTS)) == {"a.weight", "a.count", "statistics.mean"}


@pytest.mark.parametrize("position", [0, 9, 60, -1])
def test_changed_weights_are_refused(folder, position):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[position] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(CheckpointError, match="not those that were written") as caught:
        read_files(folder)
    assert WEIGHTS in caught.value.problems[0].where


@pytest.mark.parametrize(("change", "what"), [(lambda d: d[:-3], "truncated"), (lambda d: d + b"x", "added")])
def test_weights_of_another_length_are_refused(folder, change, what):
    path = folder / WEIGHTS
    size = path.stat().st_size
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CheckpointError, match=what) as caught:
        read_files(folder)
    assert caught.value.problems[0].expected == f"{size} bytes"


def test_missing_weights_are_named(folder):
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match="weights are missing"):
        read_files(folder)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("something was unpickled",))


def test_a_pickle_in_place_of_the_weights_is_not_loaded(folder):
    path = folder / WEIGHTS
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError):
        read_files(folder)
    rewrite(folder, weights={"file": WEIGHTS, "bytes": path.stat().st_size, "sha256": file_digest(path)})
    with pytest.raises(CheckpointError, match="no safetensors file"):
        read_files(folder)


def test_every_changed_character_of_the_config_is_refused(folder):
    text = (folder / CONFIG).read_text()
    for position in range(0, len(text), 11):
        if text[position] in " \n":
            continue
        (folder / CONFIG).write_text(text[:position] + ("7" if text[position] != "7" else "8") + text[position + 1 :])
        with pytest.raises(CheckpointError) as caught:
            read_files(folder)
        assert CONFIG in caught.value.problems[0].where


def test_truncated_config_is_refused(folder):
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text[: len(text) // 2])
    with pytest.raises(CheckpointError, match="damaged"):
        read_files(folder)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused_with_who_wrote_it(folder, version):
    rewrite(folder, version=version)
    with pytest.raises(CheckpointError, match="another version") as caught:
        read_files(folder)
    assert "9.9" in caught.value.problems[0].hint


@pytest.mark.parametrize("content", ['{"hidden_size": 12}', "[1, 2]", '{"format": "pt"}', "3"])
def test_a_foreign_config_is_refused(folder, content):
    (folder / CONFIG).write_text(content)
    with pytest.raises(CheckpointError, match="not of a model of this package"):
        read_files(folder)


def test_a_folder_without_model_says_what_it_holds(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK")
    with pytest.raises(CheckpointError, match="holds no model") as caught:
        read_files(tmp_path)
    assert caught.value.problems[0].got == "pytorch_model.bin"
    with pytest.raises(CheckpointError, match="does not exist"):
        read_files(tmp_path / "nothing")


def test_statistics_that_are_gone_are_named(folder):
    rewrite(folder, statistics=["mask", "mean"])
    with pytest.raises(CheckpointError, match="statistics are missing") as caught:
        read_files(folder)
    assert caught.value.problems[0].got == "mask"


def test_weights_of_another_save_do_not_fit(folder, tmp_path):
    write_files(tmp_path / "other", CARD, {name: tensor + 1 for name, tensor in TENSORS.items()}, STATISTICS)
    (tmp_path / "other" / WEIGHTS).replace(folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="not those that were written"):
        read_files(folder)


def test_a_full_disk_leaves_the_model_before(folder, monkeypatch):
    def full(tensors, path):
        path.write_bytes(b"part of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hub_files, "save_file", full)
    with pytest.raises(CheckpointError, match="disk is full"):
        write_files(folder, CARD, {"a.weight": torch.zeros(1)}, {})
    assert torch.equal(read_files(folder).tensors["a.weight"], TENSORS["a.weight"])
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, WEIGHTS]


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written") as caught:
        write_files(tmp_path / "file", CARD, TENSORS, {})
    assert re.search("file$", caught.value.problems[0].where)


def test_a_save_replaces_the_model_and_leaves_other_files(folder):
    (folder / "train.yaml").write_text("epochs: 1\n")
    write_files(folder, CARD, {"b": torch.ones(2)}, {})
    stored = read_files(folder)
    assert list(stored.tensors) == ["b"]
    assert stored.statistics == {}
    assert (folder / "train.yaml").read_text() == "epochs: 1\n"


def test_digest_is_that_of_common_tools(folder):
    import hashlib

    assert file_digest(folder / WEIGHTS) == hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    save_file({"x": torch.from_numpy(np.zeros(1))}, folder / "x")
    assert file_digest(folder / "x") != file_digest(folder / WEIGHTS)
