import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, region_courses

GRID = (5, 4, 3)


@pytest.fixture
def labels():
    found = np.zeros(GRID, int)
    found[:2], found[2:4, :2], found[4, 3, 2] = 7, 2, 30
    return found


def test_mean_of_each_region(rng, labels):
    volumes = rng.random((6, *GRID))
    mask = rng.random(GRID) < 0.7
    mask[4, 3, 2] = False
    regions, courses = region_courses(volumes, labels, mask)
    assert regions.tolist() == [2, 7]
    np.testing.assert_allclose(courses[:, 1], volumes[:, mask & (labels == 7)].mean(axis=1))
    assert region_courses(volumes, labels)[0].tolist() == [2, 7, 30]


def test_regions_that_are_not_there_are_named(rng, labels):
    with pytest.raises(InputError, match="another grid"):
        region_courses(rng.random((2, 4, 4, 3)), labels)
    with pytest.raises(InputError, match="no region"):
        region_courses(rng.random((2, *GRID)), labels, labels == 0)


def test_connectivity_similarity(rng):
    mixing = rng.standard_normal((6, 6))
    first = rng.standard_normal((400, 6)) @ mixing
    second = rng.standard_normal((400, 6)) @ mixing
    assert connectivity_similarity(first, first * 3 + 1) == pytest.approx(1)
    assert connectivity_similarity(first, second) > 0.9
    assert abs(connectivity_similarity(first, rng.standard_normal((400, 6)))) < 0.7
    first[:, 2] = 1
    assert np.isnan(connectivity_similarity(first, second))
    with pytest.raises(InputError, match="at least three"):
        connectivity_similarity(first[:, :2], second[:, :2])
