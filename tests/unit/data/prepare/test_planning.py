"""Nobody is stopped by one recording: what is left out, why, and how often something is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bids.links import link_problem
from eeg2fmri.data.bids.pairing import find_recordings
from eeg2fmri.data.prepare.check_data_set import agree
from eeg2fmri.data.prepare.check_recording import inspect
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.quality import left_out, warnings


def make(bids: Any, name: str = "store", **settings: Any) -> Any:
    return prepare(bids.root, bids.root.parent / name, PrepareConfig.make(settings))


@pytest.fixture
def four(bids: Any) -> Any:
    for subject in ("01", "02", "03", "04"):
        bids.recording(subject)
    return bids


def ids(store: Any) -> list[str]:
    return [recording.id for recording in store.recordings]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [(["sub-02_task-rest"], "134"), (["sub-0[12]"], "34"), (["task-rest_sub-03", "sub-*4"], "12"), (["sub-02"], "134")],
)
def test_recordings_are_left_out_by_labels_and_patterns(patterns: list[str], left: str, four: Any) -> None:
    store = make(four, leave_out=patterns)
    assert ids(store) == [f"sub-0{k}_task-rest" for k in left]
    told = [f"left out: sub-0{k}_task-rest: not asked for (setting 'leave_out')" for k in "1234" if k not in left]
    assert [note for note in store.notes if note.startswith("left out: ")] == told


def test_a_pattern_that_fits_nothing_is_a_mistake(four: Any) -> None:
    with pytest.raises(InputError, match=r"sub-7(.|\n)*did you mean"):
        make(four, leave_out=["sub-7_task-rest"])
    with pytest.raises(InputError, match="leaves no recording"):
        make(four, leave_out=["task-rest"])


def damage(bids: Any, subject: str, fault: str) -> None:
    if fault == "header":
        (bids.root / f"sub-{subject}/eeg/sub-{subject}_task-rest_eeg.eeg").write_bytes(b"123")
    elif fault == "samples":
        signal = bids.eeg_signal(subject)
        signal[0, 400] = np.nan
        bids.eeg(subject, signal=signal)
    elif fault == "orientation":
        bids.bold(subject, affine=bids.affine @ np.diag([-1, 1, 1, 1]))
    else:
        path = bids.root / f"sub-{subject}/func/sub-{subject}_task-rest_bold.nii.gz"
        path.unlink()
        path.symlink_to("../../.git/annex/objects/a")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("header", "truncated"),
        ("samples", "not finite"),
        ("orientation", "other directions"),
        ("link", "link without content"),
    ],
)
def test_what_has_problems_is_left_out_on_request_with_its_reason(fault: str, reason: str, four: Any) -> None:
    sound = make(four, "sound", leave_out=["sub-03"])
    damage(four, "03", fault)
    with pytest.raises(InputError, match=reason):
        make(four, "refused")
    assert not (four.root.parent / "refused").exists()
    store = make(four, problems="leave out")
    assert ids(store) == ids(sound)
    for k in range(3):
        np.testing.assert_array_equal(store.eeg(k), sound.eeg(k))
        np.testing.assert_array_equal(store.bold(k), sound.bold(k))
    manifest = json.loads((store.path / "manifest.json").read_text())
    (note,) = (text for text in manifest["notes"] if "sub-03" in text)
    assert note.startswith("left out: sub-03_task-rest: ")
    assert reason in note
    assert f"note: {note}" in warnings(store)
    assert not (store.path / "sub-03_task-rest").exists()
    assert reason in left_out(store)["sub-03_task-rest"]


def test_nothing_is_made_where_nothing_is_sound(two: Any) -> None:
    for subject in ("01", "02"):
        damage(two, subject, "samples")
    with pytest.raises(InputError, match="not finite"):
        make(two, problems="leave out")
    assert not (two.root.parent / "store").exists()


def test_one_cause_in_many_recordings_is_said_once_and_listed_in_a_file(bids: Any) -> None:
    for k in range(12):
        bids.recording(f"{k:02d}")
        header = bids.root / f"sub-{k:02d}/eeg/sub-{k:02d}_task-rest_eeg.vhdr"
        header.write_text(header.read_text(encoding="utf-8").replace("DataFile=sub", "DataFile=gone"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        make(bids)
    text = str(caught.value)
    assert text.count("a file that the BrainVision header names does not exist") == 1
    assert "does not exist: 12 times" in text
    assert text.count("where:") == 3
    assert "and 9 more" in text
    listed = bids.root.parent / "store_problems.txt"
    assert f"all of them: {listed}" in text
    assert sum(f"sub-{k:02d}_task-rest_eeg.vhdr" in listed.read_text(encoding="utf-8") for k in range(12)) == 12
    assert len(caught.value.problems) == 12


def test_few_problems_are_said_one_by_one() -> None:
    problems = [Problem("it is broken", f"file {k}", hint="mend it") for k in range(4)]
    assert str(InputError.of(problems[:3])).count("it is broken") == 3
    assert str(InputError.of(problems)).count("it is broken") == 1
    assert InputError.of(problems).shortened
    assert not InputError.of(problems[:3]).shortened


def test_links_without_content_are_named_with_the_command_that_fetches_them(four: Any) -> None:
    for subject in ("02", "04"):
        for path in (four.root / f"sub-{subject}").glob("*/*"):
            if path.suffix in (".eeg", ".gz", ".vhdr"):
                path.unlink()
                path.symlink_to(f"../../.git/annex/objects/{path.name}")
    with pytest.raises(InputError) as caught:
        make(four)
    text = str(caught.value)
    assert text.startswith("6 files are links without content")  # header, samples and image
    assert f"in {four.root}: datalad get sub-02 sub-04" in text
    assert "there is no EEG" not in text
    one = four.root / "sub-02/eeg/sub-02_task-rest_eeg.vhdr"
    assert link_problem([one], four.root).what == "1 file is a link without content"


def test_samples_that_were_not_fetched_beside_a_header_that_was(four: Any) -> None:
    path = four.root / "sub-02/eeg/sub-02_task-rest_eeg.eeg"
    path.unlink()
    path.symlink_to("../nowhere")
    with pytest.raises(InputError, match=r"1 file is a link(.|\n)*datalad get sub-02/eeg/sub-02_task-rest_eeg.eeg"):
        make(four)


@pytest.mark.parametrize(("off", "same"), [(1e-7, True), (1e-4, False), (0.05, False)])
def test_a_tr_that_differs_is_told(off: float, same: bool, bids: Any) -> None:
    bids.recording("01")
    bids.recording("02")
    config = PrepareConfig()
    plans = [inspect(files, config) for files in find_recordings(bids.root, config).recordings]
    plans[1] = replace(plans[1], tr=plans[1].tr + off)
    if same:
        assert agree(plans, config).tr == pytest.approx(bids.tr)
    else:
        with pytest.raises(InputError, match="the TR differs"):
            agree(plans, config)
