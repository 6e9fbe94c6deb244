"""Markers from annotations and from trigger channels: which are taken, and where a pulse begins, to the sample."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.timing.read_markers import markers_of

SFREQ = 100.0


def recording(*channels: tuple[str, str, np.ndarray], first_samp: int = 0) -> mne.io.BaseRaw:
    names, kinds, rows = zip(*channels, strict=True)
    info = mne.create_info(list(names), SFREQ, list(kinds))
    return mne.io.RawArray(np.vstack(rows).astype(float), info, first_samp=first_samp, verbose="error")


def found(values: object) -> dict[str, list[float]]:
    """Samples of the pulses of a channel."""
    raw = recording(("T", "misc", np.asarray(values, float)))
    return {name: np.round(times * SFREQ, 6).tolist() for name, times in markers_of(raw, "T").items()}


def levels(*parts: tuple[float, int]) -> np.ndarray:
    """Values, each for so many samples."""
    return np.concatenate([np.full(count, value, float) for value, count in parts])


def test_a_channel_that_is_not_there_in_words() -> None:
    raw = recording(*((f"E{k:03}", "misc", np.zeros(10)) for k in range(60)))
    with pytest.raises(InputError) as caught:
        markers_of(raw, "TTL")
    (problem,) = caught.value.problems
    shown = ", ".join(raw.ch_names)[-200:]
    assert (problem.what, problem.where, problem.got, problem.expected) == (
        "there is no such trigger channel", "", shown, "TTL",
    )  # fmt: skip


def test_a_channel_is_found_in_any_case_but_rather_in_its_own() -> None:
    one, other = levels((0, 5), (1, 3), (0, 50)), levels((0, 9), (1, 3), (0, 46))
    raw = recording(("ttl", "misc", one), ("TTL", "misc", other))
    assert list(markers_of(raw, "TTL")["TTL/1"]) == [0.09]
    assert list(markers_of(raw, "ttl")["ttl/1"]) == [0.05]
    assert list(markers_of(raw, "Ttl")["ttl/1"]) == [0.05]


@pytest.mark.parametrize("first_samp", [0, 250])
def test_annotations_are_seconds_after_the_first_sample(first_samp: int) -> None:
    raw = recording(("Cz", "eeg", np.zeros(3000)), first_samp=first_samp)
    raw.set_annotations(mne.Annotations([9, 3, 5, 12, 15, 20.003], 0, ["b", "a", "b", "boundary", "BAD_ACQ_SKIP", "c"]))
    assert {name: times.tolist() for name, times in markers_of(raw).items()} == {"a": [3], "b": [5, 9], "c": [20]}


def test_trigger_channels_are_looked_at_where_no_annotation_comes_every_tr() -> None:
    pulses = levels((0, 100), (1, 10), (0, 190), (1, 10), (0, 2690))
    later = np.roll(pulses, 7) * 4
    raw = recording(("S", "stim", pulses), ("X", "misc", pulses), ("U", "stim", later))
    both = {"S/1": [1, 3], "U/4": [1.07, 3.07]}

    def markers(tr: float | None = None) -> dict[str, list[float]]:
        return {name: times.tolist() for name, times in markers_of(raw, tr=tr).items()}

    assert markers() == markers(2.0) == both
    raw.set_annotations(mne.Annotations([2.0, 4.0, 6.0, 8.0], 0, "R128"))
    assert markers() == markers(2.0) == {"R128": [2, 4, 6, 8]}
    assert markers(3.0) == {"R128": [2, 4, 6, 8], **both}


def test_a_voltage_is_high_above_six_tenths_of_its_range_and_low_below_four() -> None:
    base = levels((0, 20), (1, 5), (0, 20), (0.6, 5), (0, 20), (0.59, 5), (0, 5), (1, 5), (0.41, 9), (1, 5), (0, 20))
    base[3] = 0.05  # no code: some of it is no whole number
    assert found(base) == {"T/high": [20, 45, 80]}
    dips = levels((0, 20), (1, 5), (0.4, 9), (1, 5), (0, 60))
    assert found(dips) == {"T/high": [20, 34]}
    # what is between the two at the beginning is what comes first
    assert found(levels((0.5, 10), (0, 10), (1, 5), (0.5, 3), (0, 70))) == {"T/high": [20]}
    assert found(levels((0.5, 10), (1, 60), (0, 5), (1, 70))) == {"T/low": [70]}


def test_a_voltage_that_rests_high() -> None:
    assert found(levels((4.7, 50), (0.2, 5), (4.7, 95), (0.2, 5), (4.7, 90))) == {"T/low": [50, 150]}


@pytest.mark.parametrize(("end", "rest"), [(105, 1), (115, 7)])
def test_what_is_kept_for_longer_than_pulses_follow_each_other_is_rest(end: int, rest: int) -> None:
    """Every 100 samples 70 of 7 and 30 of 1."""
    values = levels(*[(7, 70), (1, 30)] * 6, (7, end))
    starts = {1: [100 * k for k in range(1, 7)], 7: [70 + 100 * k for k in range(6)]}[rest]
    assert found(values) == {f"T/{7 if rest == 1 else 1}": starts}


def test_one_pulse_or_two_are_those_that_are_shorter() -> None:
    assert found(levels((7, 30), (1, 50))) == {}
    assert found(levels((1, 50), (7, 30))) == {"T/7": [50]}
    assert found(levels((7, 50), (1, 30), (7, 10))) == {"T/1": [50]}
    assert found(levels((1, 10), (7, 30), (1, 9), (7, 60))) == {"T/1": [40]}


def test_of_pulses_that_fill_the_recording_the_lower_rests_unless_it_is_hardly_there() -> None:
    nine_of_ten, more = [(5, 9), (2, 1)] * 20, [(5, 10), (2, 1)] * 20
    assert found(levels(*nine_of_ten)) == {"T/5": [10.0 * k for k in range(1, 20)]}
    assert found(levels(*more)) == {"T/2": [10.0 + 11 * k for k in range(20)]}


def test_codes_are_numbers_without_noise() -> None:
    values = levels((0, 20), (3, 5), (0, 20), (12, 5), (0, 20))
    assert found(values) == found(values + 9e-4) == {"T/3": [20], "T/12": [45]}
    assert set(found(values + 2e-3)) == {"T/high"}
    assert found(levels((-1, 20), (-128, 5), (-1, 20))) == {"T/-128": [20]}


def test_a_channel_that_cannot_be_read_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = recording(("T", "misc", np.zeros(100)))

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("bad sector")

    monkeypatch.setattr(raw, "get_data", broken)
    with pytest.raises(InputError) as caught:
        markers_of(raw, "T")
    (problem,) = caught.value.problems
    assert (problem.what, problem.where, problem.got, problem.hint) == (
        "the trigger channel cannot be read", ": T", "OSError: bad sector", "copy the file again",
    )  # fmt: skip
