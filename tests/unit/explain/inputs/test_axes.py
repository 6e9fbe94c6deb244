"""Axes of maps in Hz and s, and sums along them."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.inputs import axes as module
from eeg2fmri.explain.inputs.axes import Axes, per_band


@pytest.fixture
def axes():
    return Axes.of_window(("Cz", "Pz"), [2.0, 4.0, 10.0, 12.9, 13.0, 90.0], tr=2.0, window=3, lag=1)


def test_times_are_those_of_the_middle_of_each_row_before_the_volume(axes):
    # the window covers 8 to 2 s before the volume: one volume lies between its end and the target
    np.testing.assert_allclose(axes.times, [7.0, 5.0, 3.0])
    assert axes.shape == (2, 6, 3)


def test_bands_hold_their_frequencies(axes):
    bands = {name: members.nonzero()[0].tolist() for name, members in axes.bands()}
    assert bands == {"delta": [0], "theta": [1], "alpha": [2, 3], "beta": [4]}


def test_sums_along_the_axes(axes):
    relevance = np.arange(2 * 2 * 6 * 3, dtype=float).reshape(2, 2, 6, 3)
    by_band = per_band(relevance, axes)
    np.testing.assert_allclose(by_band[:, 2], relevance[:, :, 2:4].sum((1, 2, 3)))
    expected = {
        "per_electrode": (2, 3),
        "per_frequency": (1, 3),
        "per_time": (1, 2),
        "per_electrode_frequency": (3,),
        "per_electrode_time": (2,),
        "per_frequency_time": (1,),
    }
    for name, summed in expected.items():
        np.testing.assert_allclose(getattr(module, name)(relevance), relevance.sum(summed), err_msg=name)


def test_a_map_with_swapped_axes_is_refused(axes):
    with pytest.raises(InputError, match="does not fit its axes"):
        per_band(np.zeros((6, 2, 3)), axes)
