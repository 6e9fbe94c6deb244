from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.simulate.head.sources import GREY_THRESHOLD, farthest_points, parcels
from eeg2fmri.simulate.head.template import template


@pytest.mark.parametrize("n_regions", [2, 7, 40])
def test_parcels_divide_grey_matter_of_both_hemispheres(n_regions: int) -> None:
    cut = parcels(n_regions)
    labels, grey = cut.labels, template().grey
    np.testing.assert_array_equal(labels > 0, grey > GREY_THRESHOLD)
    sizes = np.bincount(labels[labels > 0], minlength=n_regions + 1)[1:]
    assert len(sizes) == n_regions
    assert sizes.max() < 4 * sizes.min()
    assert (cut.centres[: (n_regions + 1) // 2, 0] < 0).all()
    assert (cut.centres[(n_regions + 1) // 2 :, 0] > 0).all()


def test_dipoles_lie_in_the_grey_matter_of_their_region() -> None:
    cut = parcels(7)
    voxel = tuple(np.round(template().to_voxel(cut.dipoles)).astype(int).T)
    np.testing.assert_array_equal(cut.labels[voxel] - 1, cut.dipole_region)
    assert np.bincount(cut.dipole_region).min() == 20


def test_normals_point_out_of_the_white_matter() -> None:
    cut = parcels(40)
    np.testing.assert_allclose(np.linalg.norm(cut.normals, axis=1), 1)
    lateral = np.argmax(np.abs(cut.centres[:, 0]))
    assert cut.normals[lateral, 0] * cut.centres[lateral, 0] > 0


def test_arrays_kept_for_the_next_call_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        parcels(7).centres[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        template().grey[0] = 0


def test_farthest_points_are_the_corners() -> None:
    line = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [4, 0]])
    assert sorted(farthest_points(line, 3)) == [0, 2, 4]


def test_template_is_in_millimetres_of_mni_space() -> None:
    anatomy = template()
    x, y, z = np.average(anatomy.to_mni(np.argwhere(anatomy.grey > 0.5)), axis=0)
    assert abs(x) < 2
    assert -35 < y < -10
    assert -10 < z < 20
    point = np.array([[12.0, -30.5, 40.0]])
    np.testing.assert_allclose(anatomy.to_mni(anatomy.to_voxel(point)), point)
