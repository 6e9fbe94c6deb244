"""Controls of an evaluation in its files."""

import json

from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.results.scores.evaluation import Evaluation


def test_an_evaluation_writes_them_and_reads_them_again(small_run, small_store):
    evaluation = evaluate_run(small_run, small_store.path)
    scores = json.loads((small_run / "evaluation" / "scores.json").read_text())
    written = scores["controls"]
    names = [row["name"] for row in written["rows"]]
    assert names[:4] == ["other_subject", "displaced", "constant", "motion"]
    assert len(names) == len(set(names)) == 14
    motion = next(row for row in written["rows"] if row["name"] == "motion")
    assert not motion["available"]
    assert "fMRIPrep" in motion["reason"]
    constant = next(row for row in written["rows"] if row["name"] == "constant")
    assert constant["score"] == 0
    again = Evaluation.read(small_run / "evaluation").controls
    assert again is not None
    assert again.to_dict() == evaluation.controls.to_dict() == written
    assert set(again.p_values) == set(scores["test_recordings"])
