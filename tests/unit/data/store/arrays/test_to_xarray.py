"""A recording as an xarray data set: names, units and the same numbers; a clear word where xarray is missing."""

import sys

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.store.store import Store


def test_axes_have_names_and_numbers_are_those_of_the_store(small_store):
    pytest.importorskip("xarray")
    store = Store.open(small_store)
    made = store.to_xarray("sub-02_task-rest")
    assert dict(made.sizes) == {"volume": 30, "channel": 12, "frequency": 36, "x": 9, "y": 11, "z": 8}
    np.testing.assert_array_equal(made["bold"].values, store.bold("sub-02_task-rest"))
    one = made["eeg"].sel(channel=store.electrodes[3]).isel(volume=5)
    np.testing.assert_array_equal(one.values, store.eeg("sub-02_task-rest")[5, 3])
    np.testing.assert_array_equal(made["onset"].values, store.recordings[1].onsets)
    assert made["frequency"].attrs["units"] == "Hz"
    assert made.attrs["subject"] == "02"
    np.testing.assert_array_equal(made.attrs["affine"], store.affine)


def test_a_missing_package_is_named(small_store, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(InputError, match=r"eeg2fmri\[xarray\]"):
        Store.open(small_store).to_xarray(0)
