"""A marker from which the first volume is known: later than it, at the beginning of every block, or missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.first_volume import ClockConfig, FirstMarker
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.pauses import Span
from eeg2fmri.data.timing.volume_onsets import Volumes, volume_onsets

BLOCKS = {"Stimulus/S 99": np.array([0.5, 40.5, 80.5]), "Stimulus/S  2": np.array([20.5])}


def test_the_first_of_several_is_taken_on_request_and_said() -> None:
    first = FirstMarker(name="S 99", after_s=2, repeats="first", within_s=1)
    found = volume_onsets(BLOCKS, Volumes(60, 1.5), 250, ClockConfig(first_marker=first))
    np.testing.assert_allclose(found.onsets[:4], [-1.5, 0, 1.5, 3])
    assert found.marker == "Stimulus/S 99"
    assert found.notes == ("volumes follow the first of 3 markers 'Stimulus/S 99'",)
    with pytest.raises(InputError, match=r"occurs several times(.|\n)*3 markers(.|\n)*repeats: first"):
        volume_onsets(BLOCKS, Volumes(4, 1.5), 250, ClockConfig(first_marker="S 99"))


def test_a_first_marker_that_comes_late_is_missing() -> None:
    lost = {"S 99": BLOCKS["Stimulus/S 99"][1:]}
    first = FirstMarker(name="S 99", repeats="first", within_s=1)
    with pytest.raises(InputError, match=r"seems to be missing(.|\n)*first at 40.500 s") as caught:
        volume_onsets(lost, Volumes(4, 1.5), 250, ClockConfig(first_marker=first), where="sub-1_eeg.vhdr")
    assert "sub-1_eeg.vhdr" in str(caught.value)
    anywhere = first.model_copy(update={"within_s": None})
    assert volume_onsets(lost, Volumes(40, 1.5), 250, ClockConfig(first_marker=anywhere)).onsets[0] == 40.5


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_volumes_before_the_eeg_are_left_out_with_their_bold(
    two: Any, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The EEG is cut at a marker that comes two volumes after the first."""
    monkeypatch.setattr("eeg2fmri.data.bold.image.BLOCK", at_once * 7 * 6 * 5)
    samples = two.onset_samples()
    for subject in ("01", "02"):
        two.eeg(subject, signal=two.eeg_signal(subject)[:, samples[2] :], markers=np.array([0, 900]), name="S 99")
    settings = {"first_marker": {"name": "S 99", "after_s": 4, "repeats": "first", "within_s": 1}, "triggers": "trim"}
    store = prepare(two.root, two.root.parent / "out", PrepareConfig.make(settings))
    np.testing.assert_allclose(store.recordings[0].onsets, (samples[2:] - samples[2]) / 100)
    np.testing.assert_array_equal(store.bold(0), np.moveaxis(two.volumes("01"), -1, 0)[2:])
    warnings = store.recordings[0].quality["warnings"]
    assert "volumes without a whole TR of EEG left out: 0, 1" in warnings
    assert any("first of 2 markers" in text for text in warnings)
    assert store.config.first_marker == FirstMarker.make(settings["first_marker"])
    with pytest.raises(InputError, match=r"beyond|before|outside|without"):
        prepare(two.root, two.root.parent / "error", PrepareConfig.make({**settings, "triggers": "error"}))


def test_one_clock() -> None:
    with pytest.raises(ConfigError, match="one clock only"):
        PrepareConfig.make({"first_marker": {"name": "S 99"}, "marker": "R128"})


def test_a_name_that_two_markers_have_must_be_whole() -> None:
    times = 3.0 + 2.0 * np.arange(9)
    markers = {"Comment/R128": times, "Response/R128": times + 0.3}
    with pytest.raises(InputError, match=r"several markers have the name(.|\n)*'Comment/R128' \(9\)"):
        volume_onsets(markers, Volumes(9, 2.0), 250, ClockConfig(marker="R128"))
    found = volume_onsets(markers, Volumes(9, 2.0), 250, ClockConfig(marker="Response/R128"))
    np.testing.assert_array_equal(found.onsets, times + 0.3)


def test_the_sequence_of_blocks_and_what_is_left_of_the_eeg_are_checked() -> None:
    first = FirstMarker(name="S 99", repeats="first", before=("S 2",), short_s=20)
    with pytest.raises(InputError, match=r"cut at a later marker(.|\n)*20.500 s before the end of the 80 volumes"):
        volume_onsets(BLOCKS, Volumes(80, 1.5), 250, ClockConfig(first_marker=first), Span(100.0))
    found = volume_onsets(BLOCKS, Volumes(80, 1.5), 250, ClockConfig(first_marker=first), Span(100.5))
    np.testing.assert_allclose(found.onsets, 0.5 + 1.5 * np.arange(80))
    lost = {**BLOCKS, "Stimulus/S 99": BLOCKS["Stimulus/S 99"][1:]}
    with pytest.raises(InputError, match=r"seems to be missing(.|\n)*first at 40.500 s, 'Stimulus/S  2' at 20.500 s"):
        volume_onsets(lost, Volumes(40, 1.5), 250, ClockConfig(first_marker=first), Span(200.0))


def test_a_first_marker_that_comes_after_the_scan_too_may_be_of_another_scan() -> None:
    first = ClockConfig(first_marker=FirstMarker(name="S 99", repeats="first"))
    with pytest.raises(
        InputError, match=r"after the scan too(.|\n)*none after 78.500 s, where 52 volumes(.|\n)*first_v"
    ):
        volume_onsets(BLOCKS, Volumes(52, 1.5), 250, first, Span(200.0))
    # one at the end of the scan closes it
    assert volume_onsets(BLOCKS, Volumes(53, 1.5), 250, first, Span(200.0)).onsets[0] == 0.5
