import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance.drifts import DECAYS, time_basis


@pytest.mark.parametrize(
    ("volumes", "tr", "elapsed"), [(200, 2.0, 0.0), (60, 2.0, 20.0), (400, 0.7, 0.0), (8, 3.0, 40.0)]
)
def test_drifts_and_the_rest_are_one_orthonormal_basis(volumes, tr, elapsed):
    basis = time_basis(volumes, tr, elapsed)
    whole = np.hstack([basis.drifts, basis.rest])
    assert whole.shape == (volumes, volumes)
    np.testing.assert_allclose(whole.T @ whole, np.eye(volumes), atol=1e-6)


@pytest.mark.parametrize("tr", [0.7, 2.0])
def test_slow_courses_leave_nothing(tr):
    times = tr * np.arange(300)
    slow = [times, times**2, np.cos(np.pi * (times + tr / 2) / (300 * tr) * int(600 * tr / 128)), np.exp(-times / 4)]
    left = time_basis(300, tr).without_drifts(np.stack(slow, axis=1))
    assert np.abs(left).max() < 1e-6 * np.abs(slow[1]).max()


def test_the_beginning_counts_only_where_the_scan_is_steady():
    bright = np.zeros((200, 1))
    bright[2] = 1
    assert np.abs(time_basis(200, 2.0).without_drifts(bright)).max() < 1e-9
    assert np.abs(time_basis(200, 2.0, elapsed=12.0).without_drifts(bright)).max() > 0.5


def test_a_random_walk_has_independent_coordinates(rng):
    """Off the diagonal of the correlation of coordinates there is noise alone, for white noise and for a walk."""
    basis = time_basis(60, 2.0)
    white = rng.standard_normal((60, 20000))
    for series in (white, np.cumsum(white, axis=0)):
        alike = np.corrcoef(basis.rest.T @ series)
        assert np.abs(alike[np.triu_indices(len(alike), 1)]).max() < 6 / np.sqrt(20000)


def test_spikes_bend_no_drift_and_variance_is_evened_out(rng):
    basis = time_basis(200, 2.0, elapsed=40.0)
    clean = rng.standard_normal((200, 5))
    spiky = clean.copy()
    spiky[100:103] += 50
    far = np.r_[:80, 120:200]
    plain, steady = basis.without_drifts(spiky), basis.steadied(spiky)
    expected = basis.steadied(clean)
    bent = np.abs(plain - basis.without_drifts(clean))[far].mean()
    assert 3 * np.abs(steady - expected)[far].mean() < bent
    assert np.abs(steady).max() < 4
    grows = basis.steadied(clean * np.linspace(0.2, 4, 200)[:, None])
    assert grows[:60].std() == pytest.approx(grows[-60:].std(), rel=0.2)


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(InputError, match="at least 8 volumes"):
        time_basis(7, 2.0)
    with pytest.raises(InputError, match="must be positive"):
        time_basis(80, 0.0)


def test_every_slow_course_is_a_drift_to_the_last_digit():
    volumes, tr = 200, 2.0
    position, times = (np.arange(volumes) + 0.5) / volumes, tr * np.arange(volumes)
    # periods of 128 s and more in 400 s: six half waves; what a scanner that was just started decays with
    slow = [position**order for order in range(3)] + [np.cos(np.pi * k * position) for k in range(1, 7)]
    slow += [np.exp(-times / decay) for decay in DECAYS]
    for course in slow:
        left = time_basis(volumes, tr, 0.0).without_drifts(course[:, None])
        assert np.linalg.norm(left) < 1e-8 * np.linalg.norm(course)
