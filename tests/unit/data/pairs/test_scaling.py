from __future__ import annotations

import re

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
    scalars,
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


def test_scalars_of_two_voxels_by_hand() -> None:
    """Two voxels about 1 and 5 that deviate by 3 and 1: within (9 + 1) / 2, between 4."""
    assert scalars(np.array([1.0, 5.0]), np.array([3.0, 1.0])) == (3.0, 3.0)
    own = RecordingStatistics.of_voxels(np.array([1.0, 5.0]), np.array([3.0, 1.0]))
    assert (own.mean, own.std) == (3.0, 3.0)
    single = scalars(np.array([1e4, 1e4 + 1], np.float32), np.array([2.0, 2.0], np.float32))
    assert single == (10000.5, np.sqrt(4.25))


def test_a_constant_recording_in_words() -> None:
    for mean, std, refused in (
        (1e6, 0.9, True),
        (1e6, 1.1, False),
        (-1e6, 0.9, True),
        (np.nan, 1.0, True),
        (1.0, np.inf, True),
    ):
        voxels = np.full((2, 1, 1), mean), np.full((2, 1, 1), std)
        if not refused:
            assert RecordingStatistics.of_voxels(*voxels).std == pytest.approx(std)
            continue
        with pytest.raises(InputError) as caught:
            RecordingStatistics.of_voxels(*voxels, "sub-07")
        (problem,) = caught.value.problems
        assert (problem.what, problem.where, problem.hint) == (
            "the BOLD of the recording is constant or not finite", "sub-07",
            "check the BOLD image; leave this recording out",
        )  # fmt: skip
        if mean > 1:
            assert problem.got == "mean 1e+06, standard deviation 0.9"
    with pytest.raises(InputError, match=r"where: +sub-08"):
        RecordingStatistics.of_volumes(np.zeros((5, 2, 3, 4)), "sub-08")


def test_statistics_of_a_store_name_their_recording(store: Store) -> None:
    name = store.recordings[1].id
    own = RecordingStatistics.of_store(store, name)
    np.testing.assert_array_equal(own.voxel_mean, store.voxel_mean(1))
    np.testing.assert_array_equal(own.voxel_std, store.voxel_std(1))
    np.save(store.path / name / "voxel_mean.npy", np.full(store.grid, np.nan, np.float32))
    with pytest.raises(InputError, match="where: +" + re.escape(f"{store.path}: {name}")):
        RecordingStatistics.of_store(store, 1)


def test_volumes_of_single_precision_are_summed_in_double() -> None:
    """A million about 1e4 that differ by 1: sums of float32 would be off."""
    volumes = np.where(np.arange(300_000)[:, None, None, None] % 2, 20001, 20003).astype(np.float32)
    own = RecordingStatistics.of_volumes(volumes)
    assert (own.voxel_mean.dtype, own.voxel_std.dtype) == (np.float64, np.float64)
    assert (own.voxel_mean.item(), own.voxel_std.item()) == (20002, 1)


def test_a_voxel_that_hardly_varies_is_constant() -> None:
    mean = np.array([1e6, 1e6, -1e6, 0.0])
    own = RecordingStatistics(0.0, 1.0, mean, np.array([0.9, 2.0, 0.9, 4.0]))
    np.testing.assert_allclose(own.voxel_inverse, [0, 0.5, 0, 0.25])
    assert (
        RecordingStatistics(0.0, 1.0, mean.astype(np.float32), np.ones(4, np.float32)).voxel_inverse.dtype == np.float32
    )


@pytest.mark.parametrize("how", SCALINGS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_scaled_volumes_keep_their_type_and_go_where_they_are_asked_to(how: str, kind: type) -> None:
    volumes = (np.arange(24, dtype=kind) ** 2).reshape(2, 3, 2, 2)
    own = RecordingStatistics.of_volumes(volumes)
    config = PairConfig.make({"bold_scaling": how})
    made, out = scale_bold(volumes, config, own), np.full_like(volumes, np.nan)
    assert made.dtype == kind
    assert scale_bold(volumes, config, own, out) is out
    np.testing.assert_array_equal(out, made)
    if how != "none":
        assert made is not volumes
    assert volumes.ravel()[-1] == 529
    place = volumes.copy()
    assert scale_bold(place, config, own, place) is place
    np.testing.assert_array_equal(place, made)
    # one volume is scaled as it is among several
    np.testing.assert_allclose(scale_bold(volumes[1], config, own), made[1], rtol=1e-6)


def test_each_scaling_by_hand() -> None:
    volumes = np.array([[0.0, 4.0], [8.0, 4.0]]).reshape(2, 2, 1, 1)
    # voxels: means 4 and 4, deviations 4 and 0; recording: 4 and sqrt(8)
    own = RecordingStatistics.of_volumes(volumes)
    spread = np.sqrt(8)
    expected = {
        "recording": [[-4 / spread, 0], [4 / spread, 0]],
        "recording_range": [[0.5 - 4 / spread / 8, 0.5], [0.5 + 4 / spread / 8, 0.5]],
        "voxel": [[-1, 0], [1, 0]],
        "volume": [[-1, 1], [1, -1]],
        "volume_range": [[0, 1], [1, 0]],
        "none": [[0, 4], [8, 4]],
    }
    for how, values in expected.items():
        made = scale_bold(volumes, PairConfig.make({"bold_scaling": how}), own)
        np.testing.assert_allclose(made[..., 0, 0], values)


def test_each_scaling_is_undone_by_hand() -> None:
    ones = np.ones((2, 1, 1))
    group = GroupStatistics(10.0, 3.0, 20 * ones, 5 * ones, ones.astype(bool))
    output = np.array([0.5, -1.0]).reshape(2, 1, 1)

    def undone(how: str, **own: np.ndarray) -> list[float]:
        settings = {"target": "dynamics"} if how == "dynamics" else {"bold_scaling": how}
        return BoldScaler(PairConfig.make(settings), group).unscale(output, **own).ravel().tolist()

    mean, std = np.array([1.0, 5.0]).reshape(2, 1, 1), np.array([3.0, 1.0]).reshape(2, 1, 1)
    assert undone("none") == undone("none", own_mean=mean, own_std=std) == [0.5, -1]
    for how in ("voxel", "dynamics"):
        assert undone(how) == [22.5, 15]
        assert undone(how, own_mean=mean) == [3.5, 0]
        assert undone(how, own_std=std) == [21.5, 19]
        assert undone(how, own_mean=mean, own_std=std) == [2.5, 4]
    for how in ("recording", "volume"):
        assert undone(how) == [11.5, 7]
        # mean 3, deviation sqrt(5 + 4) of the voxels; with the group's deviation sqrt(25 + 4), with its mean sqrt(5)
        assert undone(how, own_mean=mean, own_std=std) == [4.5, 0]
        assert undone(how, own_mean=mean) == pytest.approx([3 + np.sqrt(29) / 2, 3 - np.sqrt(29)])
        assert undone(how, own_std=std) == pytest.approx([20 + np.sqrt(5) / 2, 20 - np.sqrt(5)])
    for how in ("recording_range", "volume_range"):
        # 0 is four deviations below the mean, 1 four above it
        assert undone(how) == [10, -26]
        assert undone(how, own_mean=mean, own_std=std) == [3, -33]


def test_saved_statistics_are_of_the_types_that_they_had() -> None:
    ones = np.ones((2, 1, 1), np.float32)
    group = GroupStatistics(1.0, 2.0, 3 * ones, 4 * ones, ones > 0)
    arrays = {**group.arrays(), "mask": np.array([1, 0]).reshape(2, 1, 1)}
    back = GroupStatistics.of_arrays(arrays)
    assert (type(back.mean), type(back.std), back.mask.dtype) == (float, float, bool)
    assert (back.mean, back.std, back.voxel_mean[0, 0, 0], back.voxel_std[0, 0, 0]) == (1, 2, 3, 4)
    assert back.mask.ravel().tolist() == [True, False]


def test_a_group_that_has_nothing_in_words(store: Store) -> None:
    with pytest.raises(InputError) as caught:
        group_statistics(store, [])
    (problem,) = caught.value.problems
    assert (problem.what, problem.where) == (
        "there is no training recording to take statistics from", str(store.path),
    )  # fmt: skip
    np.save(store.path / store.recordings[0].id / "mask.npy", ~store.mask(1))
    with pytest.raises(InputError) as caught:
        group_statistics(store, [0, 1])
    (problem,) = caught.value.problems
    assert (problem.what, problem.where, problem.got, problem.hint) == (
        "the brain masks of the training recordings have no voxel in common", str(store.path), "2 recordings",
        "bring the recordings to a common space, or check their masks",
    )  # fmt: skip
