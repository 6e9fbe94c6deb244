"""Amplitudes in the frame of a group: what recordings have in common goes, what subjects differ in stays."""

import numpy as np
import pytest

from eeg2fmri.classify.methods.frame import GroupFrame
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.recentring import recentred_amplitude


@pytest.fixture
def rows(make_data):
    data = make_data(n_subjects=6, windows=5, own=0.5)
    return data.features["rows"], data.subjects


def test_a_subject_like_its_group_gets_the_windows_that_the_synthesiser_was_fitted_to(rows):
    """Two subjects with the same recording: the frame of the group is the recording's own."""
    covariances = rows[0][:5]
    frame = GroupFrame.of(np.concatenate([covariances, covariances]), np.repeat(["a", "b"], 5))
    made = frame.windows(covariances)
    assert made.shape == (5, 5, 3, 4)
    own = recentred_amplitude(covariances.reshape(-1, *covariances.shape[2:]))
    np.testing.assert_allclose(made, np.moveaxis(own.reshape(5, 4, 5, 3), 1, -1), atol=1e-4)


def test_what_a_subject_has_more_of_stays_and_is_gone_from_its_own_recentring(rows):
    covariances, subjects = rows
    louder = covariances[subjects == "s00"].copy()
    louder[:, :, 1] *= 4.0  # twice the amplitude in the second band
    before, after = (GroupFrame.of(covariances, subjects).windows(c) for c in (covariances[subjects == "s00"], louder))
    assert (after[:, :, 1].mean((0, 2)) > before[:, :, 1].mean((0, 2)) + 1).all()
    np.testing.assert_array_equal(after[:, :, 0], before[:, :, 0])
    own = recentred_amplitude(louder.reshape(-1, *louder.shape[2:]))
    np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-5)


def test_what_all_recordings_have_in_common_goes(rows):
    """Another amplifier and another reference for the whole data set."""
    covariances, subjects = rows
    one = GroupFrame.of(covariances, subjects).windows(covariances)
    other = 100.0 * covariances.astype(np.float64)
    np.testing.assert_allclose(GroupFrame.of(other, subjects).windows(other), one, atol=1e-4)
    reference = np.eye(5) - np.outer(np.ones(5), [0, 0, 1, 0, 0])
    moved = reference @ covariances.astype(np.float64) @ reference.T
    np.testing.assert_allclose(GroupFrame.of(moved, subjects).windows(moved), one, atol=1e-3)


def test_subjects_weigh_the_same_however_much_was_recorded(rows):
    covariances, subjects = rows
    kept = GroupFrame.of(covariances, subjects).recentring
    again = np.concatenate([covariances, covariances[subjects == "s00"]])
    more = GroupFrame.of(again, np.concatenate([subjects, subjects[subjects == "s00"]])).recentring
    np.testing.assert_allclose(more.whitener, kept.whitener, rtol=1e-6)
    np.testing.assert_allclose(more.mean, kept.mean, rtol=1e-5)
    np.testing.assert_allclose(more.std, kept.std, rtol=1e-5)


def test_one_subject_is_no_group(rows):
    with pytest.raises(InputError):
        GroupFrame.of(rows[0][:5], rows[1][:5])
