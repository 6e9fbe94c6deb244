"""Values of another type in the files of a store are damage, and are never taken for something else."""

import json
import shutil

import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.format import MANIFEST, META, seal
from eeg2fmri.data.store.origin.sources import SEEN, recall
from eeg2fmri.data.store.recording import read_recording
from eeg2fmri.data.store.store import Store


@pytest.fixture
def own(small_store, tmp_path):
    return shutil.copytree(small_store, tmp_path / "store")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("notes", [None]),
        ("notes", "left out"),
        ("electrodes", "Fz"),
        ("electrodes", [1, 2]),
        ("grid", [float("inf"), 1, 1]),
        ("tr", None),
        ("affine", {}),
        ("recordings", None),
        ("frequencies", ["many"]),
    ],
)
def test_a_manifest_of_other_types_is_damaged(own, key, value):
    manifest = json.loads((own / MANIFEST).read_text())
    manifest[key] = value
    manifest["seal"] = seal(manifest)
    (own / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="damaged"):
        Store.open(own)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("warnings", "text"),
        ("warnings", [None]),
        ("warnings", {"a": 1}),
        ("bad_electrodes", 3),
        ("cleaned", [1]),
        ("drift_ppm", []),
        ("tsnr_median", "much"),
    ],
)
def test_a_quality_of_other_types_is_damaged(own, key, value):
    folder = next(path for path in sorted(own.iterdir()) if path.is_dir())
    meta = json.loads((folder / META).read_text())
    read_recording(folder)
    meta["quality"][key] = value
    (folder / META).write_text(json.dumps(meta))
    with pytest.raises(StoreError, match=META):
        read_recording(folder)


@pytest.mark.parametrize("value", ["true", 1, [], "text", None])
def test_only_a_true_word_detaches_a_store(own, value):
    (own / SEEN).write_text(json.dumps({"detached": value, "modified_ns": value}))
    assert recall(own) == {}
    Store.open(own)
