"""Series with known autocorrelation; a small store and a run on it."""

import json

import numpy as np
import pytest
import scipy.signal

from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.registry import build, config_class
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def ar1():
    """Make stationary AR(1) series of unit variance along the first axis."""

    def make(rng, shape, phi):
        noise = rng.standard_normal((shape[0] + 200, *shape[1:])) * np.sqrt(1 - phi**2)
        return scipy.signal.lfilter([1], [1, -phi], noise, axis=0)[200:]

    return make


EEG_SHAPE, GRID = (5, 9, 4), (12, 11, 3)
IDS = ("sub-01_task-a", "sub-02_task-a", "sub-03_task-a", "sub-04_task-a", "sub-05_task-a", "sub-05_task-b")
SPLIT = {"train": IDS[:2], "validation": IDS[2:3], "test": IDS[3:]}


@pytest.fixture(scope="session")
def small_store(tmp_path_factory):
    """Five subjects, the last with two recordings; BOLD that the EEG knows nothing of."""
    rng = np.random.default_rng(1)
    anatomy = 900 + 100 * rng.random(GRID)
    recordings = []
    for k, name in enumerate(IDS):
        n = 40 + 3 * k
        mask = rng.random(GRID) < 0.8
        eeg = 1e-6 * np.exp(0.3 * rng.standard_normal((n, *EEG_SHAPE[:2])))
        bold = anatomy + 20 * rng.standard_normal((n, *GRID)) + 30 * rng.random(GRID)
        recordings.append(RecordingArrays(name, eeg.astype(np.float32), bold.astype(np.float32), mask=mask))
    return Store.open(
        write_store(
            tmp_path_factory.mktemp("small") / "store",
            recordings,
            electrodes=("Fz", "Cz", "Pz", "O1", "O2"),
            frequencies=np.arange(2.0, 38.0, 4.0),
            tr=2.0,
            affine=np.diag([3.0, 3.0, 4.0, 1.0]),
        )
    )


@pytest.fixture
def make_run(small_store, tmp_path):
    """Make a run of an untrained synthesiser on the small store; keyword arguments change its config."""

    def make(target="dynamics", **changes):
        blocks = {"na_spec": {"kernels": [(2, 3, 2)], "strides": [(1, 2, 1)]}, "channels": 2}
        volume_blocks = {"na_spec": {"kernels": [(3, 3, 2)], "strides": [(2, 2, 1)]}, "channels": 2}
        values = {
            "kind": "synthesizer",
            "eeg_shape": EEG_SHAPE,
            "volume_shape": GRID,
            "latent_shape": (2, 3, 2),
            "encoder": {"blocks": blocks, "attention": {}},
            "volume_encoder": {"blocks": volume_blocks},
            "projection": {"kind": "dense"},
            "style": "none",
            "seed": 3,
        }
        config = config_class("synthesizer").make(values | changes)
        folder = tmp_path / "run"
        card = ModelCard.of_store(small_store, config, PairConfig(window=EEG_SHAPE[2], target=target))
        save(folder, build(config), card, group_statistics(small_store, SPLIT["train"]))
        (folder / "split.json").write_text(json.dumps({**SPLIT, "store_hash": small_store.hash}))
        return folder

    return make


@pytest.fixture
def small_run(make_run):
    """A run without uncertainty."""
    return make_run()
