from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.simulate import small_config
from eeg2fmri.simulate.recording.clock import make_clock, slice_times


def test_slices_are_acquired_in_the_named_order() -> None:
    grid = (8, 9, 5)
    ascending = slice_times(small_config(grid=grid, tr=2.0, slice_order="ascending"))
    np.testing.assert_allclose(ascending, [0, 0.4, 0.8, 1.2, 1.6])
    np.testing.assert_allclose(slice_times(small_config(grid=grid, slice_order="descending")), ascending[::-1])
    np.testing.assert_allclose(slice_times(small_config(grid=grid)), [0, 1.2, 0.4, 1.6, 0.8])


def test_multiband_acquires_slices_at_the_same_time() -> None:
    times = slice_times(small_config(grid=(8, 9, 6), tr=1.5, multiband=2))
    np.testing.assert_allclose(times, [0, 1.0, 0.5, 0, 1.0, 0.5])


@pytest.mark.parametrize(("sfreq", "tr"), [(250.0, 2.16), (1000.0, 1.28), (512.0, 1.2837)])
def test_markers_are_the_samples_nearest_to_the_onsets(sfreq: float, tr: float) -> None:
    clock = make_clock(small_config(sfreq=sfreq, tr=tr, volumes=25, lead_in=3.21, tail=2.0))
    times = clock.samples()
    np.testing.assert_allclose(times[clock.marker_samples()], clock.volumes, atol=0.5001 / sfreq)
    assert times[0] <= -3.2
    assert times[-1] + 1 / sfreq >= 25 * tr + 2.0 - 1e-6
    assert clock.envelopes[0] <= -32
    assert clock.envelopes[-1] >= times[-1]
