"""Pairs of recordings whose volumes follow the amplitude of the electrodes above each voxel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eeg2fmri.data.pairs.dataset import Pair
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.haemodynamic import row_responses
from eeg2fmri.models.recommended.model import Recommended

CHANNELS, BANDS, ROWS, GRID, TR = 6, 2, 9, (5, 4, 3), 2.2


class PlantedPairs(Dataset):
    """Windows of slow noise; volumes are the response to one electrode and band each, plus noise and drift.

    The left half of the volume follows electrode 1 in band 0, the right half electrode 4 in band 1 with the opposite
    sign; `coupling` 0 leaves noise.
    """

    def __init__(self, recordings, n_volumes=90, coupling=1.0):
        self.items = []
        response = row_responses(ROWS, TR, 0, (0.0,))[0]
        for recording in recordings:
            rng = np.random.default_rng(recording)
            rows = rng.standard_normal((n_volumes + ROWS, CHANNELS, BANDS))
            rows = np.stack([rows[t] + 0.8 * rows[t - 1] for t in range(1, len(rows))]).astype(np.float32)
            noise = rng.standard_normal((n_volumes, *GRID))
            drift = 3 * np.linspace(-1, 1, n_volumes) * rng.choice([-1, 1])
            for t in range(ROWS, n_volumes):
                window = np.moveaxis(rows[t - ROWS : t], 0, -1)
                signal = np.einsum("cbt,t->cb", window, response)
                volume = 2.0 + 0.3 * noise[t] + drift[t]
                volume[:2] += coupling * 3 * signal[1, 0]
                volume[3:] -= coupling * 3 * signal[4, 1]
                x, y = torch.from_numpy(window.copy()), torch.from_numpy(volume.astype(np.float32))
                self.items.append(Pair(x, y, recording, t))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]


@pytest.fixture(scope="session")
def planted():
    """Make pairs of some recordings."""
    return PlantedPairs


@pytest.fixture(scope="session")
def acquisition():
    """Electrodes over the left half are 0 to 2, over the right half 3 to 5; the corner voxel is no brain."""
    mask = np.ones(GRID, bool)
    mask[0, 0, 0] = False
    affine = np.diag([25.0, 30, 30, 1])
    affine[:3, 3] = -50, -60, 20
    electrodes = np.array([[-60.0, 40, 40], [-70, -10, 60], [-60, -70, 40], [60, 40, 40], [70, -10, 60], [60, -70, 40]])
    return Acquisition(TR, mask, affine, electrodes=electrodes)


@pytest.fixture(scope="session")
def config():
    return RecommendedConfig(eeg_shape=(CHANNELS, BANDS, ROWS), volume_shape=GRID, components=5)


@pytest.fixture(scope="session")
def fitted(planted, acquisition, config):
    """Fit a model once; it is not to be changed."""
    model = Recommended(config)
    report = model.fit_closed_form(planted([1, 2, 3]), planted([4]), acquisition)
    return model.eval(), report


@pytest.fixture(scope="session")
def correlation():
    """Temporal correlation of every voxel between the synthesis of some pairs and their volumes."""

    def measure(model, pairs):
        x = torch.stack([pair.x for pair in pairs])
        y = np.stack([pair.y.numpy() for pair in pairs])
        with torch.no_grad():
            got = model(x).volume.numpy()
        a, b = got - got.mean(axis=0), y - y.mean(axis=0)
        size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
        return np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=size > 0)

    return measure
