"""What is written is what numpy reads."""

import numpy as np
import pytest

from eeg2fmri.core.disk.npz import save_npz


def test_arrays_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "floats": rng.standard_normal((3, 4, 2)).astype(np.float32),
        "turned": np.asfortranarray(rng.random((3, 5))),
        "mask": rng.random((4, 3)) > 0.5,
        "text": "sub-01",
        "names": np.array(["brain mean", "voxel"]),
        "none": np.zeros((0, 3)),
        "number": 2.5,
    }
    save_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert read.files == list(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == np.asarray(array).dtype
            assert np.array_equal(read[name], array)


def test_constant_arrays_are_small(tmp_path):
    save_npz(tmp_path / "a.npz", {"zeros": np.zeros(100_000)})
    assert (tmp_path / "a.npz").stat().st_size < 10_000


def test_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        save_npz(tmp_path / "a.npz", {"objects": np.array([{}], dtype=object)})
