from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import PairConfig, zscore_electrodes
from eeg2fmri.data.splits.make import SplitConfig, make_split
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store


def test_a_pair_is_the_window_and_the_volume_after_it(store: Store) -> None:
    config = PairConfig(window=4, lag=1, bold_scaling="none")
    dataset = PairDataset(store, ["sub-02_task-rest", "sub-01_task-rest"], config)
    # 15 and 14 volumes, 3 skipped, 4 + 1 before the target
    assert len(dataset) == (15 - 8) + (14 - 8)
    pair = dataset[2]
    assert (pair.recording, pair.volume) == (1, 3 + 2 + 4 + 1)
    assert pair.x.shape == (3, 6, 4)
    assert pair.y.shape == (4, 5, 3)
    np.testing.assert_array_equal(pair.x[..., 1], zscore_electrodes(store.eeg(1)[6]))
    np.testing.assert_array_equal(pair.y, store.bold(1)[10])
    assert dataset[7].recording == 0
    assert dataset.target[2] == 10


@pytest.mark.parametrize("values", [{}, {"bold_scaling": "volume"}, {"bold_scaling": "none"}, {"target": "dynamics"}])
def test_tensors_are_float32_and_their_own(store: Store, values: dict[str, str]) -> None:
    dataset = PairDataset(store, [0], PairConfig.make({"window": 3, **values}))
    pair = dataset[0]
    assert (pair.x.dtype, pair.y.dtype) == (torch.float32, torch.float32)
    before = pair.y.clone()
    pair.y.add_(1)  # must not reach the store
    torch.testing.assert_close(dataset[0].y, before)


def test_dynamics_have_mean_0_and_deviation_1_over_the_steady_volumes(store: Store) -> None:
    dataset = PairDataset(store, [2], PairConfig(window=1, skip_volumes=2, target="dynamics"))
    volumes = torch.stack([pair.y for pair in (dataset[k] for k in range(len(dataset)))])
    assert int(dataset.target[0]) == 3
    torch.testing.assert_close(volumes.mean(0), torch.zeros(4, 5, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(volumes.std(0, correction=0), torch.ones(4, 5, 3), atol=1e-4, rtol=0)


def test_batches_and_pickles(store: Store) -> None:
    dataset = PairDataset(store, range(3), PairConfig(window=4))
    dataset[0]
    assert len(pickle.dumps(dataset)) < 20_000  # no array travels to the workers
    batch = next(iter(DataLoader(pickle.loads(pickle.dumps(dataset)), batch_size=5)))
    assert batch.x.shape == (5, 3, 6, 4)
    assert batch.recording.tolist() == [0] * 5


def test_every_short_recording_is_named(store: Store) -> None:
    with pytest.raises(InputError) as caught:
        PairDataset(store, range(5), PairConfig(window=12))
    assert len(caught.value.problems) == 2  # 14 and 15 volumes; 16 are enough
    assert "sub-01_task-rest" in str(caught.value)
    assert "sub-02_task-rest" in str(caught.value)


def test_no_recordings(store: Store) -> None:
    with pytest.raises(InputError, match="no recording"):
        PairDataset(store, [], PairConfig())


@pytest.mark.parametrize("scaling", ["none", "volume", "voxel"])
def test_a_block_is_the_volumes_up_to_that_of_the_pair(store: Store, scaling: str) -> None:
    config = PairConfig.make({"window": 4, "bold_scaling": scaling, "block": 3})
    blocks, single = (
        PairDataset(store, [1, 0], config),
        PairDataset(store, [1, 0], config.model_copy(update={"block": 1})),
    )
    assert blocks.target.tolist() == single.target.tolist()
    assert len(blocks) == (15 - 7) + (14 - 7)
    pair = blocks[10]  # the third of the second recording: 3 skipped, 4 in the window
    assert (pair.recording, pair.volume) == (0, 3 + 4 + 2)
    assert pair.y.shape == (3 * 4, 5, 3)
    for place, earlier in enumerate((2, 1, 0)):
        torch.testing.assert_close(pair.y[4 * place : 4 * place + 4], single[10 - earlier].y, rtol=0, atol=0)
    if scaling == "none":
        np.testing.assert_array_equal(pair.y.reshape(3, 4, 5, 3), store.bold(0)[7:10])
    torch.testing.assert_close(blocks.batch([3, 10]).y[1], pair.y, rtol=0, atol=0)
    # the first of a recording has no volume of the one before
    first = blocks[8]
    assert (first.recording, first.volume) == (0, 7)
    if scaling == "none":
        np.testing.assert_array_equal(first.y.reshape(3, 4, 5, 3), store.bold(0)[5:8])


def test_no_volume_of_a_test_block_is_in_a_block_that_trains(tmp_path) -> None:
    number = np.arange(260.0)[:, None, None, None] + np.zeros((3, 2, 2))
    recording = RecordingArrays("sub-1", 1 + np.random.default_rng(0).random((260, 2, 3)), number)
    path = write_store(tmp_path / "store", [recording], electrodes=["Fz", "Cz"], frequencies=[1, 2, 3], tr=2.0)
    store, config = Store.open(path), PairConfig(window=2, bold_scaling="none", block=6)
    split = make_split(store, SplitConfig(by="block", seed=1), config)
    view = split.view(store)
    seen = {}
    for part, names in split.parts.items():
        pairs = PairDataset(view, names, config)
        seen[part] = {int(value) for k in range(len(pairs)) for value in pairs[k].y.unique()}
        # what is skipped at the beginning of a piece is skipped by blocks too
        assert min(seen[part]) == min(view.origin(name)[1] for name in names) + 3
    assert not seen["test"] & (seen["train"] | seen["validation"])
