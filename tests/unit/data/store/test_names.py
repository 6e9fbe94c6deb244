"""A store that names itself, and is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.prepare import run as module
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.names import data_set_name
from eeg2fmri.data.store.store import Store


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("ds002158", "ds002158"),
        ("lab data (new)", "lab-data-new"),
        ("Größe/.", "Größe"),
        ("a/../b", "b"),
        ("/", "store"),
    ],
)
def test_the_name_is_that_of_the_folder(folder: str, name: str) -> None:
    assert data_set_name(Path(folder)) == name


def test_the_hash_is_in_the_name_and_the_store_is_found_again(
    two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "stores"
    first = prepare(two.root, folder=folder)
    assert first.path == folder / f"{two.root.name}-{first.hash[:8]}"
    with monkeypatch.context() as patch:
        patch.setattr(module, "convert", lambda *_: pytest.fail("the store was made again"))
        assert prepare(two.root, folder=folder).hash == first.hash
    other = prepare(two.root, None, PrepareConfig(n_bins=20), folder=folder)
    assert other.hash != first.hash
    assert {path.name for path in folder.iterdir()} == {first.path.name, other.path.name}


def test_changed_data_make_another_store_beside_it(two: Any, tmp_path: Path) -> None:
    first = prepare(two.root, folder=tmp_path / "stores")
    two.bold("02", volumes=two.volumes("02") + 1)
    second = prepare(two.root, folder=tmp_path / "stores")
    assert second.path != first.path
    assert Store.open(second.path).sources().state == "same"


def test_a_copy_of_the_data_gives_the_store_that_is_there(two: Any, tmp_path: Path) -> None:
    first = prepare(two.root, folder=tmp_path / "stores")
    inode = (first.path / "manifest.json").stat().st_ino
    (two.root / "sub-02" / "func" / "notes.txt").write_text("no source, but perhaps one")
    assert prepare(two.root, folder=tmp_path / "stores").path == first.path
    assert (first.path / "manifest.json").stat().st_ino == inode
    assert [path.name for path in (tmp_path / "stores").iterdir()] == [first.path.name]


def test_a_sidecar_above_the_recordings_counts(two: Any, tmp_path: Path) -> None:
    prepare(two.root, folder=tmp_path / "stores")
    (two.root / "task-rest_bold.json").write_text('{"RepetitionTime": 2.0, "Manufacturer": "none"}')
    prepare(two.root, folder=tmp_path / "stores")
    assert len(list((tmp_path / "stores").iterdir())) == 2


def test_a_damaged_store_is_named_before_any_work(two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(two.root, folder=tmp_path / "stores")
    (first.path / "sub-01_task-rest" / "bold.npy").unlink()
    monkeypatch.setattr(module, "convert", lambda *_: pytest.fail("the store was made again"))
    with pytest.raises(StoreError, match="missing"):
        prepare(two.root, folder=tmp_path / "stores")
