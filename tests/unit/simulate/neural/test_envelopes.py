from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.head.sources import parcels
from eeg2fmri.simulate.neural.envelopes import (
    DEPTH,
    RATE,
    autocorrelation,
    envelope_power,
    make_mixing,
    normalised,
    normalised_autocorrelation,
    slow_noise,
)


def _lagged(signals: np.ndarray, lag: int) -> float:
    return float((signals[:, lag:] * signals[:, : signals.shape[1] - lag]).mean())


def test_slow_noise_has_unit_variance_and_its_autocorrelation() -> None:
    noise = slow_noise((40, 6000), np.random.default_rng(0))
    for lag in (0, 5, 20, 60, 150):
        assert abs(_lagged(noise, lag) - autocorrelation(np.array(lag / RATE))) < 0.06
    assert abs(noise[:, :20].std() - 1) < 0.15, "not stationary at its start"


def test_power_is_log_normal_with_mean_one() -> None:
    power = envelope_power(np.eye(40), 6000, np.random.default_rng(1))
    assert abs(power.mean() - 1) < 0.03
    assert abs(np.log(power).std() - DEPTH) < 0.03
    z = normalised(power)
    for lag in (0, 20, 60):
        assert abs(_lagged(z, lag) - normalised_autocorrelation(np.array(lag / RATE))) < 0.12


def test_regions_that_share_components_fluctuate_together() -> None:
    mixing = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    log_power = np.log(envelope_power(mixing, 60000, np.random.default_rng(2)))
    correlation = np.corrcoef(log_power)
    np.testing.assert_allclose(correlation[0], [1, 0.8, 0], atol=0.06)


def test_mixing_has_unit_rows_and_few_strong_modes() -> None:
    mixing = make_mixing(parcels(60).centres, np.random.default_rng(3))
    np.testing.assert_allclose(np.linalg.norm(mixing, axis=1), 1)
    share = np.linalg.svd(mixing, compute_uv=False) ** 2 / 60
    assert 0.6 < share[:12].sum() < 0.95


def test_neighbours_fluctuate_together_more_than_distant_regions() -> None:
    centres = parcels(60).centres
    distance = np.linalg.norm(centres[:, None] - centres, axis=2)
    correlation = np.mean(
        [m @ m.T for m in (make_mixing(centres, np.random.default_rng(seed)) for seed in range(5))], axis=0
    )
    near, far = (distance > 0) & (distance < 35), distance > 80
    assert correlation[near].mean() > correlation[far].mean() + 0.1
