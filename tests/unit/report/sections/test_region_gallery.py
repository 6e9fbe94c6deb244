from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.crossvalidate.group import over_subjects
from eeg2fmri.report.figures.brain.volumes import correlation_map
from eeg2fmri.report.sections.element_gallery import recording_pictures
from eeg2fmri.report.sections.group import group_pictures
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.scores.group import Group

LINE = (5, 1, 1)


def maps(**changes):
    r = np.array([0.1, 0.5, np.nan, -0.2, 0.3]).reshape(LINE)
    p = np.array([0.4, 0.001, np.nan, 0.9, 0.2]).reshape(LINE)
    rng = np.random.default_rng(0)
    volumes = {name: rng.standard_normal((3, *LINE)) for name in ("truth", "prediction")}
    known = {"r": r, "p_max": p, "mask": np.isfinite(r), "anatomy": np.ones(LINE), "onsets": np.arange(3.0)}
    return Examples("sub-01_task-own", np.eye(4), **(known | volumes | changes))


@pytest.mark.parametrize("which", ["all", "correlation"])
def test_regions_of_a_recording_are_points_and_no_slices(which):
    (picture,) = recording_pictures(maps(), which, regions=(11, 12, 13, 14, 25))
    assert "highest in region 12" in picture.caption
    assert "corrected for all regions" in picture.caption
    assert "1 significant" in picture.alt
    assert "slices" not in picture.alt
    (unnamed,) = recording_pictures(maps(p_max=None), which)
    assert "highest in region 2" in unnamed.caption
    assert "No test" in unnamed.caption
    assert recording_pictures(maps(), "none") == []
    assert recording_pictures(maps(r=np.full(LINE, np.nan)), which) == []


def test_regions_over_subjects_are_points_and_no_slices():
    rng = np.random.default_rng(1)
    common = np.array([True, True, False, True, True]).reshape(LINE)
    voxels = over_subjects(rng.normal([0.5, 0.0, 0.01, 0.4], 0.05, (6, 4)), rng)
    assert 0 < voxels.significant < 1
    group = Group(tuple("abcdef"), np.eye(4), common, voxels, None)
    (picture,) = group_pictures(group, "regions")
    assert "highest in region 1" in picture.caption
    assert f"{voxels.significant:.1%} of the regions significant" in picture.caption
    assert "slices" not in picture.alt


def test_a_row_of_voxels_is_drawn_without_a_contour():
    r = np.linspace(-0.4, 0.6, 5).reshape(LINE)
    correlation_map(r, np.eye(4), mask=np.ones(LINE, bool), significant=r > 0.4)
