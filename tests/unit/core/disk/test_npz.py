"""What is written is what numpy reads."""

import os
import zipfile

import numpy as np
import pytest

from eeg2fmri.core.disk.npz import read_npz, save_npz


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
    assert all(np.array_equal(found, arrays[name]) for name, found in read_npz(tmp_path / "a.npz").items())


def test_constant_arrays_are_small(tmp_path):
    save_npz(tmp_path / "a.npz", {"zeros": np.zeros(100_000)})
    assert (tmp_path / "a.npz").stat().st_size < 10_000


def test_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        save_npz(tmp_path / "a.npz", {"objects": np.array([{}], dtype=object)})


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(OSError, match="no regular file"):
        read_npz(tmp_path / "a.npz")


def header(shape):
    return (
        b"\x93NUMPY\x01\x00\x76\x00"
        + f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode()
        + b"\n"
    )


@pytest.mark.parametrize("shape", ["(10000000000,)", "(3,)", "(1,)"])
def test_an_array_of_another_size_than_its_header_says_takes_no_memory(tmp_path, shape):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("a.npy", header(shape) + bytes(16))
    with pytest.raises(ValueError, match=r"a\.npy: 16 bytes, where \d+ are said"):
        read_npz(tmp_path / "a.npz")


def test_what_would_unpack_to_far_more_is_refused(tmp_path):
    zeros = np.zeros(2**20)
    save_npz(tmp_path / "a.npz", {f"zeros {k}": zeros for k in range(16)})
    assert (tmp_path / "a.npz").stat().st_size < 2e6
    with pytest.raises(ValueError, match="would unpack to 134"):
        read_npz(tmp_path / "a.npz")
