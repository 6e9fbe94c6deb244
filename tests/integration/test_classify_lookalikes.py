"""Look-alikes of public data sets of EEG alone, from their own formats to a classification on the command line.

19 channels in EEGLAB files, 41 in BDF, 132 in BrainVision: electrodes by name, the others interpolated.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.cli.main import run
from eeg2fmri.core.random import generator

#: Windows of 6 s: two of each recording.
SECONDS = 13.0
SETTINGS = {
    "folds": 2,
    "inner_folds": 0,
    "refits": 0,
    "bootstraps": 20,
    "permutations": 20,
    "explain_windows": 1,
    "methods": ["view", "band power", "majority"],
    "view": {"penalty_factors": [0.0001], "training": {"epochs": 1, "pairs": 4}},
}


def alpha_of(loud: set[str]):
    """Give noise, and 10 Hz in every electrode, three times as strong in the subjects named."""

    def signal(name: str, channels: list[str], n_samples: int) -> np.ndarray:
        rng = generator(1, "look-alike", name)
        strong = name.split("_")[0].removeprefix("sub-") in loud
        t = np.arange(n_samples) / n_samples * SECONDS
        phases = rng.uniform(0, 2 * np.pi, (len(channels), 1))
        alpha = np.cos(2 * np.pi * 10 * t + phases) * (3.0 if strong else 1.0)
        return 1e-5 * (alpha + rng.standard_normal((len(channels), n_samples)))

    return signal


@pytest.mark.parametrize(
    ("name", "channels", "classes", "rate", "recorded"),
    [
        ("alzheimer", 19, ["C", "A"], 500, 19),
        ("parkinson", 41, ["hc", "off"], 512, 32),
        ("schizophrenia", 132, ["HC", "SZ"], 2048, 128),
    ],
)
def test_a_public_data_set_is_classified(
    name: str,
    channels: int,
    classes: list[str],
    rate: int,
    recorded: int,
    tmp_path: Path,
    small_run: Path,
    lookalikes: Any,
    written_eeg: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Signals with more alpha in the second class: the EEG tells the classes apart, so the way there is right."""
    make, root = getattr(lookalikes, name), tmp_path / name
    if name == "alzheimer":
        groups = {"001": "A", "002": "A", "037": "C", "038": "C", "066": "F"}
        make(root, groups, written_eeg, signal=alpha_of({"001", "002"}), seconds=SECONDS)
    elif name == "parkinson":
        make(root, ["1", "2"], ["3", "5"], written_eeg, signal=alpha_of({"pd3", "pd5"}), seconds=SECONDS)
    else:
        groups = {"001": "HC", "002": "HC", "003": "SZ", "004": "SZ"}
        make(root, groups, signal=alpha_of({"003", "004"}), seconds=SECONDS)
    names = "*_electrodes.tsv" if name == "schizophrenia" else "*_channels.tsv"
    table = next(root.rglob(names)).read_text(encoding="utf-8").strip().splitlines()
    assert len(table) - 1 == channels
    (tmp_path / "classify.json").write_text(json.dumps(SETTINGS))
    store, result = tmp_path / "store", tmp_path / "result"
    assert run(["prepare", str(root), str(store), "--recipe", name]) == 0, capsys.readouterr().err
    config = ["--config", str(tmp_path / "classify.json")]
    assert run(["classify", str(small_run), str(store), str(result), *config]) == 0, capsys.readouterr().err

    scores = json.loads((result / "scores.json").read_text())
    assert scores["classes"] == classes
    assert set(scores["subjects_by_class"].values()) == {2}
    assert scores["methods"]["band power"]["subject"]["auc"]["value"] == 1.0
    assert scores["windows"] == (16 if name == "schizophrenia" else 8)  # two tasks a subject there
    notes = " ".join(scores["notes"])
    assert f"EEG recorded at {rate} Hz" in notes
    assert "of the 12 electrodes of the synthesiser were recorded" in notes or "All 12 electrodes" in notes
    if name == "schizophrenia":
        # names of the cap mean other places than the 10-05 system's, but C2, which is a centimetre away in both
        assert "1 of the 12 electrodes" in notes
    rows = list(csv.DictReader((result / "subjects.csv").read_text().splitlines()))
    assert len({row["subject"] for row in rows}) == 4
    manifest = json.loads((store / "manifest.json").read_text())
    assert len(manifest["electrodes"]) == recorded
    assert (result / "explanation" / f"class-{classes[1]}_desc-view_relevance.nii.gz").exists()
    assert not (result / "explanation" / "truth.json").exists()  # nothing is known of these
