import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.frechet import frechet_distance


def test_distance_of_shifted_clouds_is_the_shift(rng):
    cloud = rng.standard_normal((40, 2, 3))
    assert frechet_distance(cloud, cloud) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(cloud, cloud + 2) == pytest.approx(6 * 4)


def test_independent_axes_have_a_closed_form(rng):
    cloud = rng.standard_normal((500, 3))
    cloud = (cloud - cloud.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(cloud, rowvar=False))).T
    assert frechet_distance(cloud, cloud * [1, 2, 5]) == pytest.approx(0 + 1 + 16)


def test_fewer_vectors_than_dimensions_and_tensors(rng):
    first, second = rng.standard_normal((5, 20)), rng.standard_normal((7, 20)) + 1
    distance = frechet_distance(torch.from_numpy(first), torch.from_numpy(second))
    assert np.isfinite(distance)
    assert distance > 10
    assert frechet_distance(second, first) == pytest.approx(distance)


@pytest.mark.parametrize("second", [np.ones((4, 2)), np.ones((1, 3)), np.full((4, 3), np.nan)])
def test_what_cannot_be_compared(second):
    with pytest.raises(InputError, match="cannot be compared"):
        frechet_distance(np.ones((4, 3)), second)
