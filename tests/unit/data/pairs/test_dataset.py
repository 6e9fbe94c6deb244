from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import PairConfig, zscore_electrodes
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
