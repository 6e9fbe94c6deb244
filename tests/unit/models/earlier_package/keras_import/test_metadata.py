from __future__ import annotations

import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.metadata import plain, read_metadata


def test_recorded_settings(data):
    recorded = read_metadata(data / "checkpoint" / "saved_model")
    assert recorded.class_name == "EEG_to_fMRI"
    assert recorded.arguments["input_shape"] == (20, 40, 8, 1)
    assert recorded.arguments["na_spec"] == ([(5, 9, 2), (4, 5, 2)], [(2, 3, 1), (1, 2, 1)], True, (2, 2, 1), (1, 1, 1))
    assert recorded.arguments["fmri_args"][:2] == ((4, 4, 4), (12, 12, 8, 1))


def test_tuples_at_every_depth():
    inner = {"class_name": "__tuple__", "items": [1, {"class_name": "__tuple__", "items": []}]}
    assert plain({"a": [inner], "class_name": "x"}) == {"a": [(1, ())], "class_name": "x"}


def test_root_is_found_among_other_nodes(tmp_path, metadata_writer):
    metadata_writer(tmp_path, "fMRI_AE", {"latent_shape": (1, 2, 3)})
    assert read_metadata(tmp_path) == ("fMRI_AE", {"latent_shape": (1, 2, 3)})


@pytest.mark.parametrize(
    "content", [b"\xff\xfe nothing", b"", b"\x0a\x0a\x1a\x04root\x2a\x02{}", b"\x0a\x09\x1a\x04root\x2a\x01{"]
)
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "keras_metadata.pb").write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_metadata(tmp_path)
    assert "keras_metadata.pb" in caught.value.problems[0].where


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="--config"):
        read_metadata(tmp_path)
