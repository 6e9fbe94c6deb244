"""Whether a store is older than its data, told at opening without reading them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.store.format import read_manifest
from eeg2fmri.data.store.origin import sources as store_origin
from eeg2fmri.data.store.origin.sources import SEEN, detach
from eeg2fmri.data.store.store import Store

BOLD = "sub-02/func/sub-02_task-rest_bold.nii.gz"


@pytest.fixture
def made(two: Any, tmp_path: Path) -> tuple[Store, Path]:
    return prepare(two.root, tmp_path / "store"), two.root / BOLD


def later(file: Path) -> None:
    facts = file.stat()
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))


def other_content(file: Path) -> None:
    """Change one byte, not the size."""
    data = bytearray(file.read_bytes())
    data[-9] ^= 1
    file.write_bytes(data)
    later(file)


def test_sources_that_are_the_same_are_not_read(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_origin, "content_digest", lambda path: pytest.fail("a source was read"))
    assert Store.open(made[0].path).sources().state == "same"


def test_a_changed_source_refuses_the_store_with_the_ways_out(made: Any) -> None:
    store, bold = made
    other_content(bold)
    with pytest.raises(StoreError, match="stale") as caught:
        Store.open(store.path)
    (problem,) = caught.value.problems
    assert problem.where == str(bold)
    assert "prepare the store again" in problem.hint
    assert f"eeg2fmri store detach {store.path}" in problem.hint
    assert Store.open(store.path, stale=True).sources().problems[0].where == str(bold)


def test_another_size_is_enough(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store, bold = made
    bold.write_bytes(bold.read_bytes() + b"\0")
    monkeypatch.setattr(store_origin, "content_digest", lambda path: pytest.fail("a source was read"))
    with pytest.raises(StoreError, match="stale"):
        Store.open(store.path)


def test_another_time_alone_is_looked_into_once(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store, bold = made
    later(bold)
    read: list[Path] = []
    digest = store_origin.content_digest
    monkeypatch.setattr(store_origin, "content_digest", lambda path: read.append(path) or digest(path))
    for _ in range(3):
        assert Store.open(store.path).sources().state == "same"
    assert read == [bold]
    store.verify()  # what was noted beside the manifest is no part of it
    other_content(bold)
    with pytest.raises(StoreError, match="stale"):
        Store.open(store.path)


def test_a_store_that_may_only_be_read_is_opened(two: Any, open_folder: Path, as_somebody_else: Any) -> None:
    shutil.copytree(two.root, open_folder / "bids")
    store = prepare(open_folder / "bids", open_folder / "store")
    later(open_folder / "bids" / BOLD)

    def work() -> list[Any]:
        try:
            (store.path / SEEN).touch()
        except PermissionError:
            return ["may not write", Store.open(store.path).sources().state]
        return ["may write", ""]

    for path in (open_folder / "bids", store.path):
        for each in (path, *path.rglob("*")):
            each.chmod(0o555 if each.is_dir() else 0o444)
    assert as_somebody_else(work) == ["may not write", "same"]
    for each in (open_folder, *open_folder.rglob("*")):  # to be removed by whoever runs the tests
        if each.is_dir():
            each.chmod(0o777)


def test_sources_that_are_away_do_not_matter(made: Any, two: Any) -> None:
    store, bold = made
    bold.unlink()
    assert Store.open(store.path).sources().state == "missing"
    shutil.rmtree(two.root)
    assert Store.open(store.path).sources().state == "away"


def test_a_detached_store_is_used_whatever_happens(made: Any) -> None:
    store, bold = made
    other_content(bold)
    detach(store.path)
    assert Store.open(store.path).sources().state == "detached"
    with pytest.raises(StoreError, match="stale"):  # asked for, it is still told
        store.compare_with_sources(bold.parents[2])


def test_only_stores_are_detached(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a store"):
        detach(tmp_path)
    assert not (tmp_path / SEEN).exists()


def test_a_store_of_arrays_has_no_sources_to_compare(store: Store) -> None:
    assert store.sources().state == "unknown"


def test_a_store_that_moved_knows_its_sources(made: Any, tmp_path: Path) -> None:
    store, bold = made
    store.path.rename(tmp_path / "elsewhere")
    other_content(bold)
    with pytest.raises(StoreError, match="stale"):
        Store.open(tmp_path / "elsewhere")


def test_a_source_that_changes_while_it_is_read_is_refused(
    two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eeg2fmri.data.prepare import one_recording as conversion

    write = conversion.write_bold

    def and_change(*arguments: Any) -> Any:
        written = write(*arguments)
        later(two.root / BOLD)
        return written

    monkeypatch.setattr(conversion, "write_bold", and_change)
    with pytest.raises(Exception, match="changed while it was read") as caught:
        prepare(two.root, tmp_path / "store")
    assert BOLD in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_the_manifest_says_where_the_sources_are(made: Any, two: Any) -> None:
    manifest = read_manifest(made[0].path)
    assert manifest["origin"]["root"] == str(two.root)
    assert manifest["origin"]["files"][BOLD]["file"] == str(made[1])
    assert {source["path"] for source in manifest["sources"]} == set(manifest["origin"]["files"])
    assert set(manifest["sources"][0]) == {"path", "size", "xxh3_128"}  # the hash does not follow places and times


def test_a_pipe_in_the_place_of_a_source_is_not_waited_for(made: Any) -> None:
    store, file = made
    manifest = read_manifest(store.path)
    for source in manifest["sources"]:
        source["size"] = 0 if source["path"] == BOLD else source["size"]
    file.unlink()
    os.mkfifo(file)
    found = store_origin.look(store.path, manifest)
    assert found.state == "changed"
    assert str(file) in found.problems[0].where
