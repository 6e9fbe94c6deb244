"""Physiological recordings of BIDS."""

import gzip
import json

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.physio import physio_files, read_physio


def _write(folder, name, columns, table, **facts):
    facts = {"SamplingFrequency": 10.0, "StartTime": -1.5, "Columns": columns} | facts
    (folder / f"{name}_physio.json").write_text(json.dumps(facts))
    text = "\n".join("\t".join("n/a" if np.isnan(v) else f"{v:g}" for v in row) for row in table)
    with gzip.open(folder / f"{name}_physio.tsv.gz", "wt") as stream:
        stream.write(text + "\n")
    return folder / f"{name}_physio.tsv.gz"


def test_files_are_those_of_the_run_alone(tmp_path):
    table = np.zeros((4, 1))
    for name in ("sub-1_task-x_run-1", "sub-1_task-x_run-1_recording-belt", "sub-1_task-x_run-2", "sub-1_task-y_run-1"):
        _write(tmp_path, name, ["cardiac"], table)
    found = physio_files(tmp_path / "sub-1_task-x_run-1_bold.nii.gz")
    assert [file.name.split("_physio")[0] for file in found] == [
        "sub-1_task-x_run-1",
        "sub-1_task-x_run-1_recording-belt",
    ]


def test_signals_are_known_by_their_columns_and_gaps_are_filled(tmp_path):
    time = np.arange(100.0)
    table = np.stack([np.sin(time), np.cos(time), time % 20], axis=1)
    table[10, 1] = np.nan
    signals = read_physio(_write(tmp_path, "sub-1", ["cardiac", "respiratory", "trigger"], table))
    assert [signal.kind for signal in signals] == ["pulse", "respiration"]
    assert signals[0].start == -1.5
    assert signals[0].sfreq == 10
    assert signals[1].values[10] == pytest.approx((np.cos(9) + np.cos(11)) / 2, abs=1e-4)


def test_a_flat_signal_is_left_out(tmp_path):
    assert read_physio(_write(tmp_path, "sub-1", ["cardiac"], np.ones((100, 1)))) == []


@pytest.mark.parametrize("wrong", [{"Columns": ["cardiac", "belt"]}, {"SamplingFrequency": 0}, {"StartTime": "soon"}])
def test_a_sidecar_that_does_not_fit_is_refused(tmp_path, wrong):
    file = _write(tmp_path, "sub-1", ["cardiac"], np.random.default_rng(0).random((50, 1)), **wrong)
    with pytest.raises(InputError, match="physiological"):
        read_physio(file)


def test_a_damaged_file_is_refused(tmp_path):
    file = _write(tmp_path, "sub-1", ["cardiac"], np.random.default_rng(0).random((50, 1)))
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(InputError, match="physiological"):
        read_physio(file)
