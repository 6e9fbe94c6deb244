"""A store of five people, with volumes large enough for a window of SSIM, and settings that train in a second."""

import numpy as np
import pytest

from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store

GRID = (12, 11, 3)


@pytest.fixture(scope="session")
def five(tmp_path_factory):
    """BOLD that the EEG knows nothing of: five people, 44 volumes each."""
    rng = np.random.default_rng(1)
    anatomy = 900 + 100 * rng.random(GRID)
    recordings = []
    for k in range(1, 6):
        eeg = 1e-6 * np.exp(0.3 * rng.standard_normal((44, 5, 30)))
        bold = anatomy + 20 * rng.standard_normal((44, *GRID)) + 30 * rng.random(GRID)
        recordings.append(RecordingArrays(f"sub-0{k}_task-a", eeg.astype(np.float32), bold.astype(np.float32)))
    return Store.open(
        write_store(
            tmp_path_factory.mktemp("five") / "store",
            recordings,
            electrodes=("Fz", "Cz", "Pz", "O1", "O2"),
            frequencies=np.arange(0.5, 15.5, 0.5),
            tr=2.0,
            affine=np.diag([3.0, 3.0, 4.0, 1.0]),
        )
    )


@pytest.fixture
def quick():
    """Settings that all models share: two epochs."""
    return {"epochs": 2, "split": {"train": 2, "validation": 1, "test": 2, "seed": 0}, "accelerator": "cpu"}
