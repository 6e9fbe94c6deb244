"""The template under maps of its space: where it lies, and where it does not belong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from eeg2fmri.report.figures.brain.template import fits, template


@pytest.mark.parametrize(
    ("space", "expected"),
    [("MNI152NLin2009cAsym", True), ("MNI152NLin6Asym", True), ("native", False), ("Talairach", False), ("", False)],
)
def test_only_spaces_of_its_family_have_it(space, expected):
    assert fits(space) is expected


def test_on_another_grid_a_place_keeps_its_intensity():
    intensity, affine = template()
    ventricle, white = np.array([4, -10, 18]), np.array([-26, -30, 26])  # mm
    values = {}
    for name, mm in (("ventricle", ventricle), ("white", white)):
        voxel = np.rint(np.linalg.inv(affine) @ [*mm, 1])[:3].astype(int)
        values[name] = intensity[tuple(voxel)]
    assert values["white"] > values["ventricle"] + 0.2
    wide = np.diag([-4.0, 4.0, 4.0, 1.0])  # x runs to the left
    wide[:3, 3] = [80, -120, -70]
    between = np.linalg.inv(affine) @ wide
    other = affine_transform(intensity, between[:3, :3], between[:3, 3], (41, 50, 45), order=1)
    for name, mm in (("ventricle", ventricle), ("white", white)):
        voxel = np.rint(np.linalg.inv(wide) @ [*mm, 1])[:3].astype(int)
        assert other[tuple(voxel)] == pytest.approx(values[name], abs=0.15)
    assert other[0, 0, 0] == 0
