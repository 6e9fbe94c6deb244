"""Times of samples: jitter of the stamps is no gap, a gap is one, and the clocks of amplifier and stream may differ."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.predict.live.clock import SampleClock

SFREQ = 1000.0


def taken(stamps: np.ndarray, size: int) -> tuple[SampleClock, list[tuple[int, int, str]]]:
    """Take samples whose value is their number; give what each part lacks, where it begins, and what is said of it."""
    clock, parts, numbers = SampleClock(SFREQ), [], np.arange(len(stamps), dtype=float)[None]
    for first in range(0, len(stamps), size):
        for part in clock.take(numbers[:, first : first + size], stamps[first : first + size]):
            begins = int(part.samples[0, 0]) if part.samples.size else -1
            parts.append((part.missing, begins, part.anew))
            assert (np.diff(part.samples[0]) == 1).all()
    return clock, parts


def stamped_by_a_busy_program(seconds: float, size: int = 10) -> np.ndarray:
    """Stamps of chunks that are sent when the program comes to it: up to 0.3 s late, and then all at once."""
    due = 7000 + (np.arange(round(seconds * SFREQ / size)) + 1) * size / SFREQ
    rng = np.random.default_rng(2)
    late = rng.exponential(0.005, len(due)) * (rng.random(len(due)) < 0.2)
    late[rng.integers(0, len(due), 8)] += 0.3
    sent = np.maximum.accumulate(due + late)
    return (sent[:, None] - np.arange(size - 1, -1, -1) / SFREQ).ravel()


@pytest.mark.parametrize("size", [10, 64, 5000])
def test_a_busy_program_loses_nothing(size: int) -> None:
    stamps = stamped_by_a_busy_program(60)
    clock, parts = taken(stamps, size)
    assert {(missing, anew) for missing, _, anew in parts} == {(0, "")}
    assert abs(clock.zero - (7000 + 1 / SFREQ)) < 2e-3


@pytest.mark.parametrize("size", [10, 64, 5000])
def test_what_is_lost_is_found_among_the_jitter(size: int) -> None:
    stamps = np.delete(stamped_by_a_busy_program(60), np.r_[20_000:20_080, 40_000:40_500])
    clock, parts = taken(stamps, size)
    lost = [(missing, begins) for missing, begins, _ in parts if missing]
    assert [missing for missing, _ in lost] == pytest.approx([80, 500], abs=6)
    assert [begins for _, begins in lost] == pytest.approx([20_000, 39_920], abs=40)
    assert abs(clock.zero - (7000 + 1 / SFREQ)) < 6e-3


def test_samples_wait_half_a_second_where_it_is_not_known_whether_others_are_missing() -> None:
    stamps = 7000 + np.arange(3000) / SFREQ
    stamps[1000:] += 0.1
    clock = SampleClock(SFREQ)
    given = [
        sum(part.missing + part.samples.shape[1] for part in clock.take(np.zeros((1, 100)), stamps[k : k + 100]))
        for k in range(0, 3000, 100)
    ]
    assert given[:10] == 10 * [100]
    assert given[10:15] == 5 * [0]
    assert given[15] == 100 + 600
    assert sum(given) == 3100


@pytest.mark.parametrize("parts_per_million", [-80, 80])
def test_the_clocks_may_differ(parts_per_million: int) -> None:
    stamps = 7000 + np.arange(600_000) / SFREQ * (1 + 1e-6 * parts_per_million)
    clock, parts = taken(stamps, 500)
    assert {(missing, anew) for missing, _, anew in parts} == {(0, "")}
    assert abs(clock.sample_at(stamps[-1]) - 599_999) <= 1


@pytest.mark.parametrize(("jump", "why"), [(60.0, "60.0 s without samples"), (-3.0, "clock of the stream went back")])
def test_after_a_long_gap_everything_begins_anew(jump: float, why: str) -> None:
    stamps = 7000 + np.arange(2000) / SFREQ
    stamps[1000:] += jump
    clock, parts = taken(stamps, 300)
    assert [anew for _, _, anew in parts if anew] == [f"{'the ' if jump < 0 else ''}{why}: the stream began anew"]
    assert clock.zero == pytest.approx(stamps[1000], abs=1e-3)
    assert sum(begins >= 0 for _, begins, _ in parts) == len([part for part in parts if not part[2]])
