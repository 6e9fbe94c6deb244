"""Regressors of motion, and windows without it."""

import numpy as np
import pytest

from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.controls.regressors import (
    KNOWN,
    clean_targets,
    delayed,
    displacement,
    known_columns,
    motion_columns,
)

NAMES = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


@pytest.fixture
def parameters(rng):
    return dict(zip(NAMES, rng.standard_normal((6, 60)) * 0.01, strict=True))


def test_motion_has_24_regressors_and_displacements(parameters):
    found = motion_columns(parameters, 2.0)
    friston = {name: values for name, values in found.items() if "displacement" not in name}
    assert len(friston) == 24
    np.testing.assert_array_equal(friston["rot_y_before"][1:], parameters["rot_y"][:-1])
    np.testing.assert_allclose(friston["trans_x_before_squared"], friston["trans_x_before"] ** 2)
    assert sum(name.startswith("displacement") for name in found) == 9  # 0 to 16 s


def test_displacement_is_that_of_power():
    still = {name: np.zeros(5) for name in NAMES}
    shift = still | {"trans_y": np.array([0, 0, 0.3, 0.3, 0.3]), "rot_z": np.array([0, 0, 0, 0.01, 0.01])}
    np.testing.assert_allclose(displacement(shift), [0, 0, 0.3, 0.5, 0])


def test_delays_keep_the_length_and_begin_as_the_recording_does():
    found = delayed({"x": np.arange(30.0)}, 1.0)
    assert list(found)[:3] == ["x_after_0s", "x_after_2s", "x_after_4s"]
    np.testing.assert_array_equal(found["x_after_4s"][:6], [0, 0, 0, 0, 0, 1])
    assert list(delayed({"x": np.arange(4.0)}, 2.0)) == ["x_after_0s", "x_after_2s", "x_after_4s", "x_after_6s"]


def test_windows_are_clean_where_nothing_moved_in_them(tmp_path):
    values = {name: np.zeros(40) for name in NAMES}
    values["trans_x"][20:] = 2.0  # a movement between volumes 19 and 20
    eeg, bold = np.ones((40, 1, 2)), np.random.default_rng(0).random((40, 2, 2, 2))
    store = Store.open(
        write_store(
            tmp_path / "store",
            [RecordingArrays("sub-1", eeg, bold, nuisance=values), RecordingArrays("sub-2", eeg, bold)],
            electrodes=["Cz"],
            frequencies=[1, 2],
            tr=2.0,
        )
    )
    targets = np.arange(8, 40)
    clean = clean_targets(store, "sub-1", targets, reach=5)
    assert targets[~clean].tolist() == list(range(20, 26))
    clean = clean_targets(store, "sub-1", targets, reach=5, after=3)
    assert targets[~clean].tolist() == list(range(17, 26))
    assert clean_targets(store, "sub-2", targets, reach=5) is None
    assert known_columns(store, "sub-2", KNOWN[0]) == {}
    assert len(known_columns(store, "sub-1", KNOWN[0])) == 42
