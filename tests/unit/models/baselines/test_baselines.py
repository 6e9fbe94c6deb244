"""What holds for every baseline, and the ones that know no EEG."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.models.baselines import all_baselines, kinds, standard_baselines
from eeg2fmri.models.baselines.kinds.constant import MeanVolume, SubjectMean
from eeg2fmri.models.baselines.kinds.time_locked import GroupMeanOfOthers

PAIRS = PairConfig(window=7, lag=1, skip_volumes=2)


def targets_of(store, recording):
    return pair_index(store.recordings[store.index(recording)].n_volumes, store.tr, PAIRS)[1]


KINDS = tuple(type(baseline) for baseline in all_baselines())
#: Those that learn from the EEG; slow ones are fitted in two tests alone.
LEARNT = tuple(kind for kind in KINDS if kind.sees == "EEG")


@pytest.mark.parametrize("kind", KINDS)
def test_volumes_of_every_pair_in_bold_units(with_amplitudes, coupled_store, parts, kind):
    baseline = kind()
    training, validation, test = parts
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert baseline.fit(coupled_store, training, PAIRS, validation) is baseline
    first, again = (baseline.predict(coupled_store, test[1]) for _ in range(2))
    assert first.shape == (len(targets_of(coupled_store, test[1])), *coupled_store.grid)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    mean = group_statistics(coupled_store, training).voxel_mean
    if baseline.sees != "own BOLD":
        np.testing.assert_allclose(first.mean(axis=0), mean, atol=10)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_names_and_what_they_see_differ():
    baselines = all_baselines()
    assert len({one.name for one in baselines}) == len({one.label for one in baselines}) == len(baselines) >= 11
    assert [one.sees for one in baselines[:4]] == ["nothing", "nothing", "own BOLD", "EEG"]
    standard = {one.name for one in standard_baselines()}
    slow = {one.name for one in baselines if getattr(one, "slow", False)}
    assert standard | slow == {one.name for one in baselines}
    assert standard & slow == set()


def test_a_file_that_is_added_stands_in_every_table(tmp_path, monkeypatch):
    code = """
from eeg2fmri.models.baselines.kinds.constant import MeanVolume
class Another(MeanVolume):
    name, label = "another", "another mean"
BASELINES = (Another,)
"""
    (tmp_path / "another_mean_of_tests.py").write_text(code)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    assert "another" in {one.name for one in all_baselines()}


def temporal_r(truth, prediction):
    y, p = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
    return (y * p).sum(axis=0) / np.sqrt((y**2).sum(axis=0) * (p**2).sum(axis=0) + 1e-12)


@pytest.mark.parametrize("kind", LEARNT)
def test_what_the_eeg_drives_is_predicted_on_unseen_subjects(with_amplitudes, coupled_store, parts, kind):
    training, validation, test = parts
    pairs = PairConfig(window=8, skip_volumes=2)
    baseline = kind().fit(coupled_store, training, pairs, validation)
    assert baseline.unseen_r > 0.1
    assert baseline.gain > 0
    for name in test:
        predicted = baseline.predict(coupled_store, name)
        truth = coupled_store.bold(name)[-len(predicted) :]
        r = temporal_r(truth.astype(float), predicted.astype(float))
        assert r[:2, :4].mean() > 0.35
        assert abs(r[2:, :4].mean()) < 0.15


@pytest.mark.parametrize("kind", [kind for kind in LEARNT if not getattr(kind, "slow", False)])
def test_validation_recordings_are_fitted_to_and_test_recordings_are_not(with_amplitudes, coupled_store, parts, kind):
    training, validation, test = parts
    predicted = [
        kind().fit(coupled_store, training, PAIRS, chosen).predict(coupled_store, test[0])
        for chosen in (validation, validation, test[1:])
    ]
    np.testing.assert_array_equal(predicted[0], predicted[1])
    assert np.abs(predicted[0] - predicted[2]).max() > 0


@pytest.mark.parametrize("kind", LEARNT)
def test_one_recording_alone_cannot_be_left_out(with_amplitudes, coupled_store, parts, kind):
    with pytest.raises(InputError, match="no recording to leave out"):
        kind().fit(coupled_store, parts[0][:1], PAIRS)


def test_a_store_without_amplitudes_has_no_whitened_ridge_and_says_why(coupled_store, parts):
    whitened = next(one for one in all_baselines() if one.name == "recentred_ridge")
    with pytest.raises(StoreError, match="no band amplitudes"):
        whitened.fit(coupled_store, parts[0], PAIRS, parts[1])


def test_mean_volume_knows_training_recordings_alone(coupled_store, parts):
    training, _, test = parts
    predicted = MeanVolume().fit(coupled_store, training, PAIRS).predict(coupled_store, test[0])
    expected = np.mean([coupled_store.voxel_mean(name) for name in training], axis=0)
    np.testing.assert_allclose(predicted[[0, -1]], np.stack([expected, expected]), rtol=1e-6)
    assert predicted.strides[0] == 0


def test_subject_mean_is_the_recordings_own(coupled_store, parts):
    training, _, test = parts
    predicted = SubjectMean().fit(coupled_store, training, PAIRS).predict(coupled_store, test[0])
    np.testing.assert_array_equal(predicted[3], coupled_store.voxel_mean(test[0]))


def test_group_mean_averages_the_same_volume_of_others(coupled_store, parts):
    training, _, test = parts
    predicted = GroupMeanOfOthers().fit(coupled_store, training, PAIRS).predict(coupled_store, test[0])
    targets, group = targets_of(coupled_store, test[0]), group_statistics(coupled_store, training)
    lengths = [coupled_store.recordings[coupled_store.index(name)].n_volumes for name in training]
    # a volume that only the longest training recordings have, and one beyond all of them
    for volume in (targets[0], 93, max(lengths)):
        others = [
            (coupled_store.bold(name)[volume] - coupled_store.voxel_mean(name)) / coupled_store.voxel_std(name)
            for name, length in zip(training, lengths, strict=True)
            if length > volume
        ]
        course = np.mean(others, axis=0) if others else np.zeros(coupled_store.grid)
        expected = course * group.voxel_std + group.voxel_mean
        np.testing.assert_allclose(predicted[volume - targets[0]], expected, rtol=1e-5)
    assert targets[-1] > max(lengths)


def test_group_mean_needs_recordings(coupled_store):
    with pytest.raises(InputError, match="no training recording"):
        GroupMeanOfOthers().fit(coupled_store, [], PAIRS)


@pytest.mark.parametrize("kind", [kind for kind in LEARNT if not getattr(kind, "slow", False)])
def test_a_window_in_seconds_is_one_in_rows(with_amplitudes, coupled_store, parts, kind):
    training, validation, test = parts
    rows, seconds = (
        kind().fit(coupled_store, training, pairs, validation).predict(coupled_store, test[0])
        for pairs in (PairConfig(window=8), PairConfig(window_s=16.0))
    )
    np.testing.assert_array_equal(rows, seconds)
