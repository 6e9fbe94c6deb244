"""A store whose BOLD follows the band power of its EEG through the haemodynamic response."""

import numpy as np
import pytest

from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.response import glover

TR = 2.0
FREQUENCIES = np.arange(1.0, 41.0)
GRID = (4, 5, 3)


def recording(name, rng, n_volumes=90, coupled=True):
    """Alpha power of electrode 1 drives the voxels with x < 2, other voxels and electrodes are noise."""
    power = np.exp(0.4 * rng.standard_normal((n_volumes, 6, len(FREQUENCIES))))
    alpha = np.convolve(rng.standard_normal(n_volumes + 4), np.ones(5) / np.sqrt(5), "valid")
    power[:, 1, 7:12] *= np.exp(0.8 * alpha)[:, None]
    # EEG row v ends where volume v + 1 starts; its middle is half a TR before
    response = glover((np.arange(12) + 0.5) * TR)
    driven = np.convolve(np.concatenate([np.zeros(12), alpha]), np.concatenate([[0], response]), "valid")[:n_volumes]
    driven /= driven.std()
    bold = rng.standard_normal((n_volumes, *GRID))
    if coupled:
        bold[:, :2] += driven[:, None, None, None]
    anatomy = 1000 + 500 * rng.random(GRID)
    mask = np.ones(GRID, bool)
    mask[:, 4, 2] = False
    return RecordingArrays(
        name, (1e-6 * np.sqrt(power)).astype(np.float32), (anatomy + 10 * bold).astype(np.float32), mask=mask
    )


@pytest.fixture(scope="session")
def coupled_store(tmp_path_factory):
    """Seven subjects of unequal length."""
    rng = np.random.default_rng(5)
    recordings = [recording(f"sub-{k:02d}_task-rest", rng, n_volumes=88 + 3 * k) for k in range(1, 8)]
    return Store.open(
        write_store(
            tmp_path_factory.mktemp("coupled") / "store",
            recordings,
            electrodes=[f"E{k}" for k in range(6)],
            frequencies=FREQUENCIES,
            tr=TR,
        )
    )


@pytest.fixture
def with_amplitudes(coupled_store, monkeypatch):
    """Let the store have band amplitudes of theta, alpha, beta, as if electrodes were independent sources."""

    def amplitude(store, recording):
        bands = np.array([(4, 8), (8, 13), (13, 30)])
        inside = (bands[:, :1] <= store.frequencies) & (store.frequencies < bands[:, 1:])
        power = np.square(np.asarray(store.eeg(recording), float)) @ inside.T
        return (np.sqrt(power) / np.sqrt(power).mean(axis=0)).astype(np.float32)

    monkeypatch.setattr(Store, "amplitude", amplitude)
    return coupled_store


@pytest.fixture
def parts(coupled_store):
    """Ids to train, validate and test."""
    ids = [recording.id for recording in coupled_store.recordings]
    return ids[:4], ids[4:5], ids[5:]
