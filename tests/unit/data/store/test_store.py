from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.blocks import BlockStore
from eeg2fmri.data.store.format import seal
from eeg2fmri.data.store.origin import touched
from eeg2fmri.data.store.store import Store


def test_a_store_gives_back_what_was_written(store: Store) -> None:
    again = Store.open(str(store.path))
    assert again.hash == store.hash
    assert len(again.hash) == 64
    assert again.electrodes == ("Fz", "Cz", "Pz")
    assert again.grid == (4, 5, 3)
    assert again.tr == 2.0
    np.testing.assert_array_equal(again.affine, np.diag([3.0, 3.5, 4.0, 1.0]))
    recording = again.recordings[3]
    assert (recording.id, recording.subject, recording.task, recording.run) == (
        "sub-04_task-rest_run-1", "04", "rest", "1",
    )  # fmt: skip
    assert recording.n_volumes == 17
    assert again.eeg(3).shape == (17, 3, 6)
    assert again.bold("sub-04_task-rest_run-1").shape == (17, 4, 5, 3)
    again.verify()


def test_arrays_are_read_only_memory_maps(store: Store) -> None:
    assert isinstance(store.bold(0), np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        store.eeg(0)[0] = 0


def test_statistics_leave_out_the_first_volumes(store: Store) -> None:
    np.testing.assert_allclose(store.voxel_mean(1), store.bold(1)[3:].mean(0, dtype=float), rtol=1e-6)
    np.testing.assert_allclose(store.voxel_std(1), store.bold(1)[3:].std(0, dtype=float), rtol=1e-5)


def test_the_brain_mask_is_common_to_all(store: Store) -> None:
    masks = [store.mask(k) for k in range(5)]
    np.testing.assert_array_equal(store.brain_mask(), np.logical_and.reduce(masks))
    np.testing.assert_array_equal(store.brain_mask([1, 3]), masks[1] & masks[3])


def test_a_store_can_be_sent_to_workers(store: Store) -> None:
    copy = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(copy.eeg(2), store.eeg(2))


@pytest.mark.parametrize("recording", ["sub-99_task-rest", 5, -1])
def test_unknown_recordings_are_named(store: Store, recording: str | int) -> None:
    with pytest.raises(StoreError, match=f"no such recording(.|\n)*{recording}(.|\n)*sub-01_task-rest"):
        store.eeg(recording)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(tmp_path / "nothing")


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not a store, or an incomplete one(.|\n)*manifest.json"):
        Store.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "damaged"),
        ("[1]", "not an eeg2fmri store"),
        ('{"format": "zarr"}', "not an eeg2fmri store"),
        ('{"format": "eeg2fmri store", "version": 1}', "another version"),
        ('{"format": "eeg2fmri store", "version": 2}', "was changed"),
    ],
)
def test_foreign_and_damaged_manifests(store: Store, text: str, what: str) -> None:
    (store.path / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=what):
        Store.open(store.path)


@pytest.mark.parametrize("key", ["electrodes", "frequencies", "grid", "recordings", "config", "hash", "sources"])
def test_a_manifest_that_lacks_or_garbles_a_key(store: Store, key: str) -> None:
    file = store.path / "manifest.json"
    manifest = json.loads(file.read_text())
    for damaged in ({k: v for k, v in manifest.items() if k != key}, {**manifest, key: 3}):
        file.write_text(json.dumps(damaged))
        with pytest.raises(StoreError, match="was changed"):
            Store.open(store.path)


@pytest.mark.parametrize("key", ["grid", "recordings", "config", "affine", "tr"])
def test_a_sealed_manifest_with_garbage_is_damaged(store: Store, key: str) -> None:
    file = store.path / "manifest.json"
    manifest = {**json.loads(file.read_text()), key: {"x": None}}
    file.write_text(json.dumps({**manifest, "seal": seal(manifest)}))
    with pytest.raises(StoreError, match="damaged"):
        Store.open(store.path)


def test_settings_changed_by_hand_are_noticed(store: Store) -> None:
    file = store.path / "manifest.json"
    file.write_text(file.read_text().replace('"intersection"', '"same"'))
    with pytest.raises(StoreError, match=r"was changed(.|\n)*by hand"):
        Store.open(store.path)


def test_missing_and_cut_files_are_all_named(store: Store) -> None:
    (store.path / "sub-01_task-rest" / "mask.npy").unlink()
    cut = store.path / "sub-02_task-rest" / "bold.npy"
    cut.write_bytes(cut.read_bytes()[:-4])
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert len(caught.value.problems) == 2
    assert "missing" in str(caught.value)
    assert "changed its size" in str(caught.value)


def later_than_the_manifest(file: Path, store: Store) -> None:
    """Touch a file until the clock of the file system, which has ticks of some ms, has gone on."""
    while file.stat().st_ctime_ns <= (store.path / "manifest.json").stat().st_ctime_ns:
        os.utime(file, ns=(0, 0))


def test_changed_content_is_found_at_opening_and_by_verify(store: Store) -> None:
    file = store.path / "sub-02_task-rest" / "eeg.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    later_than_the_manifest(file, store)
    with pytest.raises(StoreError, match=r"content of a file of the store has changed(.|\n)*sub-02_task-rest/eeg.npy"):
        Store.open(store.path)
    with pytest.raises(StoreError, match=r"content of a file has changed(.|\n)*sub-02_task-rest/eeg.npy"):
        store.verify()


def test_swapped_arrays_are_found_although_sizes_and_times_of_change_fit(store: Store) -> None:
    one, other = (store.path / name / "voxel_mean.npy" for name in ("sub-01_task-rest", "sub-02_task-rest"))
    assert one.stat().st_size == other.stat().st_size
    aside = one.with_name("aside")
    one.rename(aside)
    later_than_the_manifest(aside, store)
    other.rename(one)
    aside.rename(other)
    with pytest.raises(StoreError, match="content of a file of the store has changed") as caught:
        Store.open(store.path)
    assert len(caught.value.problems) == 2


def test_a_copied_store_is_compared_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Path(shutil.copytree(store.path, tmp_path / "copy"))
    for file in copy.rglob("*.npy"):
        os.utime(file)
    Store.open(copy)
    monkeypatch.setattr(touched, "content_digest", lambda file: pytest.fail(f"{file} is read again"))
    Store.open(copy)
    os.utime(next(copy.rglob("mask.npy")))
    with pytest.raises(pytest.fail.Exception, match="is read again"):
        Store.open(copy)


def test_an_array_that_does_not_fit_the_manifest(store: Store) -> None:
    file = store.path / "sub-02_task-rest" / "voxel_mean.npy"
    np.save(file, store.voxel_mean(1).astype(np.float64))
    with pytest.raises(StoreError, match=r"another shape or type(.|\n)*float64(.|\n)*float32"):
        store.voxel_mean(1)
    file.write_bytes(b"no array")
    with pytest.raises(StoreError, match="damaged"):
        store.voxel_mean(1)


def test_a_damaged_meta_file(store: Store) -> None:
    file = store.path / "sub-02_task-rest" / "meta.json"
    file.write_text("x" * file.stat().st_size)
    with pytest.raises(StoreError, match=r"damaged(.|\n)*meta.json"):
        Store.open(store.path)


@pytest.mark.parametrize("name", ["../store-b/sub-01_task-rest", "/etc", "..", "a\\b", ""])
@pytest.mark.parametrize("part", ["recording", "file"])
def test_a_sealed_manifest_cannot_lead_out_of_the_store(store: Store, name: str, part: str) -> None:
    file = store.path / "manifest.json"
    manifest = json.loads(file.read_text())
    entry = manifest["recordings"][0]
    if part == "recording":
        entry["id"] = name
    else:
        entry["files"][name] = entry["files"].pop("eeg.npy")
    file.write_text(json.dumps({**manifest, "seal": seal(manifest)}))
    with pytest.raises(StoreError, match="a path in place of a name"):
        Store.open(store.path)


def test_a_store_says_what_it_holds_in_a_line_and_as_a_table(store: Store) -> None:
    n, subjects = len(store.recordings), len({one.subject for one in store.recordings})
    assert repr(store) == (
        f"<Store | {store.path.name}: {n} recordings of {subjects} subjects, 3 electrodes, 6 frequencies, "
        "4x5x3 voxels every 2 s>"
    )
    frame = store.to_frame()
    assert list(frame.index) == [one.id for one in store.recordings]
    assert frame.loc["sub-04_task-rest_run-1", "n_volumes"] == 17
    assert frame.loc["sub-04_task-rest_run-1", "subject"] == "04"
    shown = store._repr_html_()
    assert "&lt;Store" in shown
    assert "sub-04_task-rest_run-1" in shown


def test_a_store_stands_for_its_folder_and_blocks_of_it_for_none(store: Store) -> None:
    assert Path(store) == store.path
    assert Store.open(store).hash == store.hash
    blocks = BlockStore.cut(store, [f"{store.recordings[0].id}_volumes-0to9"])
    assert "BlockStore" in repr(blocks)
    with pytest.raises(TypeError, match="no folder"):
        Store.open(blocks)
