"""Triggers that do not fit: an error by default, mended or cut on request, always reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.first_volume import ClockConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.volume_onsets import Volumes, volume_onsets

TR, N = 2.0, 20
GRID = 3.0 + TR * np.arange(N)


def align(times: np.ndarray, how: str, n: int | None = N, **clock: Any) -> Any:
    said = ClockConfig.make({"triggers": how, **clock})
    return volume_onsets({"R128": np.sort(times)}, Volumes(n, TR), 250.0, said)


CASES = {
    "missing": np.delete(GRID, [7, 8]),
    "doubled": np.sort(np.concatenate([GRID, GRID[[4, 9]] + 0.1])),
    "surplus": np.concatenate([GRID, [GRID[-1] + TR, GRID[-1] + 2 * TR]]),
    "late": np.where(np.arange(N) == 12, GRID + 0.7, GRID),
    "few": GRID[:-2],
    "between": np.sort(np.concatenate([GRID, [GRID[5] + 0.52 * TR]])),
    "everything": np.sort(np.concatenate([np.delete(GRID, [3]), [GRID[9] + 0.1, GRID[-1] + TR]])),
}


@pytest.mark.parametrize("case", CASES)
def test_by_default_it_is_an_error(case: str) -> None:
    with pytest.raises(InputError):
        align(CASES[case], "error")


@pytest.mark.parametrize("case", CASES)
def test_repair_gives_every_volume_its_onset(case: str) -> None:
    found = align(CASES[case], "repair", dummies=0)
    np.testing.assert_allclose(found.onsets, GRID, atol=1e-6)
    assert found.first == 0
    assert found.notes
    assert all(
        note.startswith(("triggers, repair: ", "the markers from 3.000 s to 41.000 s are volumes 0 to 19"))
        for note in found.notes
    )


@pytest.mark.parametrize(
    ("case", "first", "end"),
    [
        ("missing", 9, 20),
        ("doubled", 0, 20),
        ("surplus", 0, 20),
        ("late", 0, 12),
        ("few", 0, 18),
        ("everything", 4, 20),
    ],
)
def test_trim_keeps_the_longest_sound_stretch(case: str, first: int, end: int) -> None:
    found = align(CASES[case], "trim", dummies=0)
    assert found.first == first
    np.testing.assert_allclose(found.onsets, GRID[first:end], atol=1e-6)
    assert found.notes


def test_sound_markers_are_left_alone() -> None:
    for how in ("repair", "trim"):
        found = align(GRID, how)
        np.testing.assert_array_equal(found.onsets, GRID)
        assert found.notes == ()


def test_drift_is_followed_and_jitter_kept() -> None:
    rng = generator(0, "drift")
    drifting = 3 + TR * (1 + 8e-3) * np.arange(N)
    with pytest.raises(InputError, match="mean interval"):
        align(drifting, "error")
    found = align(drifting, "repair")
    np.testing.assert_allclose(found.onsets, drifting, atol=1e-9)
    assert found.drift_ppm == pytest.approx(8000, rel=1e-3)
    noisy = np.delete(drifting + rng.uniform(-0.01, 0.01, N), 10)
    found = align(noisy, "repair")
    np.testing.assert_allclose(np.delete(found.onsets, 10), noisy, atol=1e-9)
    assert found.onsets[10] == pytest.approx(drifting[10], abs=0.02)


def test_random_faults_never_shift_a_volume() -> None:
    """Whatever is left out or doubled in the middle, an onset is never one volume off."""
    rng = generator(0, "faults")
    for _ in range(100):
        count = int(rng.integers(12, 60))
        truth = 1 + TR * (1 + rng.uniform(-1, 1) * 1e-4) * np.arange(count)
        times = np.round((truth + rng.uniform(-0.004, 0.004, count)) * 250) / 250
        lost = 1 + rng.choice(count - 2, int(rng.integers(1, count // 4)), replace=False)
        extra = times[rng.choice(count, 2, replace=False)] + rng.uniform(0.02, 0.6, 2)
        faulty = np.sort(np.concatenate([np.delete(times, lost), extra]))
        for how in ("repair", "trim"):
            found = align(faulty, how, count, count_from="first")
            expected = truth[found.first :][: len(found.onsets)]
            assert np.abs(found.onsets - expected).max() < 0.25 * TR


@pytest.mark.parametrize("how", ["repair", "trim"])
def test_nobody_guesses_whether_the_first_or_the_last_markers_are_missing(how: str) -> None:
    with pytest.raises(InputError, match=r"which one is the first volume cannot be told(.|\n)*'volumes_before: 1'"):
        align(GRID[1:], how)
    found = align(GRID[1:], how, volumes_before=1)
    np.testing.assert_allclose(found.onsets, GRID if how == "repair" else GRID[1:])
    assert found.first == (0 if how == "repair" else 1)
    assert align(GRID[1:], how, count_from="last").onsets.tolist() == found.onsets.tolist()


def test_a_wrong_interval_cannot_be_mended() -> None:
    with pytest.raises(InputError, match="interval of the volume markers is not the TR"):
        align(3 + 1.3 * np.arange(N), "repair")


def make(bids: Any, name: str, **settings: object) -> Any:
    return prepare(bids.root, bids.root.parent / name, PrepareConfig.make(settings))


def test_volumes_and_eeg_stay_together_when_the_beginning_is_cut(two: Any) -> None:
    samples = two.onset_samples()
    two.eeg("01", markers=np.delete(samples, 2))
    store = make(two, "out", triggers="trim")
    volumes = np.moveaxis(two.volumes("01"), -1, 0)
    assert [recording.n_volumes for recording in store.recordings] == [14, 17]
    np.testing.assert_array_equal(store.bold(0), volumes[3:])
    np.testing.assert_allclose(store.recordings[0].onsets, samples[3:] / 100)
    repaired = make(two, "repaired", triggers="repair")
    np.testing.assert_array_equal(repaired.bold(0), volumes)
    np.testing.assert_allclose(repaired.recordings[0].onsets, samples / 100, atol=1e-9)
    assert any("volumes without marker" in note for note in repaired.recordings[0].quality["warnings"])


def test_eeg_that_ends_a_volume_early(two: Any) -> None:
    samples = two.onset_samples()
    two.eeg("01", signal=two.eeg_signal("01")[:, : samples[-1] + 150])
    store = make(two, "out", triggers="trim")
    assert store.recordings[0].n_volumes == 16
    np.testing.assert_array_equal(store.bold(0), np.moveaxis(two.volumes("01"), -1, 0)[:16])
    assert "volumes without a whole TR of EEG left out: 16" in store.recordings[0].quality["warnings"]


def test_only_the_first_volume_is_marked(two: Any) -> None:
    samples = two.onset_samples()
    for subject in ("01", "02"):
        two.eeg(subject, markers=samples[:1], name="S 99")
    store = make(two, "out", first_marker="S 99")
    np.testing.assert_allclose(store.recordings[0].onsets, samples / 100)
    two.eeg("02", markers=samples[:2], name="S 99")
    with pytest.raises(InputError, match="occurs several times"):
        make(two, "second", first_marker="S 99")
