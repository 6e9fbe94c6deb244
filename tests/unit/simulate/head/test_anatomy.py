from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.head.anatomy import (
    Grid,
    average,
    draw_anatomy,
    draw_t1w,
    make_grid,
    region_shares,
    template_voxels,
)
from eeg2fmri.simulate.head.sources import parcels
from eeg2fmri.simulate.head.template import template


def test_grid_is_centred_and_in_millimetres() -> None:
    grid = make_grid((4, 5, 7), (3.0, 4.0, 5.0), (1.0, -18.0, 8.0))
    points = grid.points().reshape(4, 5, 7, 3)
    np.testing.assert_allclose(points.reshape(-1, 3).mean(axis=0), [1, -18, 8])
    np.testing.assert_allclose(points[1, 0, 0] - points[0, 0, 0], [3, 0, 0])
    np.testing.assert_allclose(points[2, 3, 4], grid.affine[:3, :3] @ [2, 3, 4] + grid.affine[:3, 3])


def test_points_inside_a_voxel_are_spread_evenly_around_its_centre() -> None:
    offsets = np.array(Grid((2, 2, 2), np.diag([2.0, 4.0, 40.0, 1.0])).subvoxels(3.0))
    assert len(offsets) == 1 * 2 * 3
    np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=1e-12)
    assert np.abs(offsets).max() < 0.5


def test_a_head_is_a_mild_invertible_deformation_of_the_template() -> None:
    for label in ("01", "02", "03"):
        anatomy = draw_anatomy(7, label)
        points = np.random.default_rng(0).uniform(-90, 90, (200, 3))
        assert np.median(np.linalg.norm(anatomy.to_mni(points) - points, axis=1)) < 15
        step = 0.01
        columns = [(anatomy.to_mni(points + step * axis) - anatomy.to_mni(points)) / step for axis in np.eye(3)]
        volume = np.linalg.det(np.stack(columns, axis=-1))
        assert volume.min() > 0.3
        assert volume.max() < 2.5


def test_region_shares_add_up_to_the_grey_matter_of_their_regions() -> None:
    anatomy, grid, sources = draw_anatomy(7, "01"), make_grid((16, 18, 14), (11.0, 12.0, 10.0), (0, -18, 8)), parcels(9)
    voxels = template_voxels(anatomy, grid, template(), 3.0)
    shares = region_shares(voxels, template(), sources)
    grey = average(template().grey, voxels, grid.shape).ravel()
    total = np.asarray(shares.sum(axis=1)).ravel()
    assert shares.shape == (grey.size, 9)
    assert shares.data.min() > 0
    assert np.corrcoef(total, grey)[0, 1] > 0.98
    centre_of_left = shares[:, 0].toarray().ravel() @ grid.points() / shares[:, 0].sum()
    assert np.linalg.norm(anatomy.to_mni(centre_of_left[None])[0] - sources.centres[0]) < 8


def test_every_subject_has_a_head_of_its_own() -> None:
    first, second = (
        draw_t1w(draw_anatomy(7, label), template(), 8.0, np.random.default_rng(0)) for label in ("01", "02")
    )
    np.testing.assert_array_equal(first[1].affine, second[1].affine)
    assert 0.5 < np.corrcoef(first[0].ravel(), second[0].ravel())[0, 1] < 0.98
    inside = first[1].points()[first[0].ravel() > 300]
    assert 110 < np.ptp(inside[:, 0]) < 180
    assert 150 < np.ptp(inside[:, 1]) < 220
