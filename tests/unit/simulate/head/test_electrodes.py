from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.simulate.head.electrodes import CAP_64, place_electrodes


@pytest.mark.parametrize("count", [4, 19, 64, 65, 128, 300])
def test_any_count_gives_distinct_electrodes(count: int) -> None:
    placed = place_electrodes(count, "FCz")
    assert len(set(placed.names)) == count
    assert "FCz" not in placed.names
    distance = np.linalg.norm(placed.positions[:, None] - placed.positions, axis=2) + np.eye(count)
    assert distance.min() > 0.005


def test_64_are_the_cap_and_fewer_are_spread_over_it() -> None:
    assert place_electrodes(64, "FCz").names == CAP_64
    few = place_electrodes(16, "FCz")
    assert set(few.names) < set(CAP_64)
    assert np.ptp(few.positions, axis=0).min() > 0.1


def test_names_keep_their_order_and_place() -> None:
    placed = place_electrodes(("Oz", "Fpz", "T8", "Cz"), "average")
    assert placed.names == ("Oz", "Fpz", "T8", "Cz")
    assert placed.reference is None
    oz, fpz, t8, cz = placed.positions
    assert oz[1] < cz[1] < fpz[1]
    assert t8[0] > 0.06
    assert cz[2] == placed.positions[:, 2].max()


def test_unknown_names_are_all_told() -> None:
    with pytest.raises(ConfigError) as error:
        place_electrodes(("Cz", "pz", "Ch12", "Oz"), "M3")
    assert [problem.got for problem in error.value.problems] == ["'pz'", "'Ch12'", "'M3'"]
    assert error.value.problems[0].hint == "did you mean 'Pz'?"


def test_head_frame_has_its_origin_between_the_ears() -> None:
    landmarks = place_electrodes(4, "FCz").landmarks
    np.testing.assert_allclose(landmarks["LPA"][1:], 0, atol=1e-6)
    np.testing.assert_allclose(landmarks["NAS"][[0, 2]], 0, atol=1e-6)
    assert landmarks["RPA"][0] > 0
