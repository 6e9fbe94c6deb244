"""Maps and regions over subjects: worked out by hand, written and read, and shown on the page of the folds."""

import base64
import gzip
from types import SimpleNamespace

import nibabel
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from eeg2fmri.crossvalidate.group import group_of, over_subjects
from eeg2fmri.report.figures.brain.template import LABEL, refined, template, under
from eeg2fmri.report.html.viewer import group_data
from eeg2fmri.report.sections.group import group_pictures, group_tables
from eeg2fmri.results.files import ResultError
from eeg2fmri.results.images import write_map
from eeg2fmri.results.scores.evaluation import FOLDER
from eeg2fmri.results.scores.group import GROUP, Group

GRID = (5, 6, 4)
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
STORE = SimpleNamespace(space="MNI152NLin2009cAsym")
#: The first subject has two recordings, in different folds.
SUBJECT_OF = {
    "sub-01_run-1": "01",
    "sub-01_run-2": "01",
    "sub-02": "02",
    "sub-03": "03",
    "sub-04": "04",
    "sub-05": "05",
}
INSIDE = (2, 3, 1)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def maps(rng):
    found = {name: 0.02 * rng.standard_normal(GRID) for name in SUBJECT_OF}
    for one in found.values():
        one[INSIDE] += 0.4
        one[0] = np.nan
    found["sub-03"][1, 0, 0] = np.nan  # a voxel that one subject lacks
    return found


@pytest.fixture
def folders(maps, tmp_path):
    made = {}
    for number, (name, values) in enumerate(maps.items(), 1):
        made[name] = tmp_path / f"fold-{number:02d}"
        (made[name] / FOLDER).mkdir(parents=True)
        write_map(made[name] / FOLDER / f"{name}_desc-temporalr_map.nii.gz", values, AFFINE, undefined=np.nan)
    return made


def regions(shift=0.0):
    """Scores of two regions that all recordings have, and of one that the last lacks."""
    found = {}
    for number, name in enumerate(SUBJECT_OF):
        r = {"Cuneus L": 0.3 + 0.01 * number + shift, "Insula R": 0.02 * (-1) ** number, "Pole": 0.1}
        if name == "sub-05":
            r["Pole"] = None
        found[name] = {"regions": {label: {"r": value} for label, value in r.items()}}
    return found


def test_maps_are_means_and_t_over_subjects_and_p_is_of_the_largest_mean(maps, folders, rng):
    group = group_of(STORE, folders, SUBJECT_OF, {}, rng)
    assert group.subjects == ("01", "02", "03", "04", "05")
    own = [(maps["sub-01_run-1"] + maps["sub-01_run-2"]) / 2, *(maps[f"sub-0{k}"] for k in range(2, 6))]
    subjects = np.stack(own)
    assert not group.common[0].any()
    assert not group.common[1, 0, 0]
    t = scipy.stats.ttest_1samp(subjects[:, group.common], 0)
    np.testing.assert_allclose(group.voxels.mean, subjects[:, group.common].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(group.voxels.t, t.statistic, rtol=1e-3)
    p = group.volume(group.voxels.p)
    assert p[INSIDE] == pytest.approx(1 / 32)  # of 32 patterns of signs, only the right one reaches it
    assert np.nanmin(np.where(np.arange(p.size).reshape(p.shape) == np.ravel_multi_index(INSIDE, GRID), 1, p)) > 0.05
    assert group.peak_mm == (8.0, 12.0, 4.0)
    assert group.regions is None


def test_regions_that_every_recording_has_stand_in_the_order_of_their_mean(folders, rng):
    group = group_of(STORE, folders, SUBJECT_OF, regions(), rng)
    assert group.regions.names == ("Cuneus L", "Insula R")
    assert group.regions.of_subjects.shape == (5, 2)
    assert group.regions.of_subjects[0, 0] == pytest.approx(0.305)  # of the two recordings of the first subject
    assert group.regions.scores.mean[0] == pytest.approx(np.mean([0.305, 0.32, 0.33, 0.34, 0.35]))


def test_nothing_is_averaged_where_voxels_do_not_correspond(folders, rng):
    assert group_of(SimpleNamespace(space="native"), folders, SUBJECT_OF, {}, rng) is None
    assert group_of(STORE, folders, {"sub-02": "02"}, {}, rng) is None


def test_no_effect_is_significant_as_often_as_the_level_says(rng):
    found = [over_subjects(rng.standard_normal((6, 40)), rng).p.min() <= 0.05 for _ in range(200)]
    assert 0.01 <= np.mean(found) <= 0.09


def test_the_viewer_shows_mean_and_t_over_the_template_or_the_voxels_of_all(folders, rng):
    group = group_of(STORE, folders, SUBJECT_OF, {}, rng)
    (shown,) = group_data(group, STORE.space)["subjects"]
    for layer, values in zip(shown["layers"], (group.voxels.mean, group.voxels.t), strict=True):
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress(base64.b64decode(layer["nifti"])))
        np.testing.assert_allclose(image.affine, group.affine)
        np.testing.assert_allclose(image.get_fdata()[group.common], values, atol=0.006)
        assert not image.get_fdata()[~group.common].any()
    assert shown["start"] == [8.0, 12.0, 4.0]
    assert shown["anatomy"]["label"] == LABEL
    (other,) = group_data(group, "MNIInfant")["subjects"]
    assert "label" not in other["anatomy"]


def test_the_template_lies_where_it_is_in_the_head_and_maps_keep_their_voxels(rng):
    head, own = template()
    at = np.array([60, 80, 50])
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (own @ [*at, 1])[:3] - 4  # voxel (1, 1, 1) stands at that place
    volume = rng.standard_normal((3, 3, 3))
    fine, smaller = refined(volume, affine)
    assert fine.shape == (6, 6, 6)
    for voxel in np.ndindex(fine.shape):
        mm = smaller @ [*voxel, 1]
        assert fine[voxel] == volume[tuple(np.round(np.linalg.solve(affine, mm)[:3]).astype(int))]
    assert under((3, 3, 3), affine)[1, 1, 1] == pytest.approx(head[tuple(at)])


def test_what_is_written_is_read_and_shown_with_links(folders, rng, tmp_path):
    group = group_of(STORE, folders, SUBJECT_OF, regions(), rng)
    facts = group.write(tmp_path)
    again = Group.read(tmp_path, facts)
    np.testing.assert_allclose(again.voxels.mean, group.voxels.mean, atol=1e-6)
    np.testing.assert_array_equal(again.common, group.common)
    np.testing.assert_allclose(again.regions.of_subjects, group.regions.of_subjects)
    table = pd.read_csv(tmp_path / "group_regions.tsv", sep="\t")
    assert list(table["region"]) == ["Cuneus L", "Insula R"]
    assert table["r_sub-01"][0] == pytest.approx(0.305)
    first, second = group_pictures(again, STORE.space)
    assert LABEL in first.caption
    assert LABEL in second.caption
    assert LABEL not in group_pictures(again, "MNIInfant")[0].caption
    assert "mean over 5 subjects" in first.caption
    assert "at 8, 12, 4 mm" in first.caption
    assert second.caption.startswith("t value over 5 subjects")
    numbers = iter(range(1, 6))
    each = [{"fold": next(numbers), "subjects": [subject]} for subject in group.subjects]
    (tmp_path / "fold-02" / "report.html").write_text("a page")
    evaluation = SimpleNamespace(
        facts={"each_fold": each, "runs": {f"fold {k}": str(tmp_path / f"fold-0{k}") for k in range(1, 5)}},
        subjects=group.subjects,
        headline=SimpleNamespace(name="responsive_r", title="r"),
        model=SimpleNamespace(name="model"),
        score=lambda *_: 0.3,
        p_value=lambda *_: 0.01,
    )
    people, named = group_tables(evaluation, again, tmp_path)
    places = ("./fold-01", "./fold-02/report.html", "./fold-03", "./fold-04")
    assert people.links == {f"sub-0{k}": place for k, place in enumerate(places, 1)}
    assert people.rows[0][-1].startswith("Cuneus L (0.30")
    assert named.rows[0][0] == "Cuneus L"
    assert named.strong == (0,)


def test_a_map_that_is_gone_or_damaged_is_named(folders, rng, tmp_path):
    facts = group_of(STORE, folders, SUBJECT_OF, {}, rng).write(tmp_path)
    assert Group.read(tmp_path, {}) is None
    (tmp_path / "group_desc-t_map.nii.gz").write_bytes(b"no image")
    with pytest.raises(ResultError, match="maps over subjects"):
        Group.read(tmp_path, facts)
    assert facts[GROUP]["subjects"] == ["01", "02", "03", "04", "05"]
