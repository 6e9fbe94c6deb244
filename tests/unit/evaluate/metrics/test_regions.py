import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, region_courses, similarity_over

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


def test_what_two_connectivities_have_beyond_a_template(rng):
    template_mixing, own = rng.standard_normal((2, 20, 20))
    noise = rng.standard_normal((3, 4000, 20))
    template = np.corrcoef(noise[2] @ template_mixing, rowvar=False)
    alike = [each @ (template_mixing + 0.6 * own) for each in noise[:2]]
    # all of the similarity of these two is the template's
    others = [each @ (template_mixing + 0.6 * rng.standard_normal((20, 20))) for each in noise[:2]]
    assert connectivity_similarity(*others) > 0.4
    assert abs(similarity_over(*others, template)) < 0.3
    assert similarity_over(*alike, template) > 0.9
    upper = np.triu_indices(20, 1)
    design = np.column_stack([np.ones(190), template[upper]])
    left = [
        y - design @ np.linalg.solve(design.T @ design, design.T @ y)
        for y in (np.corrcoef(each, rowvar=False)[upper] for each in alike)
    ]
    assert similarity_over(*alike, template) == pytest.approx(np.corrcoef(*left)[0, 1])
    assert np.isnan(similarity_over(alike[0], np.ones_like(alike[1]), template))
