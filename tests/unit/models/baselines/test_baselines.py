"""What holds for every baseline, and the ones that know no EEG."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.models.baselines import (
    DistributedLagLasso,
    GroupMeanOfOthers,
    HaemodynamicRidge,
    LaggedBandPowerRidge,
    MeanVolume,
    RecentredRidge,
    SubjectMean,
    all_baselines,
    standard_baselines,
)

PAIRS = PairConfig(window=7, lag=1, skip_volumes=2)


def targets_of(store, recording):
    return pair_index(store.recordings[store.index(recording)].n_volumes, store.tr, PAIRS)[1]


KINDS = (
    MeanVolume,
    SubjectMean,
    GroupMeanOfOthers,
    LaggedBandPowerRidge,
    HaemodynamicRidge,
    RecentredRidge,
    DistributedLagLasso,
)


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


def test_names_and_what_they_see_differ(with_amplitudes):
    baselines = all_baselines(with_amplitudes)
    assert tuple(map(type, baselines)) == KINDS
    assert len({baseline.name for baseline in baselines}) == len({baseline.label for baseline in baselines}) == 7
    assert {baseline.sees for baseline in baselines} == {"nothing", "own BOLD", "EEG"}


def test_a_store_without_amplitudes_has_no_whitened_ridge(coupled_store):
    assert not any(isinstance(baseline, RecentredRidge) for baseline in standard_baselines(coupled_store))


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
