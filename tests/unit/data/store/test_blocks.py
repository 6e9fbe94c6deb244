"""Blocks of time as recordings: what they read, and that nothing they give depends on other volumes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.blocks import Block, BlockStore
from eeg2fmri.data.store.store import Store

GRID = (4, 3, 2)


@pytest.fixture
def whole(tmp_path: Path) -> Store:
    """Give a store of two recordings with amplitudes."""
    rng = generator(5, "blocks")
    recordings = [
        RecordingArrays(
            name,
            eeg=rng.random((30 + k, 5, 6), np.float32),
            bold=(100 + rng.random((30 + k, *GRID))).astype(np.float32),
            mask=rng.random(GRID) < 0.7,
            amplitude=rng.standard_normal((30 + k, 5, 3)).astype(np.float32),
        )
        for k, name in enumerate(("sub-01_task-rest", "sub-02_task-rest"))
    ]
    return Store.open(
        write_store(
            tmp_path / "store",
            recordings,
            electrodes=("Fz", "Cz", "Pz", "O1", "O2"),
            frequencies=np.arange(6.0),
            tr=2.0,
            affine=np.eye(4),
        )
    )


@pytest.mark.parametrize("name", ["sub-01_task-rest", "sub-01_task-rest_volumes-7to19", "sub-1_volumes-0to0"])
def test_names_are_read_as_they_are_written(name: str) -> None:
    assert Block.of(name).id == name


def test_a_block_is_a_recording(whole: Store) -> None:
    store = BlockStore.cut(whole, ["sub-02_task-rest_volumes-9to20", "sub-01_task-rest"])
    assert [recording.id for recording in store.recordings] == ["sub-02_task-rest_volumes-9to20", "sub-01_task-rest"]
    assert store.recordings[0].n_volumes == 12
    assert store.origin(0) == ("sub-02_task-rest", 9)
    assert store.origin(1) == ("sub-01_task-rest", 0)
    np.testing.assert_array_equal(store.recordings[0].onsets, whole.recordings[1].onsets[9:21])
    np.testing.assert_array_equal(store.eeg(0), whole.eeg(1)[9:21])
    np.testing.assert_array_equal(store.bold(0), whole.bold(1)[9:21])
    np.testing.assert_array_equal(store.mask(0), whole.mask(1))
    assert store.hash == whole.hash
    with pytest.raises(StoreError, match="no such recording"):
        store.bold("sub-02_task-rest")
    with pytest.raises(StoreError, match="no such recording"):
        BlockStore.cut(whole, ["sub-03_task-rest_volumes-9to20"])


def test_statistics_are_those_of_the_steady_volumes_of_the_block(whole: Store) -> None:
    store = BlockStore.cut(whole, ["sub-01_task-rest_volumes-0to12", "sub-01_task-rest_volumes-15to29"])
    for name, first, end in (("sub-01_task-rest_volumes-0to12", 3, 13), ("sub-01_task-rest_volumes-15to29", 15, 30)):
        volumes = whole.bold(0)[first:end].astype(np.float64)
        np.testing.assert_allclose(store.voxel_mean(name), volumes.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(store.voxel_std(name), volumes.std(axis=0), rtol=1e-4)
        amplitude = store.amplitude(name)[first if first == 3 else 0 :]
        np.testing.assert_allclose(amplitude.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(amplitude.std(axis=0), 1, rtol=1e-5)
    untouched = BlockStore.cut(whole, ["sub-01_task-rest"])
    np.testing.assert_array_equal(untouched.voxel_std(0), whole.voxel_std(0))
    np.testing.assert_array_equal(untouched.amplitude(0), whole.amplitude(0))


@pytest.mark.parametrize("eeg", ["spectrogram", "amplitude"])
def test_pairs_lie_inside_their_block(whole: Store, eeg: str) -> None:
    config = PairConfig.make({"window": 4, "lag": 1, "eeg": eeg, "bold_scaling": "none", "eeg_scaling": "none"})
    name = "sub-02_task-rest_volumes-9to20"
    store = BlockStore.cut(whole, ["sub-01_task-rest", name])
    pairs = PairDataset(store, [name], config)
    assert len(pairs) == 12 - 3 - 4 - 1
    rows = store.eeg(name) if eeg == "spectrogram" else store.amplitude(name)
    for k, pair in enumerate(pickle.loads(pickle.dumps(pairs))[n] for n in range(len(pairs))):
        assert (pair.recording, pair.volume) == (1, 3 + k + 4 + 1)
        np.testing.assert_array_equal(pair.x, np.moveaxis(rows[3 + k : 3 + k + 4], 0, -1))
        np.testing.assert_array_equal(pair.y, whole.bold(1)[9 + pair.volume])
