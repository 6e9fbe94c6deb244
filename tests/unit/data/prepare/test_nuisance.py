"""What is stored of motion, task, pulse and breathing, and that nothing changes where there is none of it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.data.prepare.nuisance import MOTION
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.blocks import BlockStore

STEM = "sub-01_task-rest"


def make(bids: Any, name: str = "store", **settings: object) -> Any:
    return prepare(bids.root, bids.root.parent / "out" / name, PrepareConfig.make(settings))


def confounds(bids: Any, subject: str = "01", pipeline: str = "fmriprep") -> np.ndarray:
    """Write confounds of a raw image under derivatives."""
    folder = bids.root / "derivatives" / pipeline / f"sub-{subject}" / "func"
    folder.mkdir(parents=True)
    (bids.root / "derivatives" / pipeline / "dataset_description.json").write_text("{}")
    values = generator(0, "motion", subject, pipeline).standard_normal((bids.n_volumes, 6))
    rows = ["\t".join(("csf", *MOTION)), *("\t".join(map(repr, (0.0, *row.tolist()))) for row in values)]
    (folder / f"sub-{subject}_task-rest_desc-confounds_timeseries.tsv").write_text("\n".join(rows) + "\n")
    return values


def events(folder: Path, name: str = f"{STEM}_events.tsv") -> None:
    folder.joinpath(name).write_text("onset\tduration\ttrial_type\n6\t4\tgo\n20\t4\tgo\n")


def test_a_store_without_any_of_it_has_no_table(bids: Any) -> None:
    for subject in ("01", "02"):
        bids.eeg(subject, names=("Fz", "Cz", "Pz", "O1", "C3"))
        bids.bold(subject)
    store = make(bids)
    assert store.nuisance(0) == {}
    assert not (store.path / STEM / "nuisance.npy").exists()
    assert "nuisance" not in json.loads((store.path / STEM / "meta.json").read_text())


def test_motion_of_a_raw_image_is_that_of_fmriprep(two: Any) -> None:
    confounds(two, pipeline="another")
    values = confounds(two)
    store = make(two)
    found = store.nuisance(0)
    np.testing.assert_allclose(np.stack([found[name] for name in MOTION], axis=1), values)
    assert not set(MOTION) & set(store.nuisance(1))
    table = f"derivatives/fmriprep/sub-01/func/{STEM}_desc-confounds_timeseries.tsv"
    assert table in store.recordings[0].sources
    store.verify()


def test_the_table_is_cut_with_the_volumes_and_into_blocks(bids: Any) -> None:
    bids.eeg("01", markers=bids.onset_samples()[:14])  # the EEG ends before the BOLD
    bids.bold("01")
    values = confounds(bids)
    store = make(bids, triggers="trim", count_from="first", bold={"detrend": 0})
    found = store.nuisance(0)["rot_z"]
    assert len(found) == store.recordings[0].n_volumes < bids.n_volumes
    np.testing.assert_allclose(found, values[: len(found), 5])
    block = BlockStore.cut(store, [f"{STEM}_volumes-4to9"])
    np.testing.assert_allclose(block.nuisance(0)["rot_z"], values[4:10, 5])


def test_events_of_the_run_are_convolved_and_markers_are_no_task(two: Any) -> None:
    before = make(two)
    assert not any(name.startswith("task") for name in before.nuisance(0))
    events(two.root / "sub-01" / "func")
    folder = two.root / "sub-02" / "eeg"
    rows = [f"{t:.2f}\t0\tComment/R128" for t in two.onset_samples() / two.sfreq]
    rows += [f"{t + two.lead_in_s}\t4\tgo" for t in (6, 20)]
    (folder / "sub-02_task-rest_events.tsv").write_text("\n".join(("onset\tduration\ttrial_type", *rows)) + "\n")
    store = make(two, "with")
    of_bold, of_eeg = store.nuisance(0), store.nuisance(1)
    assert [name for name in of_eeg if name.startswith("task")] == ["task_go_1", "task_go_2", "task_go_3"]
    np.testing.assert_allclose(of_eeg["task_go_1"], of_bold["task_go_1"], atol=0.02 * np.ptp(of_bold["task_go_1"]))
    assert before.hash != store.hash
    np.testing.assert_array_equal(before.bold(0), store.bold(0))


def test_pulse_and_breathing_come_from_physio(two: Any) -> None:
    folder, sfreq = two.root / "sub-01" / "func", 50.0
    time = np.arange(-2.0, 40.0, 1 / sfreq)
    table = np.stack([np.sin(2 * np.pi * 1.2 * time), np.sin(2 * np.pi * 0.25 * time)], axis=1)
    with gzip.open(folder / f"{STEM}_physio.tsv.gz", "wt") as stream:
        np.savetxt(stream, table, delimiter="\t")
    facts = {"SamplingFrequency": sfreq, "StartTime": -2.0, "Columns": ["cardiac", "respiratory"]}
    (folder / f"{STEM}_physio.json").write_text(json.dumps(facts))
    store = make(two)
    found = store.nuisance(0)
    np.testing.assert_allclose(found["heart_rate"], 72, atol=1)
    assert {"respiration", "respiration_volume"} < set(found)
    mean_of_volume = (np.cos(0.5 * np.pi * np.arange(17) * 2) - np.cos(0.5 * np.pi * (np.arange(17) * 2 + 2))) / np.pi
    np.testing.assert_allclose(found["respiration"], mean_of_volume, atol=0.02)
    assert f"sub-01/func/{STEM}_physio.json" in store.recordings[0].sources


def test_a_channel_of_the_heart_is_kept_and_noise_is_no_heart_rate(two: Any) -> None:
    store = make(two)
    signal, sfreq = two.eeg_signal("01")[-1], two.sfreq
    own = [signal[s : s + 200].var() for s in two.onset_samples()]
    np.testing.assert_allclose(store.nuisance(0)["ecg_power"], np.log(own), rtol=1e-5)
    assert "heart_rate" not in store.nuisance(0)
    assert "channel ECG" in store.recordings[0].quality["no_heart_rate"]
    time = np.arange(len(signal)) / sfreq
    beats = np.r_[np.arange(0.3, 18, 0.8), np.arange(18.2, 36, 0.7)]
    ecg = sum(1e-3 * np.exp(-0.5 * ((time - beat) / 0.015) ** 2) for beat in beats)
    two.eeg("02", signal=np.vstack([two.eeg_signal("02")[:-1], ecg + 0.5 * signal]))
    rate = make(two, "beating").nuisance(1)["heart_rate"]
    np.testing.assert_allclose(rate[:6], 75, atol=1)
    np.testing.assert_allclose(rate[-5:], 60 / 0.7, atol=1)


def test_what_cannot_be_used_is_told_and_stops_nothing(two: Any) -> None:
    events(two.root / "sub-01" / "func")
    confounds(two)
    table = two.root / "derivatives" / "fmriprep" / "sub-01" / "func" / f"{STEM}_desc-confounds_timeseries.tsv"
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n")
    (two.root / "sub-02" / "func" / "sub-02_task-rest_events.tsv").write_text("when\n3\n")
    store = make(two)
    first, second = (recording.quality["warnings"] for recording in store.recordings)
    assert any("another number of rows" in text and table.name in text for text in first)
    assert any("events cannot be read" in text for text in second)
    assert str(two.root) not in " ".join((*first, *second))
    assert "task_go_1" in store.nuisance(0)


def test_a_store_is_made_again_where_motion_has_come_since(two: Any) -> None:
    first = prepare(two.root, None, PrepareConfig(), folder=two.root.parent)
    assert prepare(two.root, None, PrepareConfig(), folder=two.root.parent).path == first.path
    confounds(two)
    again = prepare(two.root, None, PrepareConfig(), folder=two.root.parent)
    assert again.path != first.path
    assert set(MOTION) < set(again.nuisance(0))
