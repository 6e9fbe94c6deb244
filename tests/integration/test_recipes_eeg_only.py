"""Public data sets of EEG alone by their recipes: look-alikes in their own formats, prepared on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.cli.main import run
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.eeg_only.store import EegStore
from eeg2fmri.data.public.recipe import recipe, with_settings


def prepared(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[EegStore, str]:
    out = root.with_name(f"{root.name}_store")
    status = run(["prepare", str(root), str(out), "--recipe", name])
    shown = capsys.readouterr()
    assert status == 0, shown.err
    store = EegStore.open(out)
    store.verify()
    return store, " ".join(shown.out.split())


def test_alzheimer(tmp_path: Path, lookalikes: Any, written_eeg: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """EEGLAB files with old electrode names, copies under derivatives, a third group that is not used."""
    root = lookalikes.alzheimer(tmp_path / "ds004504", {"001": "A", "037": "C", "066": "F"}, written_eeg)
    store, shown = prepared(root, "ds004504", capsys)
    assert "2 recordings of 2 subjects (1 C, 1 A)" in shown
    assert "left out, of no class that is kept: sub-066 (F)" in shown
    assert store.classes == ("C", "A")
    assert [(r.subject, r.label, r.source_sfreq, r.sfreq) for r in store.recordings] == [
        ("001", "A", 500.0, 250.0),
        ("037", "C", 500.0, 250.0),
    ]
    new = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
    assert store.electrodes == tuple(new.get(name, name) for name in lookalikes.TEN_TWENTY)
    assert not np.isnan(store.positions).any()
    signal = lookalikes.noise("sub-001_task-eyesclosed", lookalikes.TEN_TWENTY, 3000)
    ours = np.abs(np.fft.rfft(store.signal(0)))[:, 12:600]
    np.testing.assert_allclose(ours, np.abs(np.fft.rfft(signal))[:, 12:600] / 2, rtol=0.1, atol=2e-5)


def test_parkinson(tmp_path: Path, lookalikes: Any, written_eeg: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """BDF whose external channels are called EEG; the groups are told by sessions, one of which is not used."""
    root = lookalikes.parkinson(tmp_path / "ds002778", ["1", "2"], ["3"], written_eeg)
    header = root / "sub-pd3/ses-off/eeg/sub-pd3_ses-off_task-rest_eeg.bdf"
    raw = read_raw(header)
    assert (len(raw.ch_names), raw.info["sfreq"], raw.get_channel_types()[-1]) == (41, 512, "stim")
    assert "EXG1" in electrode_names(raw)  # what the table says; the recipe knows better
    store, shown = prepared(root, "parkinson", capsys)
    assert store.electrodes == tuple(lookalikes.BIOSEMI_32)
    assert [(r.id, r.label) for r in store.recordings] == [
        ("sub-hc1_ses-hc_task-rest", "hc"),
        ("sub-hc2_ses-hc_task-rest", "hc"),
        ("sub-pd3_ses-off_task-rest", "off"),
    ]
    assert store.classes == ("hc", "off")
    assert "3 subjects (2 hc, 1 off)" in shown
    assert "left out, of no class that is kept: sub-pd3_ses-on_task-rest_eeg.bdf (on)" in shown
    signal = lookalikes.noise("sub-pd3_ses-off_task-rest", lookalikes.BIOSEMI_32, 3072)
    assert np.std(store.signal(2)) == pytest.approx(np.std(signal) * np.sqrt(250 / 512), rel=0.1)
    assert "advise against classifying patients against controls" in recipe("ds002778").advice
    with pytest.raises(ConfigError, match="EEG alone"):
        with_settings("parkinson", {})


def test_schizophrenia(tmp_path: Path, lookalikes: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """BrainVision with BioSemi's names, some of which mean another place in the 10-05 system; two tasks."""
    root = lookalikes.schizophrenia(tmp_path / "ds004000", {"001": "HC", "042": "P"})
    assert "DataFile=019_R1.eeg" in (root / "sub-042/eeg/sub-042_task-responder_run-1_eeg.vhdr").read_text()
    store, _ = prepared(root, "schizophrenia", capsys)
    assert store.electrodes == tuple(lookalikes.BIOSEMI_128)
    assert [(r.subject, r.task, r.label) for r in store.recordings] == [
        (subject, task, label) for subject, label in (("001", "HC"), ("042", "P")) for task in ("proposer", "responder")
    ]
    assert store.recordings[0].source_sfreq == 2048
    # BioSemi's A1 is at the top of the head, the 10-05 system's is an ear lobe
    assert not np.isnan(store.positions).any()
    assert store.positions[0, 2] == pytest.approx(store.positions[:, 2].max(), abs=1e-3)
    signal = lookalikes.noise("sub-042_task-responder_run-1", lookalikes.BIOSEMI_128, 6144)
    ours = np.abs(np.fft.rfft(store.signal(3)))[:, 12:250]
    np.testing.assert_allclose(ours, np.abs(np.fft.rfft(signal))[:, 12:250] * 250 / 2048, rtol=0.1, atol=2e-5)


def test_names_of_two_systems_are_refused(tmp_path: Path, lookalikes: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside a name of the 10-05 system alone, a C3 may be that of BioSemi or another place."""
    root = lookalikes.schizophrenia(tmp_path / "ds004000", {"001": "HC", "002": "P"}, seconds=1)
    for file in (*root.rglob("*.vhdr"), *root.rglob("*electrodes.tsv")):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("=C29,", "=Fp1,").replace("\nC29\t", "\nFp1\t"), encoding="utf-8")
    arguments = ["prepare", str(root), str(tmp_path / "store"), "--recipe", "schizophrenia"]
    assert run(arguments) == 1
    told = capsys.readouterr().err
    assert "names of two systems" in told
    assert "Fp1 of the 10-05 system only; A1, A2, C1, C3, C4 and 2 more at another place in biosemi128" in told
    assert "set montage: auto" in told
    assert not (tmp_path / "store").exists()
    (tmp_path / "auto.yaml").write_text("montage: auto\n")
    assert run([*arguments, "--config", str(tmp_path / "auto.yaml")]) == 0
    store = EegStore.open(tmp_path / "store")
    assert store.positions[store.electrodes.index("C3"), 0] < -0.04  # left, that of the 10-05 system
    assert np.isnan(store.positions[store.electrodes.index("D31")]).all()


def test_another_column_of_labels(tmp_path: Path, lookalikes: Any, capsys: pytest.CaptureFixture[str]) -> None:
    root = lookalikes.schizophrenia(tmp_path / "ds004000", {"001": "HC", "002": "SZ"}, seconds=1)
    table = root / "participants.tsv"
    table.write_text(table.read_text().replace("group", "diagnosis"))
    arguments = ["prepare", str(root), str(tmp_path / "store"), "--recipe", "ds004000"]
    assert run(arguments) == 1
    told = capsys.readouterr().err
    assert "participants.tsv lacks a column" in told
    assert "--label" in told
    assert run([*arguments, "--label", "diagnosis"]) == 0
    store = EegStore.open(tmp_path / "store")
    assert (store.classes, store.config.montage) == (("HC", "SZ"), "biosemi128")
