from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.scaling import (
    BoldScaler,
    GroupStatistics,
    RecordingStatistics,
    group_statistics,
    scale_bold,
)
from eeg2fmri.data.pairs.windows import PairConfig, zscore_electrodes
from eeg2fmri.data.store.store import Store

SCALINGS = ["recording", "volume", "voxel", "none", "recording_range", "volume_range"]


@pytest.fixture
def volumes() -> np.ndarray:
    rng = generator(0, "volumes")
    return (500 + 300 * rng.random((3, 4, 5)) + 5 * rng.standard_normal((11, 3, 4, 5))).astype(np.float32)


def test_z_score_is_that_of_scipy() -> None:
    spectrogram = generator(0, "z").random((6, 7, 5))
    np.testing.assert_allclose(zscore_electrodes(spectrogram), stats.zscore(spectrogram, axis=1), rtol=1e-12)


def test_equal_electrodes_give_zero() -> None:
    spectrogram = np.full((2, 5, 3), 0.1, np.float32)
    spectrogram[..., 1] = np.arange(5) * 1e-6
    scaled = zscore_electrodes(spectrogram)
    assert scaled.dtype == np.float32
    assert (scaled[..., [0, 2]] == 0).all()
    np.testing.assert_allclose(scaled[..., 1].std(axis=1), 1, rtol=1e-5)


def test_scalars_follow_from_voxels(volumes: np.ndarray) -> None:
    statistics = RecordingStatistics.of_volumes(volumes)
    assert statistics.mean == pytest.approx(volumes.mean(dtype=float), rel=1e-12)
    assert statistics.std == pytest.approx(volumes.std(dtype=float), rel=1e-9)


def test_scaled_volumes_have_mean_0_and_deviation_1(volumes: np.ndarray) -> None:
    statistics = RecordingStatistics.of_volumes(volumes)
    for how, axis in (("recording", None), ("volume", (1, 2, 3)), ("voxel", 0)):
        scaled = scale_bold(volumes, PairConfig.make({"bold_scaling": how}), statistics)
        assert scaled.dtype == np.float32
        np.testing.assert_allclose(scaled.mean(axis, dtype=float), 0, atol=1e-5)
        np.testing.assert_allclose(scaled.std(axis, dtype=float), 1, atol=1e-5)
    assert scale_bold(volumes, PairConfig(bold_scaling="none"), statistics) is volumes


@pytest.mark.parametrize("how", SCALINGS)
def test_dynamics_are_in_units_of_the_voxel_whatever_the_scaling(how: str, volumes: np.ndarray) -> None:
    config = PairConfig.make({"target": "dynamics", "bold_scaling": how})
    scaled = scale_bold(volumes, config, RecordingStatistics.of_volumes(volumes))
    np.testing.assert_allclose(scaled, (volumes - volumes.mean(0)) / volumes.std(0), atol=1e-3)


def test_constant_voxels_and_volumes_give_zero(volumes: np.ndarray) -> None:
    volumes[:, 1, 2, 3] = 777.7
    scaled = scale_bold(volumes, PairConfig(target="dynamics"), RecordingStatistics.of_volumes(volumes))
    assert (scaled[:, 1, 2, 3] == 0).all()
    assert np.abs(scaled).max() < 10
    flat = scale_bold(
        np.full((3, 4, 5), 7.0), PairConfig(bold_scaling="volume"), RecordingStatistics.of_volumes(volumes)
    )
    assert (flat == 0).all()


def test_targets_between_0_and_1(volumes: np.ndarray) -> None:
    own = RecordingStatistics.of_volumes(volumes)
    ranged = scale_bold(volumes, PairConfig(bold_scaling="recording_range"), own)
    np.testing.assert_allclose(ranged, 0.5 + (volumes - volumes.mean()) / volumes.std() / 8, atol=1e-5)
    each = scale_bold(volumes, PairConfig(bold_scaling="volume_range"), own)
    np.testing.assert_allclose(each.min(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(each.max(axis=(1, 2, 3)), 1, atol=1e-6)
    assert (scale_bold(np.full((3, 4, 5), 7.0), PairConfig(bold_scaling="volume_range"), own) == 0).all()


@pytest.mark.parametrize("value", [3.0, np.nan])
def test_a_constant_or_broken_recording_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="constant or not finite"):
        RecordingStatistics.of_volumes(np.full((5, 2, 3, 4), value))


@pytest.mark.parametrize("how", ["recording", "voxel", "none", "recording_range"])
def test_unscaling_with_the_recordings_own_statistics_gives_the_volumes_back(how: str, volumes: np.ndarray) -> None:
    config = PairConfig.make({"bold_scaling": how})
    own = RecordingStatistics.of_volumes(volumes)
    other = GroupStatistics(1.0, 2.0, np.ones((3, 4, 5)), np.ones((3, 4, 5)), np.ones((3, 4, 5), bool))
    scaler = BoldScaler(config, other)
    back = scaler.unscale(scaler.scale(volumes, own), own_mean=own.voxel_mean, own_std=own.voxel_std)
    np.testing.assert_allclose(back, volumes, rtol=1e-5)


def test_unscaling_uses_the_group_where_nothing_is_known_of_the_subject() -> None:
    rng = generator(0, "group")
    mean, std = rng.random((2, 3, 4)), 1 + rng.random((2, 3, 4))
    group = GroupStatistics(10.0, 3.0, mean, std, np.ones((2, 3, 4), bool))
    output = rng.standard_normal((5, 2, 3, 4))
    np.testing.assert_allclose(BoldScaler(PairConfig(target="dynamics"), group).unscale(output), output * std + mean)
    np.testing.assert_allclose(BoldScaler(PairConfig(), group).unscale(output), output * 3 + 10)
    own = rng.random((2, 3, 4))
    dynamics = BoldScaler(PairConfig(target="dynamics"), group).unscale(output, own_mean=own)
    np.testing.assert_allclose(dynamics, output * std + own)


def test_group_statistics_weigh_recordings_equally_and_ignore_the_others(store: Store) -> None:
    group = group_statistics(store, [0, 2])
    each = [RecordingStatistics.of_store(store, position) for position in (0, 2)]
    np.testing.assert_allclose(group.voxel_mean, (each[0].voxel_mean + each[1].voxel_mean) / 2, rtol=1e-6)
    np.testing.assert_allclose(
        group.voxel_std, np.sqrt((each[0].voxel_std ** 2 + each[1].voxel_std ** 2) / 2), rtol=1e-6
    )
    assert group.mean == pytest.approx((each[0].mean + each[1].mean) / 2)
    assert group.std == pytest.approx(np.sqrt((each[0].std ** 2 + each[1].std ** 2) / 2))
    np.testing.assert_array_equal(group.mask, store.mask(0) & store.mask(2))
    names = [store.recordings[0].id, store.recordings[2].id]
    np.testing.assert_array_equal(group_statistics(store, names).voxel_mean, group.voxel_mean)


def test_group_statistics_survive_saving(store: Store) -> None:
    group = group_statistics(store, [0, 1])
    back = GroupStatistics.of_arrays(group.arrays())
    assert (back.mean, back.std) == (group.mean, group.std)
    assert {name: str(one.dtype) for name, one in group.arrays().items()} == {
        "mean": "float64", "std": "float64", "voxel_mean": "float32", "voxel_std": "float32", "mask": "bool",
    }  # fmt: skip
    for name in ("voxel_mean", "voxel_std", "mask"):
        np.testing.assert_array_equal(getattr(back, name), getattr(group, name))


def test_no_recordings_or_no_common_brain_are_errors(store: Store) -> None:
    with pytest.raises(InputError, match="no training recording"):
        group_statistics(store, [])
    mask = store.path / store.recordings[0].id / "mask.npy"
    np.save(mask, ~store.mask(1))
    with pytest.raises(InputError, match="no voxel in common"):
        group_statistics(store, [0, 1])
