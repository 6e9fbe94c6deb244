"""Courses of a test recording and their intervals: known quantiles, voxels that are where they are said to be."""

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.progress import silent
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.inputs.methods import predict_with_model
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.recordings.courses import _chosen, add_intervals, half_width, write_courses
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.results.courses import COURSES


def test_half_width_is_the_conformal_quantile(rng):
    errors = rng.permutation(np.arange(1.0, 100)) * rng.choice([-1, 1], 99)
    assert half_width(errors, 0.95) == 95
    assert half_width(errors, 0.5) == 50
    assert np.isnan(half_width(np.arange(18.0)))
    assert half_width(np.arange(19.0)) == 18


def test_intervals_of_new_errors_hold_what_they_claim(rng):
    held = [abs(rng.standard_normal()) <= half_width(rng.standard_normal(60), 0.8) for _ in range(1000)]
    assert np.mean(held) == pytest.approx(0.8, abs=0.04)


def test_regions_of_every_kind_are_chosen_once():
    assert _chosen(np.array([0.1, 0.5, 0.3])) == [("highest r", 1), ("median r", 2), ("lowest r", 0)]
    assert _chosen(np.array([0.1])) == [("highest r", 0)]


def test_courses_are_means_of_their_voxels_and_intervals_come_from_the_validation_recordings(
    small_run, small_store, tmp_path
):
    run = open_run(small_run, small_store.path)
    (name, *_), (other, *more) = run.split.test, run.split.validation
    assert not more
    recording = Recording.of([run], name)
    prediction = recording.cut(predict_with_model(run, name, "cpu", silent))
    r = temporal_r(recording.truth, prediction, recording.mask)
    labels = np.zeros(run.store.grid, np.int16)
    labels[:8], labels[8:] = 3, 5
    affine = run.store.recordings[run.store.index(name)].affine
    nibabel.Nifti1Image(labels, affine).to_filename(tmp_path / "atlas.nii.gz")
    write_courses(tmp_path, run, recording, prediction, r, Atlas.open(tmp_path / "atlas.nii.gz"))
    add_intervals(run, tmp_path, [name], "cpu")
    with np.load(tmp_path / f"{name}{COURSES}", allow_pickle=False) as arrays:
        found = dict(arrays)
    assert [str(each).split(" at ")[0] for each in found["names"][:3]] == [
        "brain mean",
        "voxel of highest r",
        "voxel of median r",
    ]
    assert list(found["region_labels"]) == [3, 5]
    truth = np.asarray(recording.truth)
    for inside, course, guess in zip(found["inside"], found["truth"], found["prediction"], strict=True):
        np.testing.assert_allclose(course, truth[:, inside].mean(1), rtol=1e-5)
        np.testing.assert_allclose(guess, prediction[:, inside].mean(1), rtol=1e-5)
    np.testing.assert_allclose(found["region_truth"][:, 1], truth[:, (labels == 5) & recording.mask].mean(1), rtol=1e-5)
    # the brain mean's interval, from the one validation recording
    held = Recording.of([run], other)
    shared = recording.mask & held.mask
    series = (held.truth, held.cut(predict_with_model(run, other, "cpu", silent)))
    measured, given = (np.asarray(each)[:, shared].mean(1, dtype=float) for each in series)
    errors = (given - given.mean()) - (measured - measured.mean())
    half = (found["upper"] - found["lower"])[0] / 2
    np.testing.assert_allclose(half, half_width(errors), rtol=1e-4)
    known = np.isfinite(found["upper"]).all(1)
    # a course without a voxel in the other recording's brain has no interval
    np.testing.assert_array_equal(known, [bool((inside & held.mask).any()) for inside in found["inside"]])
    middle = (found["upper"] + found["lower"]) / 2
    np.testing.assert_allclose(middle[known], found["prediction"][known], rtol=1e-6)
