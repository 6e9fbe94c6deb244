"""Clocks that stand outside the EEG file: events.tsv, scans.tsv, a table of the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.public.recipe import with_settings
from eeg2fmri.data.settings.first_volume import replaced
from eeg2fmri.data.settings.prepare import PrepareConfig


def make(bids: Any, **settings: Any) -> Any:
    return prepare(bids.root, bids.root.parent / "out", PrepareConfig.make(settings))


def without_markers(bids: Any) -> np.ndarray:
    for subject in ("01", "02"):
        bids.eeg(subject, markers=np.array([0]), name="start")
    return bids.onset_samples() / 100


def write_events(bids: Any, subject: str, onsets: np.ndarray, value: str) -> None:
    rows = "".join(f"{onset:.3f}\t0\t{value}\tx\n" for onset in onsets)
    folder = bids.root / f"sub-{subject}/eeg"
    (folder / f"sub-{subject}_task-rest_events.tsv").write_text(f"onset\tduration\tcode\tother\n1.5\t0\t3\tx\n{rows}")


def test_markers_in_events_are_named_and_used_when_said(two: Any) -> None:
    onsets = without_markers(two)
    for subject, late in (("01", 0.0), ("02", 0.25)):
        write_events(two, subject, onsets + late, "47")
    with pytest.raises(InputError, match=r"but in events.tsv(.|\n)*'events: \{column: code, value: 47\}'"):
        make(two)
    store = make(two, events={"column": "code", "value": 47.0})
    np.testing.assert_allclose(store.recordings[0].onsets, onsets)
    np.testing.assert_allclose(store.recordings[1].onsets, onsets + 0.25)


def test_what_events_do_not_have(two: Any) -> None:
    onsets = without_markers(two)
    write_events(two, "01", onsets, "47")
    with pytest.raises(InputError, match=r"does not occur(.|\n)*'3', '47'(.|\n)*there is no events.tsv"):
        make(two, events={"column": "code", "value": "R128"})
    with pytest.raises(InputError, match=r"no such column(.|\n)*onset, duration, code, other"):
        make(two, events={"value": "R128"})


START = {"first_volume_s": "start"}


@pytest.mark.parametrize(
    ("name", "table", "columns"),
    [
        ("a.tsv", "recording\tfirst_volume_s\nsub-01_task-rest\t{a}\nsub-02_task-rest\t{b}\n", {}),
        ("b.tsv", "participant_id\ttask\tstart\nsub-02\trest\t{b}\nsub-01\trest\t{a}\n", START),
        ("c.tsv", "filename\tstart\neeg/{eeg01}\t{a}\nfunc/sub-02_task-rest_bold.nii\t{b}\n", START),
    ],
)
def test_a_table_of_first_volumes(two: Any, name: str, table: str, columns: dict[str, str]) -> None:
    onsets = without_markers(two)
    eeg = next((two.root / "sub-01/eeg").glob("*.vhdr")).name
    (two.root / name).write_text(table.format(a=onsets[0], b=onsets[0] + 0.25, eeg01=eeg))
    bold = next((two.root / "sub-02/func").glob("*_bold.nii*")).name
    (two.root / name).write_text((two.root / name).read_text().replace("sub-02_task-rest_bold.nii", bold))
    store = make(two, first_volumes={"table": name, "columns": columns})
    np.testing.assert_allclose(store.recordings[0].onsets, onsets, atol=1e-9)
    np.testing.assert_allclose(store.recordings[1].onsets, onsets + 0.25, atol=1e-9)
    assert name in (store.path / "manifest.json").read_text()


def test_columns_of_scans(two: Any) -> None:
    samples = two.onset_samples()
    for subject, lost in (("01", 1), ("02", 0)):
        two.eeg(subject, markers=samples[lost:])
        eeg = next((two.root / f"sub-{subject}/eeg").glob("*.vhdr")).name
        text = f"filename\tlost\neeg/{eeg}\t{lost or 'n/a'}\n"
        (two.root / f"sub-{subject}/sub-{subject}_scans.tsv").write_text(text)
    store = make(two, first_volumes={"table": "scans.tsv", "columns": {"volumes_before": "lost"}}, triggers="repair")
    for recording in store.recordings:
        np.testing.assert_allclose(recording.onsets, samples / 100)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("recording\tfirst_volume_s\nsub-01_task-rest\t1\n", "no row for a recording(.|\n)*sub-02_task-rest"),
        ("recording\tstart\nsub-01_task-rest\t1\n", "does not say when volumes were(.|\n)*recording, start"),
        ("recording\tfirst_volume_s\nsub-01_task-rest\tsoon\nsub-02_task-rest\t1\n", "no number(.|\n)*soon"),
        ("recording\tdummies\nsub-01_task-rest\t1.5\nsub-02_task-rest\t1\n", "no number(.|\n)*1.5"),
        ("recording\tdummies\nsub-01_task-rest\t-1\nsub-02_task-rest\t1\n", "greater than or equal to 0"),
        (None, "does not exist(.|\n)*t.tsv"),
    ],
)
def test_tables_that_do_not_tell(two: Any, text: str | None, problem: str) -> None:
    without_markers(two)
    if text is not None:
        (two.root / "t.tsv").write_text(text)
    with pytest.raises(InputError, match=problem):
        make(two, first_volumes={"table": "t.tsv"})


def test_a_clock_of_the_users_replaces_that_of_the_recipe() -> None:
    assert with_settings("noddi", {"first_volume_s": 3.0}).marker is None
    assert with_settings("neurofeedback_xp1", {"marker": "R128"}).first_marker is None
    other = with_settings("neurofeedback_xp1", {"first_marker": {"name": "S 1"}}).first_marker
    assert other.after_s == 0
    same = with_settings("neurofeedback_xp1", {"first_marker": {"name": "S 99", "within_s": 3}}).first_marker
    assert (same.after_s, same.within_s) == (2, 3)
    assert with_settings("oddball", {"dummies": 4}).first_volume_s is None
    assert with_settings("noddi", {"dummies": 4}).marker == "Scan Start"
    assert replaced({"dummies": 4, "train": 2}, {"count_from": "last"}) == {"train": 2, "count_from": "last"}
    with pytest.raises(ConfigError, match="counts volume markers"):
        PrepareConfig.make({"first_volume_s": 1, "dummies": 2})
