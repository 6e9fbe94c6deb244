from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.simulate.write.confounds import MOTION, confounds

SHAPE, VOLUMES, TR = (5, 6, 4), 90, 2.0


@pytest.fixture
def made() -> tuple[dict[str, np.ndarray], dict, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    tissues = {name: np.zeros(SHAPE) for name in ("grey", "white", "csf")}
    tissues["grey"][:2], tissues["white"][2:4], tissues["csf"][4] = 1, 1, 1
    volumes = 1000 + rng.standard_normal((*SHAPE, VOLUMES))
    volumes[4] += 5 * np.sin(np.arange(VOLUMES))
    volumes[..., :2] += np.array([300.0, 120.0])
    motion = np.cumsum(rng.standard_normal((VOLUMES, 6)), axis=0) * [0.1, 0.1, 0.1, 0.001, 0.001, 0.001]
    columns, about = confounds(volumes, motion, tissues, TR)
    return columns, about, volumes, motion


def test_motion_has_24_columns(made) -> None:
    columns, _, _, motion = made
    names = [name for name in columns if name.startswith(MOTION)]
    assert len(names) == 24
    np.testing.assert_array_equal(columns["rot_y"], motion[:, 4])
    derivative = columns["trans_z_derivative1"]
    assert np.isnan(derivative[0])
    np.testing.assert_allclose(derivative[1:], np.diff(motion[:, 2]))
    np.testing.assert_allclose(columns["trans_z_derivative1_power2"][1:], np.diff(motion[:, 2]) ** 2)
    np.testing.assert_allclose(columns["trans_z_power2"], motion[:, 2] ** 2)


def test_framewise_displacement_counts_rotations_on_a_sphere_of_5_cm(made) -> None:
    columns, _, _, motion = made
    change = np.abs(np.diff(motion, axis=0))
    expected = change[:, :3].sum(axis=1) + 50 * change[:, 3:].sum(axis=1)
    assert np.isnan(columns["framewise_displacement"][0])
    np.testing.assert_allclose(columns["framewise_displacement"][1:], expected)


def test_signals_are_those_of_their_tissue(made) -> None:
    columns, _, volumes, _ = made
    np.testing.assert_allclose(columns["csf"], volumes[4].mean(axis=(0, 1)))
    np.testing.assert_allclose(columns["white_matter"], volumes[2:4].mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(columns["global_signal"], volumes.mean(axis=(0, 1, 2)))
    assert np.median(columns["std_dvars"][1:]) == pytest.approx(1)


def test_bright_first_volumes_are_dummies_and_drifts_end_at_128_s(made) -> None:
    columns, about, _, _ = made
    dummies = [name for name in columns if name.startswith("non_steady_state")]
    assert dummies == ["non_steady_state_outlier00", "non_steady_state_outlier01"]
    assert np.flatnonzero(columns[dummies[1]]).tolist() == [1]
    assert sum(name.startswith("cosine") for name in columns) == int(2 * VOLUMES * TR / 128)
    assert about["a_comp_cor_00"]["VarianceExplained"] > about["a_comp_cor_01"]["VarianceExplained"]
    assert abs(columns["a_comp_cor_00"] @ columns["a_comp_cor_03"]) < 1e-9
