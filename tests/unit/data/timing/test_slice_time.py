"""Volumes whose slices were brought to one time have the EEG of that time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.slice_time import discarded_volumes, slice_time


@pytest.mark.parametrize(
    ("sidecar", "after"),
    [
        ({}, 0),
        ({"SliceTimingCorrected": False, "StartTime": 0.9}, 0),
        ({"StartTime": 0.0}, 0),
        ({"SliceTimingCorrected": True, "StartTime": 0.95}, 0.95),
        ({"StartTime": 0.95}, 0.95),
        ({"StartTime": 2.0}, 2.0),
        ({"SliceTimingCorrected": True}, 1.0),
    ],
)
def test_when_in_a_tr_a_volume_is(sidecar: dict[str, Any], after: float) -> None:
    found, notes = slice_time(sidecar, 2.0, "bold.nii")
    assert found == after
    assert bool(notes) == (after > 0)


def test_what_is_said_of_slices_whose_time_is_not_given() -> None:
    _, notes = slice_time({"SliceTimingCorrected": True}, 2.0, "bold.nii")
    assert notes == (
        "slices were brought to one time that the sidecar does not give (StartTime): the middle of the TR taken",
    )


@pytest.mark.parametrize("start", [2.5, -1, "0.9", True])
def test_a_start_that_is_none(start: Any) -> None:
    with pytest.raises(InputError, match=r"no time within the TR(.|\n)*0 to 2 s"):
        slice_time({"StartTime": start}, 2.0, "bold.nii")


def test_discarded_volumes() -> None:
    assert discarded_volumes({}) is None
    assert discarded_volumes({"NumberOfVolumesDiscardedByUser": 3, "NumberOfVolumesDiscardedByScanner": 1}) == 4


def say(bids: Any, **facts: Any) -> None:
    for path in (bids.root / "sub-01/func").glob("*_bold.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def test_rows_start_at_the_time_of_the_slices(two: Any) -> None:
    say(two, SliceTimingCorrected=True, StartTime=0.5)
    samples = two.onset_samples()
    store = prepare(two.root, two.root.parent / "out", PrepareConfig(triggers="trim"))
    shifted, plain = store.recordings
    np.testing.assert_allclose(shifted.onsets, samples / 100 + 0.5)
    np.testing.assert_allclose(plain.onsets, samples / 100)
    row = np.abs(np.fft.rfft(two.eeg_signal("01")[0, samples[3] + 50 :][: round(two.tr * 100)]))[1:]
    np.testing.assert_allclose(store.eeg(0)[3, 0], row[: store.eeg(0).shape[2]], atol=1e-3 * row.max())
    assert any("brought to 0.5 s" in note for note in shifted.quality["warnings"])


def test_dummy_scans_that_the_sidecar_tells_of(two: Any) -> None:
    """The markers stay, two volumes of the image go."""
    import nibabel as nib

    path = next((two.root / "sub-01/func").glob("*_bold.nii*"))
    image = nib.load(path)
    nib.save(image.slicer[..., 2:], path)
    with pytest.raises(InputError, match="'dummies: 2'"):
        prepare(two.root, two.root.parent / "error", PrepareConfig())
    say(two, NumberOfVolumesDiscardedByUser=2)
    store = prepare(two.root, two.root.parent / "out", PrepareConfig())
    np.testing.assert_allclose(store.recordings[0].onsets, two.onset_samples()[2:] / 100)
    assert any("2 volumes were discarded" in note for note in store.recordings[0].quality["warnings"])
